"""The `sluice` command."""

from typing import Any

import typer
from typer.core import TyperGroup

from cli import contracts, keys, privacy, sync, sync_pause, sync_probe
from cli.build import build
from cli.check import check
from cli.cost.commands import cost
from cli.dlq.commands import app as dlq_app
from cli.doctor.commands import doctor
from cli.functions.command import functions_app
from cli.init import init
from cli.local.commands import local_app
from cli.preview.command import preview
from cli.replay.commands import replay
from cli.schema import schema
from cli.status.commands import status
from cli.tail.command import tail
from cli.template import template
from cli.trace.command import trace


class InterruptibleGroup(TyperGroup):
    """Ctrl-C at a question exits like Ctrl-C anywhere else, with 130."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.Abort as abort:
            if isinstance(abort.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from abort
            raise


app = typer.Typer(
    cls=InterruptibleGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Sluice: a customer-event pipeline in your own AWS account.",
)
app.command()(init)
app.command()(check)
app.command()(build)
app.command()(template)
app.command()(doctor)
app.command()(schema)
app.command()(preview)
app.command()(status)
app.command()(tail)
app.command()(trace)
app.command()(replay)
app.command()(cost)
app.add_typer(dlq_app, name="dlq")
app.add_typer(keys.app, name="keys")
app.add_typer(privacy.app, name="privacy")
app.add_typer(sync.app, name="sync")
app.add_typer(contracts.app, name="contracts")
app.add_typer(functions_app, name="functions")
sync.app.command()(sync_pause.pause)
sync.app.command()(sync_pause.resume)
sync.app.command()(sync_probe.probe)
app.add_typer(local_app, name="local")
