"""`sluice check`: everything that is wrong with a workspace, before anything is deployed."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.local.overlay import is_development_key_digest
from cli.options import WorkspaceOption
from cli.workspace_files import WorkspaceFolder, locate, read_workspace
from sluice.destinations.declaration import CUSTOM_EVENT
from sluice.errors import WorkspaceError
from sluice.workspace.event_types import find_declaration, has_custom_event
from sluice.workspace.problems import Problem

INDENT = "\n        "  # so that a template's caret stays below what it points at


def check(
    workspace: WorkspaceOption,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Check the workspace: every problem at once, with file, line and a hint."""
    folder = read_workspace(workspace)
    errors = [*folder.errors, *find_development_keys(folder)]
    warnings = list(find_warnings(folder))
    if as_json:
        typer.echo(
            json.dumps([_to_json("error", e) for e in errors] + [_to_json("warning", w) for w in warnings])
        )
    else:
        print_problems(errors, warnings)
    if errors:
        raise typer.Exit(1)
    if not as_json:
        found = folder.workspace
        counts = (
            f"{len(found.sources)} sources, {len(found.destinations)} destinations, {len(found.syncs)} syncs"
        )
        typer.echo(f"{workspace}: {counts}, no problems")


def print_problems(errors: list[WorkspaceError], warnings: list[WorkspaceError]) -> None:
    """One block a problem on standard error, as compilers print them."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for kind, style, found in (("error", "red", errors), ("warning", "yellow", warnings)):
        for problem in found:
            place = (
                f"{_relative(problem.file)}:{problem.line}:{problem.column}" if problem.line else problem.file
            )
            console.print(f"{escape(place)}: [{style}]{kind}[/]: ", end="")
            console.print(problem.message, markup=False)
            if problem.hint:
                console.print(f"  hint: {problem.hint.replace('\n', INDENT)}", markup=False)


def find_development_keys(folder: WorkspaceFolder) -> list[WorkspaceError]:
    """The development keys of the local stack, which everybody knows, have no place in a workspace."""
    return [
        locate(
            folder,
            Problem(
                f"sources/{slug}",
                ("keys", n, "sha256"),
                "this is the development key of the local stack, which everybody knows",
                f"remove it; make a key of your own with: sluice keys create --source {slug}",
            ),
        )
        for slug, source in folder.workspace.sources.items()
        for n, key in enumerate(source.keys)
        if is_development_key_digest(key.sha256)
    ]


def find_warnings(folder: WorkspaceFolder) -> list[WorkspaceError]:
    """What is allowed and probably not meant."""
    return [
        locate(
            folder,
            Problem(
                f"syncs/{slug}",
                ("event_types",),
                "no custom_event: events that match no event type are not sent",
                "add `- type: custom_event` without a filter to send the rest",
            ),
        )
        for slug, sync in folder.workspace.syncs.items()
        if all(event_type.type not in {CUSTOM_EVENT, ""} for event_type in sync.event_types)
        and (declaration := find_declaration(folder.workspace.destinations.get(sync.destination)))
        and has_custom_event(declaration)
    ]


def _relative(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _to_json(kind: str, problem: WorkspaceError) -> dict[str, object]:
    return {
        "kind": kind,
        "file": _relative(problem.file),
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }
