"""The `sluice` command. A command's module is imported when it is called: all of them take a second."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# By name: the module, and what it has: a function, or a group of commands.
COMMANDS = {
    "init": "cli.init:init",
    "check": "cli.check:check",
    "build": "cli.build:build",
    "template": "cli.template:template",
    "doctor": "cli.doctor.commands:doctor",
    "schema": "cli.schema:schema",
    "preview": "cli.preview.command:preview",
    "status": "cli.status.commands:status",
    "tail": "cli.tail.command:tail",
    "trace": "cli.trace.command:trace",
    "replay": "cli.replay.commands:replay",
    "cost": "cli.cost.commands:cost",
    "dlq": "cli.dlq.commands:app",
    "keys": "cli.keys:app",
    "privacy": "cli.privacy:app",
    "sync": "cli.sync_group:app",
    "contracts": "cli.contracts:app",
    "functions": "cli.functions.command:functions_app",
    "local": "cli.local.commands:local_app",
}


class InterruptibleGroup(TyperGroup):
    """Ctrl-C at a question exits like Ctrl-C anywhere else, with 130."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.Abort as abort:
            if isinstance(abort.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from abort
            raise


class Commands(InterruptibleGroup):
    """Imports what is called."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        return load_command(cmd_name) if cmd_name in COMMANDS else None


def load_command(name: str) -> Any:
    """The command of this name, of those in COMMANDS."""
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(module), attribute)
    parent = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_show_locals=False)
    parent.callback()(sluice)
    if isinstance(found, typer.Typer):
        parent.add_typer(found, name=name)
    else:
        parent.command(name)(found)
    group: Any = typer.main.get_command(parent)
    return group.commands[name]


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Sluice: a customer-event pipeline in your own AWS account.",
)


@app.callback()
def sluice() -> None:
    """Sluice: a customer-event pipeline in your own AWS account."""
