"""Mappings: what a destination gets of an event. Compiled once to closures, then run per event.

A mapping is `{output field: {field: reference} | {value: anything}}`; the output field may have dots, which
build nested objects. A field that the event does not have leaves its output field out.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from sluice.errors import WorkspaceError
from sluice.fields import MISSING, Getter, compile_field, parse_field

type Mapper = Callable[[dict[str, Any]], dict[str, Any]]


def compile_mapping(spec: Mapping[str, Any] | None) -> Mapper:
    """A function from an event to the destination's payload; None is the whole event as it is.

    The payload may share parts with the event: it is for serialising, not for changing.
    Raises WorkspaceError where two output fields claim the same place.
    """
    if spec is None:
        return _whole_event
    flat: list[tuple[str, Getter]] = []
    nested: list[tuple[tuple[str, ...], Getter]] = []
    seen: set[tuple[str, ...]] = set()
    for target, source in spec.items():
        names = parse_field(target)
        if any(names[: len(other)] == other or other[: len(names)] == names for other in seen):
            raise WorkspaceError(f"mapping {target!r} claims a place that another mapping fills")
        seen.add(names)
        if len(names) == 1:
            flat.append((names[0], compile_value(source)))
        else:
            nested.append((names, compile_value(source)))

    def map_event(event: dict[str, Any]) -> dict[str, Any]:
        payload = {name: value for name, get in flat if (value := get(event)) is not MISSING}
        for names, get in nested:
            if (value := get(event)) is not MISSING:
                place = payload
                for name in names[:-1]:
                    place = place.setdefault(name, {})
                place[names[-1]] = value
        return payload

    return map_event


def compile_value(source: Mapping[str, Any]) -> Getter:
    """A function from an event to one value, or MISSING."""
    match dict(source):
        case {"field": str(reference), **rest} if not rest:
            return compile_field(reference)
        case {"value": value, **rest} if not rest:
            constant = deepcopy(value)
            return lambda _event: constant
    raise WorkspaceError(f"{dict(source)!r} is no source of a value", hint="write {field: …} or {value: …}")


def _whole_event(event: dict[str, Any]) -> dict[str, Any]:
    return event
