"""`sluice sync new`: the file of a sync, written from what its destination declares."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_WORKSPACE, WorkspaceOption
from cli.schema import name_schema
from cli.sync_skeleton import render_sync
from cli.workspace_files import SUFFIXES, WorkspaceFolder, read_workspace
from sluice.destinations.declaration import CUSTOM_EVENT, Declaration
from sluice.workspace.event_types import find_declaration, has_custom_event
from sluice.workspace.models import is_event_type
from sluice.workspace.names import is_slug, pascal_name
from sluice.workspace.problems import offer

app = typer.Typer(no_args_is_help=True, help="Syncs: begin, pause, resume, probe.")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The sync's name: purchases-to-crm.")],
    source: Annotated[str, typer.Option("--source", "-s", help="Where the events come from.")],
    destination: Annotated[str, typer.Option("--destination", "-d", help="Where they go.")],
    workspace: WorkspaceOption,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", "-t", help="An event type; may be repeated. Without it: all that are declared."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over the file of that name.")] = False,
) -> None:
    """Write syncs/NAME.yaml with all that the destination declares: every field, required ones first.

    It writes YAML only. A workspace's file may be JSON as well, with the same keys and no comments.
    """
    folder = read_workspace(workspace)
    _check_name(name, folder)
    _check_known("source", source, folder)
    declaration = _find_declaration(destination, folder)
    names = list(dict.fromkeys(types or sorted(declaration.event_types, key=CUSTOM_EVENT.__eq__)))
    _check_types(names, declaration)
    path = _choose_path(workspace, name, force=force)
    text = name_schema(path, "sync.json") + render_sync(source, destination, declaration, names)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise _fail(f"{path} cannot be written: {error}") from error
    typer.echo(f"wrote {path}: {', '.join(names)}")
    if CUSTOM_EVENT not in names and has_custom_event(declaration):
        typer.echo("Events that match no event type are not sent: `- type: custom_event` sends the rest.")
    where = "" if workspace == DEFAULT_WORKSPACE else f" --workspace {workspace}"
    typer.echo(
        "Next: change its filters and mappings, then\n"
        f"  sluice check{where}\n"
        f"  sluice preview --sync {name} --event FILE{where}\n"
        f"  sluice template --write{where}"
    )


def _check_name(name: str, folder: WorkspaceFolder) -> None:
    if not is_slug(name):
        hint = "at most 40 lower-case letters, digits and single hyphens: purchases-to-crm"
        raise _fail(f"{name!r} is not a valid name", hint)
    for other in folder.workspace.syncs:
        if other != name and pascal_name(other) == pascal_name(name):
            raise _fail(f"syncs {other} and {name} would share a resource name", "choose another name")


def _check_known(kind: str, name: str, folder: WorkspaceFolder) -> None:
    """Whether the workspace has a file for it, whatever is in it."""
    known = sorted(part.partition("/")[2] for part in folder.files if part.startswith(f"{kind}s/"))
    if name not in known:
        raise _fail(f"there is no {kind} {name} in {folder.root}", offer(name, known, "there are"))


def _find_declaration(destination: str, folder: WorkspaceFolder) -> Declaration[Any]:
    _check_known("destination", destination, folder)
    declaration = find_declaration(folder.workspace.destinations.get(destination))
    if declaration is None:
        file = folder.files[f"destinations/{destination}"].path
        raise _fail(f"{file} does not say what kind of destination it is", "`sluice check` says why")
    return declaration


def _check_types(names: Iterable[str], declaration: Declaration[Any]) -> None:
    for name in names:
        if name in declaration.event_types:
            continue
        if not declaration.any_event_type:
            hint = offer(name, declaration.event_types, "it has")
            raise _fail(f"{declaration.kind} has no event type {name}", hint)
        if not is_event_type(name):
            hint = "lower-case letters, digits and underscores: track_purchase"
            raise _fail(f"{name!r} is not a name of an event type", hint)


def _choose_path(workspace: Path, name: str, *, force: bool) -> Path:
    path = workspace / "syncs" / f"{name}.yaml"
    for other in (path.with_suffix(suffix) for suffix in SUFFIXES):
        if other.exists() and not (force and other == path):
            hint = "--force writes over it" if other == path else "remove it, or choose another name"
            raise _fail(f"{other} is there already: nothing was written", hint)
    return path


def _fail(message: str, hint: str = "") -> typer.Exit:
    typer.echo(f"error: {message}", err=True)
    if hint:
        typer.echo(f"  hint: {hint}", err=True)
    return typer.Exit(1)
