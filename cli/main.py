"""The `sluice` command."""

import typer

from cli import keys, sync
from cli.build import build
from cli.check import check
from cli.init import init
from cli.local.commands import local_app
from cli.preview.command import preview
from cli.schema import schema
from cli.template import template

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Sluice: a customer-event pipeline in your own AWS account.",
)
app.command()(init)
app.command()(check)
app.command()(build)
app.command()(template)
app.command()(schema)
app.command()(preview)
app.add_typer(keys.app, name="keys")
app.add_typer(sync.app, name="sync")
app.add_typer(local_app, name="local")
