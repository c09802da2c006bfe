"""`sluice sync pause` and `resume`: stop delivering to a destination, and go on, without a deploy.

The sync's queue keeps what arrives. The sync's file remembers, so that the next deploy keeps it as well.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.options import WorkspaceOption
from cli.stack import CommandError, StackOption, explain_failure, open_stack
from cli.workspace_files import SUFFIXES, WorkspaceFolder, dump_yaml, locate, parse_file
from cli.yaml_values import NotJson, to_plain
from sluice.errors import WorkspaceError
from sluice.times import format_time, parse_time
from sluice.workspace.models import Sync
from sluice.workspace.names import pascal_name
from sluice.workspace.problems import Problem

RETENTION_DAYS = 14  # of the syncs' queues in template.yaml; a test compares

NameArgument = Annotated[
    str, typer.Argument(metavar="SYNC", help="The sync's name, such as purchases-to-crm.")
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Only mark the file: in force after the next deploy.")
]


def pause(
    workspace: WorkspaceOption, name: NameArgument, stack: StackOption = "", offline: OfflineOption = False
) -> None:
    """Stop delivering: at once on the stack, and marked in the sync's file. Events wait 14 days at most."""
    with explain_failure():
        path, tree = _open_sync(workspace, name)
        if not offline:
            _switch(stack, name, on=False)
        since = str(tree.get("paused") or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        _mark(path, tree, since)
    when = "after the next deploy" if offline else "within a minute"
    typer.echo(f"{name} is paused {when}; what its function has begun is finished.")
    typer.echo(_tell_end(since))
    typer.echo("Run `sluice template --write` before the next deploy; it keeps the sync paused.")


def resume(
    workspace: WorkspaceOption, name: NameArgument, stack: StackOption = "", offline: OfflineOption = False
) -> None:
    """Deliver again: what waits in the queue, oldest or not, and what arrives."""
    with explain_failure():
        path, tree = _open_sync(workspace, name)
        if not offline:
            _switch(stack, name, on=True)
        _mark(path, tree, "")
    when = "after the next deploy" if offline else "within a minute"
    typer.echo(f"{name} delivers again {when}. Run `sluice template --write` before the next deploy.")


def find_paused_warnings(folder: WorkspaceFolder) -> Iterator[WorkspaceError]:
    """A warning for each sync that is paused: SQS keeps its events for 14 days and drops them silently."""
    for slug, sync in folder.workspace.syncs.items():
        if sync.paused:
            message = f"the sync is paused since {sync.paused}. {_tell_end(sync.paused)}"
            yield locate(folder, Problem(f"syncs/{slug}", ("paused",), message, f"sluice sync resume {slug}"))


def _tell_end(since: str) -> str:
    start = parse_time(since)
    end = "" if start is None else f", the first on {format_time(start + RETENTION_DAYS * 86_400)[:10]}"
    return f"Events wait in its queue, where SQS drops them after {RETENTION_DAYS} days{end}."


def _switch(stack_name: str, sync: str, *, on: bool) -> None:
    """Has Lambda take packs from the sync's queue, or leave them there."""
    stack = open_stack(stack_name)
    mapping = stack.find(f"{pascal_name(sync)}DeliveryMapping")
    stack.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=on)


def _open_sync(workspace: Path, name: str) -> tuple[Path, Any]:
    for suffix in SUFFIXES:
        path = workspace / "syncs" / f"{name}{suffix}"
        if path.is_file():
            try:
                tree = parse_file(path)
                Sync.model_validate(to_plain(tree))
            except (WorkspaceError, NotJson, ValidationError) as error:
                raise CommandError(f"{path} has problems", "sluice check says which") from error
            return path, tree
    raise CommandError(f"there is no sync {name} in {workspace / 'syncs'}")


def _mark(path: Path, tree: Any, since: str) -> None:
    if since == (tree.get("paused") or ""):
        return
    if since:
        tree["paused"] = since
    else:
        del tree["paused"]
    text = json.dumps(tree, indent=2, default=str) + "\n" if path.suffix == ".json" else dump_yaml(tree)
    path.write_text(text)
