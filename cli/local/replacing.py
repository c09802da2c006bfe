"""Another workspace on a stack that runs: it takes the place of the one that is there."""

import sys
from pathlib import Path

import typer

from cli.local.errors import LocalStackError, shorten_path
from cli.local.progress import console
from cli.local.settings import LocalSettings
from cli.local.stack import is_running, read_stack_file

NOT_CONFIRMED = 2


def find_other_workspace(settings: LocalSettings) -> Path | None:
    """The workspace of the stack that runs, if it is another than the one to deploy."""
    stack = read_stack_file(settings) if is_running(settings) else None
    if stack is None:
        return None
    running = Path(stack["workspace"])
    return running if running != settings.workspace.resolve() else None


def confirm_workspace(settings: LocalSettings, *, yes: bool) -> None:
    """Says which folder is deployed. Asks before it replaces another workspace of the stack that runs.

    Where nobody can be asked, exits with 2 unless `yes`. Raises LocalStackError for a no.
    """
    wanted = shorten_path(settings.workspace.resolve())
    if (running := find_other_workspace(settings)) is not None:
        console.print(
            f"The local stack runs the workspace {shorten_path(running)}. {wanted} would replace it: "
            "syncs that it lacks end, and events in their queues are no longer delivered.",
            markup=False,
            soft_wrap=True,
        )
        if not yes and not sys.stdin.isatty():
            console.print("Nothing was changed. Add --yes (make up ARGS=--yes), or run `make down` first.")
            raise typer.Exit(NOT_CONFIRMED)
        if not yes and not typer.confirm("Replace it?"):
            raise LocalStackError("nothing was changed")
    console.print(f"workspace: {wanted}", markup=False, soft_wrap=True)
