"""Mappings: what a destination gets of an event. Compiled once, then run per event.

A mapping is `{output field: value source}` (sluice.values has the sources); dots in an output field build
nested objects, `...` spreads an object. A source with nothing to give leaves its output field out.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sluice.errors import MappingError
from sluice.objects import Build
from sluice.values import compile_fields

type Mapper = Callable[[dict[str, Any]], dict[str, Any]]


def compile_mapping(spec: Mapping[str, Any] | None) -> Mapper:
    """A function from an event to the destination's payload; None is the whole event as it is.

    The payload may share parts with the event: it is for serialising, not for changing. Mapping raises
    MappingError only, with the output field's name. Raises SourceError where the spec is not a mapping.
    """
    if spec is None:
        return _whole_event
    build = compile_fields(spec)

    @cache
    def compile_each() -> list[tuple[str, Build]]:
        return [(target, compile_fields({target: source})) for target, source in spec.items()]

    def map_event(event: dict[str, Any]) -> dict[str, Any]:
        if type(event) is not dict:
            raise MappingError("the event is not an object")
        try:
            return build(event)
        except MappingError as error:
            field = error.field or _find_failing(compile_each(), event)
            raise MappingError(f"{field}: {error.detail}", field=field, reason=error.reason) from error

    return map_event


def _find_failing(fields: list[tuple[str, Build]], event: dict[str, Any]) -> str:
    """The output field whose source fails. It looks again, so that events that do not fail pay nothing."""
    for target, build in fields:
        try:
            build(event)
        except MappingError:
            return target
    return ""


def _whole_event(event: dict[str, Any]) -> dict[str, Any]:
    return event
