"""`sluice check`: everything that is wrong with a workspace, before anything is deployed."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.local.overlay import is_development_key_digest
from cli.options import WorkspaceOption
from cli.plain_http import find_plain_http
from cli.problems import describe_problem, print_problems
from cli.resources import check_room, read_resources
from cli.samconfig import DEFAULT_ENVIRONMENT
from cli.sync_pause import find_paused_warnings
from cli.workspace_files import WorkspaceFolder, locate, read_workspace
from sluice.destinations.declaration import CUSTOM_EVENT
from sluice.errors import WorkspaceError
from sluice.workspace.contract_errors import find_contract_warnings
from sluice.workspace.event_types import find_declaration, has_custom_event
from sluice.workspace.field_warnings import find_field_warnings
from sluice.workspace.privacy import find_source_warnings
from sluice.workspace.problems import Fault, Problem
from sluice.workspace.secret_warnings import find_secret_warnings

TEMPLATE = Path("template.yaml")


def check(
    workspace: WorkspaceOption,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
    config_env: Annotated[
        str,
        typer.Option("--config-env", metavar="NAME", help="The environment of samconfig.toml to deploy."),
    ] = DEFAULT_ENVIRONMENT,
) -> None:
    """Check the workspace: every problem at once, with file, line and a hint."""
    folder = read_workspace(workspace)
    errors = [*folder.errors, *find_development_keys(folder), *find_crowding(folder)]
    errors += find_plain_http(folder, environment=config_env)
    warnings = [*find_warnings(folder), *find_paused_warnings(folder)]
    if as_json:
        typer.echo(
            json.dumps(
                [describe_problem("error", e) for e in errors]
                + [describe_problem("warning", w) for w in warnings]
            )
        )
    else:
        print_problems(errors, warnings)
    if errors:
        raise typer.Exit(1)
    if not as_json:
        found = folder.workspace
        sizes = {
            "source": len(found.sources),
            "destination": len(found.destinations),
            "sync": len(found.syncs),
        }
        counts = ", ".join(f"{size} {word}{'' if size == 1 else 's'}" for word, size in sizes.items())
        typer.echo(f"{workspace}: {counts}, no problems")


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


def find_crowding(folder: WorkspaceFolder, template: Path = TEMPLATE) -> Iterator[WorkspaceError]:
    """More syncs than one stack has room for; nothing is said where the template is not at hand."""
    if template.is_file():
        try:
            check_room(read_resources(template.read_text("utf-8")), len(folder.workspace.syncs))
        except WorkspaceError as error:
            yield WorkspaceError(error.message, file=str(folder.root / "syncs"), hint=error.hint)


def find_warnings(folder: WorkspaceFolder) -> list[WorkspaceError]:
    """What is allowed and probably not meant."""
    found = folder.workspace
    faults = [
        *_tell("contracts", found.contracts, find_contract_warnings),
        *_tell("destinations", found.destinations, find_secret_warnings),
        *_tell("syncs", found.syncs, find_field_warnings),
    ]
    located = [locate(folder, problem) for problem in faults]
    return [*located, *_find_privacy_warnings(folder), *_find_unsent(folder)]


def _tell[Part](
    kind: str, parts: Mapping[str, Part], find: Callable[[Part], Iterable[Fault]]
) -> Iterator[Problem]:
    for slug, part in parts.items():
        for fault in find(part):
            yield Problem(f"{kind}/{slug}", *fault)


def _find_privacy_warnings(folder: WorkspaceFolder) -> Iterator[WorkspaceError]:
    found = folder.workspace
    for slug, source in found.sources.items():
        targets = {sync.destination for sync in found.syncs.values() if sync.source == slug}
        destinations = [found.destinations[name] for name in targets if name in found.destinations]
        for fault in find_source_warnings(source, destinations):
            yield locate(folder, Problem(f"sources/{slug}", *fault))


def _find_unsent(folder: WorkspaceFolder) -> list[WorkspaceError]:
    """Syncs that leave events out unseen."""
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
