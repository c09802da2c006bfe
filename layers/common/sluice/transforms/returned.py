"""Which event each returned one comes from: by its messageId, or because it is the very object.

Runs beside the operator's code, the only place that still knows objects: through JSON there are only ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.errors import SluiceError
from sluice.packs import Event


class WrongResult(SluiceError):
    """A function did not return a list of events, or the source of one of them is unclear."""


@dataclass(slots=True)
class Returned:
    """The returned events as JSON lines, beside the places of those they come from; empty where unchanged.

    `errors` says why the events at some places have no result.
    """

    data: bytes = b""
    parents: list[int] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """The events as they were before the function saw them. No two have the same messageId."""

    lines: Sequence[bytes]
    objects: dict[int, int]
    ids: dict[str, int]


def note_given(lines: Sequence[bytes], events: Sequence[Event]) -> Given:
    """Must be asked before the function runs; the caller keeps the events alive until it has returned."""
    return Given(
        lines,
        {id(event): n for n, event in enumerate(events)},
        {event["messageId"]: n for n, event in enumerate(events)},
    )


def read_returned(given: Given, returned: Any) -> Returned:
    """The result of a function. Raises WrongResult; None in the list is an event that was left out."""
    if type(returned) is not list:
        hint = ": did you forget `return events`?" if returned is None else ""
        raise WrongResult(f"transform_events returned {_name(returned)}, not a list of events{hint}")
    events, parents = [], []
    for n, event in enumerate(returned):
        if event is None:
            continue
        if not isinstance(event, dict):
            raise WrongResult(
                f"transform_events returned a list whose item {n} is {_name(event)}, not an event"
            )
        events.append(event)
        parents.append(_find_parent(given, n, event))
    try:
        lines = [orjson.dumps(event) for event in events]
    except (TypeError, RecursionError):
        return _read_one_by_one(given, events, parents)
    return Returned(_join(given, lines, parents), parents)


def _find_parent(given: Given, n: int, event: Event) -> int:
    parent = given.objects.get(id(event))
    if parent is None:
        message_id = event.get("messageId")
        parent = given.ids.get(message_id) if type(message_id) is str else None
    if parent is None:
        raise WrongResult(
            f"item {n} of what transform_events returned has the messageId {event.get('messageId')!r:.80}, "
            "which no event has that it was given: a new event takes that of the event it comes from"
        )
    return parent


def _join(given: Given, lines: Sequence[bytes], parents: Sequence[int]) -> bytes:
    told = [b"" if line == given.lines[at] else line for line, at in zip(lines, parents, strict=True)]
    return b"\n".join([*told, b""])


def _read_one_by_one(given: Given, events: Sequence[Event], parents: Sequence[int]) -> Returned:
    """Leaves out what is not JSON, with everything else that its event became."""
    errors: dict[int, str] = {}
    written: list[tuple[int, bytes]] = []
    for event, parent in zip(events, parents, strict=True):
        try:
            written.append((parent, orjson.dumps(event)))
        except (TypeError, RecursionError) as error:
            errors.setdefault(parent, f"returned an event that is not JSON: {error}")
    kept = [(parent, line) for parent, line in written if parent not in errors]
    left = [parent for parent, _ in kept]
    return Returned(_join(given, [line for _, line in kept], left), left, errors)


def _name(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
