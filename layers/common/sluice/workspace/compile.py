"""From the workspace's files to the one JSON object that the functions load."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.destinations import KINDS, load_declaration
from sluice.destinations.declaration import Declaration
from sluice.errors import WorkspaceError
from sluice.source_syntax import SourceError
from sluice.transforms.source import FunctionSource
from sluice.workspace.contract_errors import find_contract_problems
from sluice.workspace.contracts import Contract, compile_contract_file
from sluice.workspace.event_types import (
    find_declaration,
    find_declared,
    find_faults,
    resolve_filter,
    resolve_mappings,
)
from sluice.workspace.filter_errors import find_filter_errors
from sluice.workspace.mapping_errors import find_mapping_errors
from sluice.workspace.model_errors import read_model
from sluice.workspace.models import Destination, EventType, Source, Sync
from sluice.workspace.names import pascal_name
from sluice.workspace.privacy import (
    find_destination_faults,
    find_source_faults,
    list_destination_privacy,
    list_source_privacy,
)
from sluice.workspace.problems import Fault, Problem, offer

VERSION = 1


@dataclass(slots=True)
class Workspace:
    """All files of a workspace by slug; `broken` are the parts whose files nothing can be made of."""

    sources: dict[str, Source] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)
    syncs: dict[str, Sync] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    functions: dict[str, FunctionSource] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)


def find_problems(workspace: Workspace) -> list[Problem]:
    """Everything wrong between the files, or inside a filter, a mapping or a destination's settings.

    A file that is not valid by itself may be there with what `read_part` made of it; an empty text stands for
    a name that it has not. Nothing is told that only follows from another problem.
    """
    problems = []
    for slug, destination in workspace.destinations.items():
        problems += _check_settings(f"destinations/{slug}", destination)
        faults = find_destination_faults(destination)
        problems += [Problem(f"destinations/{slug}", *fault) for fault in faults]
    digests: dict[str, str] = {}
    for slug, source in workspace.sources.items():
        problems += [Problem(f"sources/{slug}", *fault) for fault in find_source_faults(source)]
        for n, key in enumerate(source.keys):
            owner = digests.setdefault(key.sha256, slug) if key.sha256 else slug
            if owner != slug:
                problems.append(
                    Problem(
                        f"sources/{slug}",
                        ("keys", n, "sha256"),
                        f"source {owner} has this key too",
                        f"remove it from one of them; sluice keys create --source {slug} makes another",
                    )
                )
        problems += _check_functions(workspace, f"sources/{slug}", source.functions)
    names: dict[str, str] = {}
    for slug, sync in workspace.syncs.items():
        part, name = f"syncs/{slug}", pascal_name(slug)
        if names.setdefault(name, slug) != slug:
            message = f"syncs {names[name]} and {slug} share a resource name"
            problems.append(Problem(part, (), message, "give one of the files another name"))
        problems += _check_sync(workspace, part, sync)
        problems += _check_functions(workspace, part, sync.functions)
    problems += find_contract_problems(workspace.contracts, workspace.sources, workspace.broken)
    return problems


def compile_workspace(workspace: Workspace) -> dict[str, Any]:
    """What the functions load. The workspace must have no problems. The same files give the same digest."""
    compiled = {
        "sources": {slug: _compile_source(source) for slug, source in sorted(workspace.sources.items())},
        "destinations": {slug: _compile_destination(d) for slug, d in sorted(workspace.destinations.items())},
        "syncs": {
            slug: _compile_sync(slug, sync, workspace) for slug, sync in sorted(workspace.syncs.items())
        },
        "contracts": {slug: compile_contract_file(c) for slug, c in sorted(workspace.contracts.items())},
        "functions": {
            name: {"sha256": hashlib.sha256(function.text.encode("utf-8", "surrogatepass")).hexdigest()}
            for name, function in sorted(workspace.functions.items())
        },
    }
    return {"v": VERSION, "digest": digest_workspace(compiled), **compiled}


def digest_workspace(compiled: Mapping[str, Any]) -> str:
    """Twelve hex digits that stand for a configuration: archive lines name the one that decided."""
    names = ("sources", "destinations", "syncs", "contracts", "functions")
    parts = {name: compiled[name] for name in names}
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def _check_settings(part: str, destination: Destination) -> list[Problem]:
    try:
        kind = load_declaration(destination.kind)
    except WorkspaceError as error:
        return [Problem(part, ("kind",), error.message, offer(destination.kind, sorted(KINDS), "there are"))]
    if not isinstance(destination.settings, Mapping):
        return []  # told by whoever read the file
    faults = read_model(kind.settings, destination.settings).faults
    return [Problem(part, ("settings", *place), message, hint) for place, message, hint in faults]


def _check_sync(workspace: Workspace, part: str, sync: Sync) -> Iterator[Problem]:
    for kind, name, found in (
        ("source", sync.source, workspace.sources),
        ("destination", sync.destination, workspace.destinations),
    ):
        broken = {p.partition("/")[2] for p in workspace.broken if p.startswith(f"{kind}s/")}
        names = sorted(broken.union(found))
        if name and name not in names:
            yield Problem(part, (kind,), f"there is no {kind} {name}", offer(name, names, "there are"))
    declaration = find_declaration(workspace.destinations.get(sync.destination))
    seen: set[str] = set()
    for n, event_type in enumerate(sync.event_types):
        here = ("event_types", n)
        if event_type.type and event_type.type in seen:
            message = f"the event type {event_type.type} is listed twice"
            yield Problem(part, (*here, "type"), message, "write one, with the filters under `any`")
        seen.add(event_type.type)
        for place, message, hint in _check_event_type(event_type, declaration):
            yield Problem(part, (*here, *place), message, hint)


def _check_functions(workspace: Workspace, part: str, functions: list[str]) -> Iterator[Problem]:
    names = sorted(workspace.functions)
    for n, name in enumerate(functions):
        if name not in workspace.functions:
            hint = offer(name, names, "there are")
            yield Problem(part, ("functions", n), f"there is no function {name}", hint)
        elif name in functions[:n]:
            yield Problem(
                part, ("functions", n), f"the function {name} is listed twice", "remove one of them"
            )


def _check_event_type(event_type: EventType, declaration: Declaration[Any] | None) -> Iterator[Fault]:
    declared = find_declared(event_type, declaration)
    yield from find_faults(event_type, declaration)
    if event_type.filter is not None:
        for error in find_filter_errors(event_type.filter):
            yield _to_fault("filter", error)
    for error in find_mapping_errors(resolve_mappings(event_type, declared) or {}):
        yield _to_fault("mappings", error)


def _to_fault(key: str, error: SourceError) -> Fault:
    """A template's line and column are told beside the place of the template."""
    where = f"line {error.line}, column {error.column}: " if error.line else ""
    return (key, *error.place), where + error.message, error.hint


def _compile_source(source: Source) -> dict[str, Any]:
    keys = [{"id": k.id, "sha256": k.sha256, "revoked": bool(k.revoked)} for k in source.keys]
    return {
        "keys": keys,
        "collect_ip": source.collect_ip,
        "dedup": source.dedup,
        "contracts": source.contracts,
        "functions": source.functions,
        **list_source_privacy(source),
        **({"quota": source.quota.model_dump()} if source.quota else {}),
    }


def _compile_destination(destination: Destination) -> dict[str, Any]:
    """The settings as the operator wrote them: whoever loads them validates, which fills in the defaults."""
    return {
        "kind": destination.kind,
        "settings": destination.settings,
        **list_destination_privacy(destination),
    }


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
        "rate_limit": sync.rate_limit,
        "paused": bool(sync.paused),
        "alarms": sync.alarms.model_dump(),
        "functions": sync.functions,
    }


def _compile_event_type(event_type: EventType, declaration: Declaration[Any] | None) -> dict[str, Any]:
    declared = find_declared(event_type, declaration)
    return {
        "type": event_type.type,
        "filter": resolve_filter(event_type, declared),
        "mappings": resolve_mappings(event_type, declared),
    }
