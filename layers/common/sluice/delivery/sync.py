"""One sync, made ready once per container from the compiled workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.delivery.limits import Limits, read_limits
from sluice.delivery.payload import check_payloads
from sluice.delivery.schedule import Schedule
from sluice.destinations import load_declaration
from sluice.destinations.declaration import Declaration, SecretRef
from sluice.destinations.event_types import EventType
from sluice.errors import WorkspaceError
from sluice.mapping import Mapper, compile_mapping


@dataclass(frozen=True, slots=True)
class Sync:
    """`mappers` by event type raise MappingError; `concurrency` is parallel requests in one run, `rate` the
    calls a second that one container may make (None for any number), `timeout` the function's."""

    slug: str
    declaration: Declaration[Any]
    settings: Any
    mappers: Mapping[str, Mapper]
    schedule: Schedule
    concurrency: int
    max_items: int
    auth: Mapping[str, SecretRef]
    limits: Limits
    timeout: float = 60
    rate: float | None = None


def compile_sync(workspace: Mapping[str, Any], slug: str) -> Sync:
    """The sync `slug` of a compiled workspace. Raises WorkspaceError where the workspace has none."""
    spec = workspace["syncs"].get(slug)
    if spec is None:
        raise WorkspaceError(f"the workspace has no sync {slug!r}")
    destination = workspace["destinations"][spec["destination"]]
    declaration = load_declaration(destination["kind"])
    settings = declaration.settings.model_validate(destination["settings"])
    retry = spec["retry"]
    return Sync(
        slug=slug,
        declaration=declaration,
        settings=settings,
        mappers={
            event_type["type"]: _compile_event_type(event_type, declaration)
            for event_type in spec["event_types"]
        },
        schedule=Schedule(retry["for"], retry["first"], retry["max"], retry["attempts"]),
        concurrency=spec["concurrency"],
        max_items=min(spec["batch_size"] or settings.batch_size, settings.batch_size),
        auth=declaration.auth(settings),
        limits=read_limits(spec),
        timeout=spec.get("timeout", 60),
        rate=_find_rate(spec),
    )


def _compile_event_type(spec: Mapping[str, Any], declaration: Declaration[Any]) -> Mapper:
    mapper = compile_mapping(spec["mappings"])
    return check_payloads(mapper, declaration.event_types.get(spec["type"], EventType()))


def _find_rate(spec: Mapping[str, Any]) -> float | None:
    """An equal share of the sync's limit: containers do not talk to each other about calls."""
    limit: float | None = spec.get("rate_limit")
    return limit / spec["max_concurrency"] if limit else None
