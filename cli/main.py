"""The `sluice` command. A command's module is imported when it is called: all of them take over a second."""

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Entry(NamedTuple):
    """A command that is not imported yet: where its function, or its group of commands, is; and its help."""

    where: str
    help: str


COMMANDS = {
    "init": Entry(
        "cli.init:init",
        "Write a fresh workspace: a source, a destination, and a sync that sends every event to it.",
    ),
    "check": Entry(
        "cli.check:check",
        "Check the workspace: every problem at once, with file, line and a hint.",
    ),
    "build": Entry(
        "cli.build:build",
        "Compile the workspace into its layer, which `sam deploy` then uploads.",
    ),
    "template": Entry(
        "cli.template:template",
        "Keep the list of syncs in template.yaml equal to the workspace.",
    ),
    "doctor": Entry(
        "cli.doctor.commands:doctor",
        "Find what would make a deploy fail, or a stack not work, before it does. Changes nothing.",
    ),
    "schema": Entry(
        "cli.schema:schema",
        "Keep the JSON Schemas of the workspace's files equal to what `sluice check` takes.",
    ),
    "preview": Entry(
        "cli.preview.command:preview",
        "Show what a sync makes of an event: what contract and functions leave of it, which event "
        "types take it, its fields, the requests.",
    ),
    "status": Entry(
        "cli.status.commands:status",
        "What came in, what became of it and what waits: by source and sync. A dash means: not measured.",
    ),
    "tail": Entry(
        "cli.tail.command:tail",
        "Show the last events of the sources with verdict and reasons, then those that come: a sample"
        " of all.",
    ),
    "trace": Entry(
        "cli.trace.command:trace",
        "Tell the life of one event: how it was judged, each sync, each attempt, and where it is now.",
    ),
    "replay": Entry(
        "cli.replay.commands:replay",
        "Send events of the archive once more: through the router, or dead letters straight to their syncs.",
    ),
    "cost": Entry(
        "cli.cost.commands:cost",
        "What the last day cost and a month at that rate costs, hop by hop; and with nothing sent.",
    ),
    "dlq": Entry("cli.dlq.commands:app", "Dead letters: list, show, edit, redrive, export."),
    "keys": Entry("cli.keys:app", "Write keys: create, revoke, list."),
    "privacy": Entry("cli.privacy:app", "Suppressed users: suppress, unsuppress, list."),
    "sync": Entry("cli.sync_group:app", "Syncs: begin, pause, resume, probe."),
    "contracts": Entry("cli.contracts:app", "Draft a contract from events, and try a changed one on them."),
    "functions": Entry("cli.functions.command:functions_app", "Event functions."),
    "local": Entry(
        "cli.local.commands:local_app",
        "Sluice on this machine: the same template on an embedded AWS.",
    ),
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
    """Lists every command by its entry, and imports the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands.update({name: TyperCommand(name, help=entry.help) for name, entry in COMMANDS.items()})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, entry, rest = super().resolve_command(ctx, args)
        return name, entry and load_command(name or ""), rest


def load_command(name: str) -> Any:
    """The command of this name, of those in COMMANDS."""
    module, _, attribute = COMMANDS[name].where.partition(":")
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
