"""Field references that are allowed and probably not meant: no event has such a field."""

from collections.abc import Iterator, Mapping
from typing import Any

from sluice.errors import WorkspaceError
from sluice.fields import format_field, parse_field
from sluice.source_syntax import Place
from sluice.workspace.models import Sync
from sluice.workspace.problems import Fault

_REFERENCES = ("field", "value_field")
_STATIC = "value"  # what is in it is data
_NOT_FIELDS = {
    "row": "row is the event in Liquid only",
    "$": "$ is the event in JSONPath only",
    "event": "event is the event's name, a text that has no fields",
}


def find_field_warnings(sync: Sync) -> Iterator[Fault]:
    """Of a sync's filters and mappings, each with its place in the sync's file."""
    for n, event_type in enumerate(sync.event_types):
        for part in ("filter", "mappings"):
            for place, reference in _list_references(getattr(event_type, part), ("event_types", n, part)):
                try:
                    first, *rest = parse_field(reference)
                except WorkspaceError:
                    continue  # an error already
                if rest and first in _NOT_FIELDS:
                    message = f"{reference!r} is always missing: {_NOT_FIELDS[first]}"
                    yield place, message, f"did you mean {format_field(tuple(rest))}?"


def _list_references(config: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(config, Mapping):
        for name, inner in config.items():
            if name in _REFERENCES and isinstance(inner, str):
                yield (*place, name), inner
            elif name != _STATIC:
                yield from _list_references(inner, (*place, name))
    elif isinstance(config, list):
        for n, inner in enumerate(config):
            yield from _list_references(inner, (*place, n))
