"""One sync, made ready once per container from the compiled workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.delivery.schedule import Schedule
from sluice.destinations import load_declaration
from sluice.destinations.declaration import Declaration, EventType, SecretRef
from sluice.errors import MappingError, WorkspaceError
from sluice.mapping import Mapper, compile_mapping
from sluice.reasons import Reason


@dataclass(frozen=True, slots=True)
class Sync:
    """`mappers` by event type raise MappingError; `concurrency` is parallel requests in one run."""

    slug: str
    declaration: Declaration[Any]
    settings: Any
    mappers: Mapping[str, Mapper]
    schedule: Schedule
    concurrency: int
    max_items: int
    auth: Mapping[str, SecretRef]


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
    )


def _compile_event_type(spec: Mapping[str, Any], declaration: Declaration[Any]) -> Mapper:
    mapper = compile_mapping(spec["mappings"])
    required = declaration.event_types.get(spec["type"], EventType()).required
    return _require(mapper, required) if required else mapper


def _require(mapper: Mapper, required: tuple[str, ...]) -> Mapper:
    def map_event(event: dict[str, Any]) -> dict[str, Any]:
        payload = mapper(event)
        for name in required:
            if name not in payload:
                raise MappingError(
                    f"the required field {name!r} is missing",
                    field=name,
                    reason=Reason.MISSING_REQUIRED_FIELD,
                )
        return payload

    return map_event
