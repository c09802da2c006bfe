"""The text of a new sync: everything that its destination declares, ready to be changed.

Lines that are commented out become valid by removing their first `# `; what a line is for stands behind it.
"""

import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from sluice.destinations.declaration import CUSTOM_EVENT, Declaration
from sluice.destinations.event_types import EventType, PayloadField
from sluice.fields import format_field
from sluice.workspace.event_types import EXTENDS
from sluice.workspace.models import DEFAULTS

WIDTH = 96  # of a source on one line

_GUESSES = {
    "anonymousid": "anonymousId",
    "context": "context",
    "email": "context.traits.email",
    "event": "event",
    "externalid": "userId",
    "messageid": "messageId",
    "name": "event",
    "occurredat": "timestamp",
    "properties": "properties",
    "time": "timestamp",
    "timestamp": "timestamp",
    "traits": "traits",
    "userid": "userId",
}
_CASTS = {"string", "number", "integer", "boolean", "timestamp"}
_ANY_FIELDS = {
    "external_id": ({"field": "userId", "if_missing": {"field": "anonymousId"}}, "a field of the event"),
    "price": ({"template": "{{ row.properties.price | cast: 'number' }}"}, "Liquid"),
    "source": ({"value": "web"}, "the same for every event"),
    "custom": ({"field": "properties"}, "all properties"),
}


def render_sync(source: str, destination: str, declaration: Declaration[Any], names: list[str]) -> str:
    """The file of a sync with these event types of its destination; it passes `sluice check`."""
    lines = [
        "# Which events go there, and as what. docs/syncs.md has every option.",
        f"description: Events of {source} for {destination}",
        f"source: {source} # sources/{source}",
        f"destination: {destination} # destinations/{destination}, of the kind {declaration.kind}",
        "event_types:",
    ]
    for name in names:
        lines += render_event_type(name, declaration.event_types.get(name) or EventType())
    return "\n".join(lines) + "\n"


def render_event_type(name: str, declared: EventType) -> Iterator[str]:
    """The lines of one event type: its filter, then its fields, required ones first."""
    about = f" # {_join(declared.description)}" if declared.description else ""
    yield f"  - type: {name}{about}"
    yield _render_filter(name, declared)
    if not declared.fields:
        yield "    # mappings: # without mappings the whole event is sent"
        for field, (source, comment) in _ANY_FIELDS.items():
            yield from _comment(_render({field: source}), "    #   ", comment)
        return
    is_extended = declared.mappings is not None
    named = set() if is_extended else {group[0] for group in declared.one_of}
    fields = sorted(declared.fields.items(), key=lambda item: _rank(item[0], declared))
    active = [name for name, _ in fields if name in declared.required or name in named]
    is_active = bool(active) or is_extended
    yield "    mappings:" if is_active else "    # mappings:"
    if is_extended:
        yield f"      {EXTENDS}: {DEFAULTS} # what is commented out with `default` is filled all the same"
    for field, payload in fields:
        source, is_default = _choose_source(field, payload, declared.mappings or {})
        comment = _describe(field, payload, declared) + (", default" if is_default else "")
        start = "      " if field in active else "      # " if is_active else "    #   "
        lines = _render({format_field((field,)): source})
        yield from _comment(lines, start, f"{comment}: {_join(payload.description)}")


def _render_filter(name: str, declared: EventType) -> str:
    if declared.filter is not None:
        return f"    # filter: {_flow(declared.filter)} # the default; which events are sent as this type"
    if name == CUSTOM_EVENT:
        example = _flow({"field": "type", "op": "equals", "value": "track"})
        return f"    # filter: {example} # without a filter: what no other type takes"
    title = name.removeprefix("track_").replace("_", " ").title()
    guess = _flow({"field": "event", "op": "equals", "value": title})
    return f"    filter: {guess} # say which events these are"


def _rank(field: str, declared: EventType) -> int:
    """Required ones first, then those of which one is required."""
    if field in declared.required:
        return 0
    return 1 if any(field in group for group in declared.one_of) else 2


def _describe(field: str, payload: PayloadField, declared: EventType) -> str:
    if field in declared.required:
        return f"{payload.type}, required"
    for group in declared.one_of:
        if field in group:
            return f"{payload.type}, one of {', '.join(group)} is required"
    return f"{payload.type}, optional"


def _choose_source(field: str, payload: PayloadField, defaults: Mapping[str, Any]) -> tuple[Any, bool]:
    """The default, or the field of the event that probably has it."""
    if field in defaults:
        return defaults[field], True
    guess = _GUESSES.get(field.replace("_", "").casefold())
    source = {"field": guess or f"properties.{format_field((field,))}"}
    is_cast = guess is None and payload.type in _CASTS
    return ({**source, "as": payload.type} if is_cast else source), False


def _render(fields: Mapping[str, Any]) -> Iterator[str]:
    """YAML lines of `key: value` pairs, each on one line where it fits."""
    for key, value in fields.items():
        line = _flow({key: value})[1:-1]
        if len(line) <= WIDTH or not isinstance(value, Mapping):
            yield line
        else:
            yield f"{_flow([key])[1:-1]}:"
            yield from ("  " + inner for inner in _render(value))


def _comment(lines: Iterator[str], start: str, comment: str) -> Iterator[str]:
    """The lines after `start`, the first with a comment behind it."""
    first, *rest = lines
    yield f"{start}{first} # {comment}"
    yield from (start + line for line in rest)


def _flow(value: Any) -> str:
    """YAML on one line, `{a: b}`."""
    out = StringIO()
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.allow_unicode = True, 1_000_000, True
    yaml.sort_base_mapping_type_on_output = False
    yaml.dump(value, out)
    return out.getvalue().strip()


def _join(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
