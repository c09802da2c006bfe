"""The reconciler's use case: events of an hour → attempts since → dead letters → what has no end.

At-least-once everywhere: lines may be repeated, in one hour or in several, and one end is enough for a unit.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from sluice.reconciling.hours import Span, find_span
from sluice.reconciling.units import MOST_UNITS, Units, show_id
from sluice.times import format_time, parse_time

SHOWN_IDS = 20
OVERDUE = timedelta(hours=1)
"""A unit whose next attempt is not overdue by so much is waiting, and not missing."""


class Archive(Protocol):
    def read_lines(self, prefix: str) -> Iterator[bytes]:
        """Every line of every object below the prefix. Raises where one cannot be read."""


@dataclass(slots=True)
class Report:
    """Counts of units by sync; `checked` are those of the hour, `unaccounted` those of them with no end.

    `ids` shows some message ids of the unaccounted, `waiting` counts those with an attempt to come; `one_in`
    is the sample, `replayed` the archive lines of replays, which are left out, `unreadable` lines that are
    none of ours.
    """

    hour: str
    one_in: int = 1
    checked: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    unaccounted: Counter[str] = field(default_factory=Counter)
    ids: dict[str, list[str]] = field(default_factory=dict)
    replayed: int = 0
    unreadable: int = 0


class Reconciler:
    """Over one stack's archive. Syncs that are paused are left out: their events wait as they should."""

    def __init__(
        self, workspace: Mapping[str, Any], archive: Archive, *, one_in: int = 1, most: int = MOST_UNITS
    ) -> None:
        syncs: Mapping[str, Any] = workspace["syncs"]
        self._archive, self._one_in, self._most = archive, one_in, most
        self.syncs = [slug for slug, sync in syncs.items() if not sync.get("paused")]
        self._paused = {slug for slug, sync in syncs.items() if sync.get("paused")}
        self._longest: float = max((sync["retry"]["for"] for sync in syncs.values()), default=0)

    def reconcile(self, scheduled: datetime) -> Report:
        """What became of the hour that is due at a time. A run may be repeated: it changes nothing."""
        span = find_span(scheduled, self._longest)
        report, units = Report(f"{span.hour:%Y-%m-%dT%H}"), Units(self._one_in, self._most)
        self._find_units(span, units, report)
        report.checked.update(sync for sync, _, _ in units.waiting)
        report.one_in = units.one_in
        self._read_attempts(span, units, report)
        self._read_letters(span, units, report)
        self._judge(span, units, report)
        return report

    def _find_units(self, span: Span, units: Units, report: Report) -> None:
        for line in self._archive.read_lines(span.events):
            message_id = units.pick(line)
            if message_id is None:
                report.unreadable += b'"message_id":' not in line
                continue
            found = orjson.loads(line)
            if found.get("replay"):
                report.replayed += 1
                continue
            for route in found["syncs"]:  # none where it was not accepted
                if route["sync"] not in self._paused:
                    units.add((route["sync"], route["type"], message_id))

    def _read_attempts(self, span: Span, units: Units, report: Report) -> None:
        """Attempts of replays count, too: an event that a replay delivered is not missing."""
        for prefix in span.list_deliveries():
            if not units.waiting:
                return
            for line in self._archive.read_lines(prefix):
                message_id = units.pick(line)
                if message_id is None:
                    report.unreadable += b'"message_id":' not in line
                    continue
                attempt = orjson.loads(line)
                unit = (attempt["sync"], attempt["event_type"], message_id)
                if attempt["outcome"] in {"delivered", "dead"}:
                    units.waiting.pop(unit, None)
                else:
                    units.postpone(unit, attempt["next_at"] or "")

    def _read_letters(self, span: Span, units: Units, report: Report) -> None:
        """Only of syncs that miss something: letters hold whole events, and the log tells most deaths."""
        for sync in sorted({sync for sync, _, _ in units.waiting}):
            for prefix in span.list_dead(sync):
                for line in self._archive.read_lines(prefix):
                    message_id = units.pick(line)
                    if message_id is None:
                        report.unreadable += b'"message_id":' not in line
                        continue
                    letter = orjson.loads(line)
                    units.waiting.pop((letter["sync"], letter["event_type"], message_id), None)

    def _judge(self, span: Span, units: Units, report: Report) -> None:
        overdue = format_time((span.until - OVERDUE).timestamp())
        for (sync, _, message_id), due in units.waiting.items():
            if due and parse_time(due) is not None and due >= overdue:
                report.waiting[sync] += 1
                continue
            report.unaccounted[sync] += 1
            shown = report.ids.setdefault(sync, [])
            if sum(map(len, report.ids.values())) < SHOWN_IDS:
                shown.append(show_id(message_id))
