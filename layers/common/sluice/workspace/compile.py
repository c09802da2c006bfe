"""From the workspace's files to the one JSON object that the functions load."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import ValidationError

from sluice.destinations import load_declaration
from sluice.destinations.declaration import Declaration
from sluice.errors import WorkspaceError
from sluice.filters import compile_filter
from sluice.mapping import find_mapping_errors
from sluice.workspace.event_types import (
    find_declaration,
    find_declared,
    find_faults,
    resolve_filter,
    resolve_mappings,
)
from sluice.workspace.models import Destination, EventType, Source, Sync
from sluice.workspace.names import pascal_name

VERSION = 1


@dataclass(slots=True)
class Problem:
    """One thing that is wrong: in which part of the workspace, at which place in it, and what to do."""

    part: str  # "syncs/purchases-to-crm"
    place: tuple[str | int, ...]
    message: str
    hint: str = ""


@dataclass(slots=True)
class Workspace:
    """All files of a workspace by slug, each valid by itself."""

    sources: dict[str, Source] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)
    syncs: dict[str, Sync] = field(default_factory=dict)


def find_problems(workspace: Workspace) -> list[Problem]:
    """Everything wrong between the files, or inside a filter, a mapping or a destination's settings."""
    problems = []
    names: dict[str, str] = {}
    for slug, destination in workspace.destinations.items():
        problems += _check_settings(f"destinations/{slug}", destination)
    digests: dict[str, str] = {}
    for slug, source in workspace.sources.items():
        for n, key in enumerate(source.keys):
            owner = digests.setdefault(key.sha256, slug)
            if owner != slug:
                place = ("keys", n, "sha256")
                problems.append(Problem(f"sources/{slug}", place, f"source {owner} has this key too"))
    for slug, sync in workspace.syncs.items():
        part = f"syncs/{slug}"
        if names.setdefault(pascal_name(slug), slug) != slug:
            problems.append(
                Problem(part, (), f"syncs {names[pascal_name(slug)]} and {slug} share a resource name")
            )
        if sync.source not in workspace.sources:
            problems.append(
                Problem(part, ("source",), f"there is no source {sync.source}", _offer(workspace.sources))
            )
        if sync.destination not in workspace.destinations:
            message = f"there is no destination {sync.destination}"
            problems.append(Problem(part, ("destination",), message, _offer(workspace.destinations)))
        declaration = find_declaration(workspace.destinations.get(sync.destination))
        for n, event_type in enumerate(sync.event_types):
            problems += _check_event_type(part, n, event_type, declaration)
    return problems


def compile_workspace(workspace: Workspace) -> dict[str, Any]:
    """What the functions load. The workspace must have no problems. The same files give the same digest."""
    compiled = {
        "sources": {slug: _compile_source(source) for slug, source in sorted(workspace.sources.items())},
        "destinations": {slug: _compile_destination(d) for slug, d in sorted(workspace.destinations.items())},
        "syncs": {
            slug: _compile_sync(slug, sync, workspace) for slug, sync in sorted(workspace.syncs.items())
        },
    }
    return {"v": VERSION, "digest": digest_workspace(compiled), **compiled}


def digest_workspace(compiled: Mapping[str, Any]) -> str:
    """Twelve hex digits that stand for a configuration: archive lines name the one that decided."""
    parts = {name: compiled[name] for name in ("sources", "destinations", "syncs")}
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def _check_settings(part: str, destination: Destination) -> list[Problem]:
    try:
        kind = load_declaration(destination.kind)
        kind.settings.model_validate(destination.settings)
    except WorkspaceError as error:
        return [Problem(part, ("kind",), error.message, error.hint)]
    except ValidationError as error:
        return [
            Problem(part, ("settings", *item["loc"]), item["msg"].removeprefix("Value error, "))
            for item in error.errors()
        ]
    return []


def _check_event_type(
    part: str, n: int, event_type: EventType, declaration: Declaration[Any] | None
) -> list[Problem]:
    declared, here = find_declared(event_type, declaration), ("event_types", n)
    problems = [
        Problem(part, (*here, *place), message, hint)
        for place, message, hint in find_faults(event_type, declaration)
    ]
    try:
        compile_filter(resolve_filter(event_type, declared))
    except WorkspaceError as error:
        problems.append(Problem(part, (*here, "filter"), error.message, error.hint))
    for wrong in find_mapping_errors(resolve_mappings(event_type, declared) or {}):
        where = f"line {wrong.line}, column {wrong.column}: " if wrong.line else ""
        problems.append(Problem(part, (*here, "mappings", *wrong.place), where + wrong.message, wrong.hint))
    return problems


def _compile_source(source: Source) -> dict[str, Any]:
    keys = [{"id": k.id, "sha256": k.sha256, "revoked": bool(k.revoked)} for k in source.keys]
    return {"keys": keys, "collect_ip": source.collect_ip, "dedup": source.dedup}


def _compile_destination(destination: Destination) -> dict[str, Any]:
    """The settings as the operator wrote them: whoever loads them validates, which fills in the defaults."""
    return {"kind": destination.kind, "settings": destination.settings}


def _compile_sync(slug: str, sync: Sync, workspace: Workspace) -> dict[str, Any]:
    """The sync with its destination's defaults written out, so that router and delivery look nothing up."""
    declaration = find_declaration(workspace.destinations.get(sync.destination))
    return {
        "name": pascal_name(slug),
        "source": sync.source,
        "destination": sync.destination,
        "retired": sync.retired,
        "event_types": [_compile_event_type(event_type, declaration) for event_type in sync.event_types],
        "retry": sync.retry.model_dump(by_alias=True),
        "batch_size": sync.batch_size,
        "concurrency": sync.concurrency,
        "max_concurrency": sync.max_concurrency,
        "timeout": sync.timeout,
    }


def _compile_event_type(event_type: EventType, declaration: Declaration[Any] | None) -> dict[str, Any]:
    declared = find_declared(event_type, declaration)
    return {
        "type": event_type.type,
        "filter": resolve_filter(event_type, declared),
        "mappings": resolve_mappings(event_type, declared),
    }


def _offer(names: Mapping[str, object]) -> str:
    return f"there are: {', '.join(sorted(names))}" if names else "there are none yet"
