"""A sync's event types with what their destination declares of them: defaults filled in, mistakes found.

What a sync leaves out is the destination's default; what compiling writes down is plain filters and mappings.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sluice.destinations import load_declaration
from sluice.destinations.declaration import CUSTOM_EVENT, Declaration
from sluice.destinations.event_types import EventType as Declared
from sluice.destinations.event_types import fits, is_filled, name_group
from sluice.errors import WorkspaceError
from sluice.fields import parse_field
from sluice.source_syntax import SPREAD
from sluice.workspace.models import DEFAULTS, OMIT, Destination, EventType
from sluice.workspace.problems import Fault, find_near, offer

EXTENDS = "extends"


def find_declaration(destination: Destination | None) -> Declaration[Any] | None:
    """What the destination's kind declares; None for a kind that is wrong, which is said elsewhere."""
    try:
        return load_declaration(destination.kind) if destination else None
    except WorkspaceError:
        return None


def find_declared(event_type: EventType, declaration: Declaration[Any] | None) -> Declared:
    """The declared type, or one without fields and defaults where the destination declares none."""
    return (declaration.event_types if declaration else {}).get(event_type.type) or Declared()


def has_custom_event(declaration: Declaration[Any] | None) -> bool:
    """Whether a sync can send what no other of its types takes."""
    return declaration is None or declaration.any_event_type or CUSTOM_EVENT in declaration.event_types


def resolve_filter(event_type: EventType, declared: Declared) -> dict[str, Any] | None:
    """The sync's own filter, else the declared one."""
    given: Any = event_type.filter  # as the file has it; the model is for editors
    if given is not None:
        return dict(given)
    return dict(declared.filter) if declared.filter is not None else None


def resolve_mappings(event_type: EventType, declared: Declared) -> dict[str, Any] | None:
    """The sync's own mappings, put over the declared ones where they say so; None is the whole event."""
    given = event_type.mappings
    defaults = dict(declared.mappings) if declared.mappings is not None else None
    if given is None or isinstance(given, str):
        return defaults
    if not isinstance(given.get(EXTENDS), str):  # a mapping may have an output field of this name
        return given
    merged = {**(defaults or {}), **given}
    return {name: source for name, source in merged.items() if name != EXTENDS and source != OMIT}


def find_faults(event_type: EventType, declaration: Declaration[Any] | None) -> Iterator[Fault]:
    """What is wrong between an event type of a sync and its destination, but for sources of values.

    Places are in the event type. A type without a name, or a destination without a kind, is told elsewhere.
    """
    if declaration is None or not event_type.type:
        return
    if event_type.type not in declaration.event_types and not declaration.any_event_type:
        hint = offer(event_type.type, declaration.event_types, "it has")
        yield ("type",), f"{declaration.kind} has no event type {event_type.type}", hint
        return
    declared = find_declared(event_type, declaration)
    yield from _find_default_faults(event_type, declared)
    mappings = resolve_mappings(event_type, declared)
    if mappings is not None:
        yield from _find_field_faults(mappings, declared)


def _find_default_faults(event_type: EventType, declared: Declared) -> Iterator[Fault]:
    given = event_type.mappings
    extended = isinstance(given, Mapping) and isinstance(given.get(EXTENDS), str)
    if isinstance(given, Mapping) and extended and given[EXTENDS] != DEFAULTS:
        yield (
            ("mappings", EXTENDS),
            f"{given[EXTENDS]!r} is nothing to extend",
            f"write `{EXTENDS}: {DEFAULTS}`",
        )
    elif declared.mappings is None and (given == DEFAULTS or extended):
        place = ("mappings", EXTENDS) if extended else ("mappings",)
        yield place, f"{event_type.type} has no default mappings", "write a source for every field"
    elif isinstance(given, Mapping) and extended:
        for name, source in given.items():
            if source == OMIT and name not in (declared.mappings or {}):
                hint = offer(name, declared.mappings or {}, "they fill")
                yield ("mappings", name), f"the default mappings have no {name!r} to leave out", hint


def _find_field_faults(mappings: Mapping[str, Any], declared: Declared) -> Iterator[Fault]:
    filled = {_first_name(target) for target in mappings}
    if SPREAD not in mappings:  # what a spread fills is known of an event only
        for group in declared.needed:
            if not filled & set(group):
                fields = declared.fields
                hint = "; ".join(
                    f"{name} ({fields[name].type}): {fields[name].description}" for name in group
                )
                if near := next((n for n in filled - fields.keys() if find_near(n, group)), ""):
                    hint = f"{near!r} is filled: did you mean {find_near(near, group)}? {hint}"
                yield ("mappings",), f"the required {name_group(group)} of the event type is not mapped", hint
    for name, field in declared.fields.items():
        source = mappings.get(name)
        if not isinstance(source, Mapping) or source.keys() != {"value"}:
            continue
        if not fits(source["value"], field.type):
            message = f"{name!r} takes {field.type}, not {source['value']!r}"
            yield ("mappings", name, "value"), message, field.description
        elif name in declared.required and not is_filled(source["value"]):
            yield ("mappings", name, "value"), f"the required {name!r} has no value here", field.description


def _first_name(target: str) -> str:
    """Of `user.email` it is `user`; an invalid reference is reported elsewhere."""
    try:
        return parse_field(target)[0]
    except WorkspaceError:
        return target
