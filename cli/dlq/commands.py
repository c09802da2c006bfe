"""The commands of `sluice dlq`."""

import typer

from cli.dlq.editing import edit
from cli.dlq.looking import export, list_letters, show
from cli.dlq.redriving import redrive_letters

app = typer.Typer(no_args_is_help=True, help="Dead letters: list, show, edit, redrive, export.")
app.command("list")(list_letters)
app.command()(show)
app.command("redrive")(redrive_letters)
app.command()(export)
app.command()(edit)
