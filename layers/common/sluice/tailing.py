"""What `sluice tail` shows: a sample of the events that the router has just routed.

It costs what the sample costs, whatever is sent: each source has so many rows a minute in each container. It
stands beside the events' way: it begins when they are archived and sent, and where its table does not take a
row the row is missing, nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from sluice.ingest.normalise import list_notes
from sluice.routing.verdicts import Routed
from sluice.times import format_time

CALL_ROWS = 25  # of one BatchWriteItem; an invocation makes one at most
EXCERPT_BYTES = 4096
KEPT_SECONDS = 24 * 3600
RESERVED = 4  # one row in four is kept for events that were blocked or break a contract
_NOTES = 8  # of one event; ingest writes fewer
_TEXT = 256  # characters of an id or a name, which clients choose
_KEYS = ("received_at", "verdict", "reasons", "violations", "syncs", "workspace")


@dataclass(frozen=True, slots=True)
class Row:
    """`at` begins with the time of routing and is never the same twice; `expires` is in epoch seconds.

    `line` is JSON: of the archive line `received_at, verdict, reasons, violations, syncs, workspace`, and
    `message_id, type, name, event`, and `notes` where ingest wrote some. An event of over 4 KB is cut:
    `event` is null, `excerpt` its first 4 KB.
    """

    source: str
    at: str
    expires: int
    line: str


class TailRows(Protocol):
    def put(self, rows: Sequence[Row]) -> None:
        """Writes what it can, 25 rows at most. Does not raise for what AWS answers."""


@dataclass(slots=True)
class _Bucket:
    """What a source may still write: `size` at once, and `size` a minute in the long run."""

    size: int
    left: float
    filled_at: float

    def refill(self, now: float) -> None:
        self.left = min(self.size, self.left + max(now - self.filled_at, 0.0) * self.size / 60)
        self.filled_at = now

    def take(self, wanted: int, *, reserved: int) -> int:
        """How many of `wanted` rows may be written while so many must be left."""
        taken = max(0, min(wanted, int(self.left) - reserved))
        self.left -= taken
        return taken


class Tail:
    """Picks rows while packs are finished, and writes them when the invocation's work is done."""

    def __init__(self, rows: TailRows, *, per_minute: int, clock: Callable[[], float]) -> None:
        self._table, self._per_minute, self._clock = rows, per_minute, clock
        self._buckets: dict[str, _Bucket] = {}
        self._picked: list[Row] = []

    def note(self, packs: Sequence[Routed]) -> None:
        """Picks from finished packs: blocked events before others, each in order. Replays are left out."""
        now = self._clock()
        live = [pack for pack in packs if pack.replay is None]
        reserved = self._per_minute // RESERVED
        for pack in live:
            if pack.refused:
                self._pick(pack, pack.refused, now, reserved=0)
        for pack in live:
            self._pick(pack, _list_others(pack), now, reserved=reserved)

    def write(self) -> None:
        rows, self._picked = self._picked, []
        if rows:
            self._table.put(rows)

    def _pick(self, pack: Routed, places: Sequence[int], now: float, *, reserved: int) -> None:
        bucket = self._buckets.get(pack.source)
        if bucket is None:
            bucket = self._buckets[pack.source] = _Bucket(self._per_minute, self._per_minute, now)
        bucket.refill(now)
        room = bucket.take(min(len(places), CALL_ROWS - len(self._picked)), reserved=reserved)
        self._picked += [make_row(pack.lines[n], now) for n in places[:room]]


def make_row(line: bytes, now: float) -> Row:
    """The row of an archive line that was written at `now`."""
    archived: dict[str, Any] = orjson.loads(line)
    event = archived["event"]
    told = {key: archived[key] for key in _KEYS if key in archived}
    told |= {
        "message_id": _cut(archived["message_id"]),
        "type": _cut(event.get("type")),
        "name": _cut(event.get("event")),
    }
    if notes := list_notes(event):
        told["notes"] = [note[:_TEXT] for note in notes[:_NOTES]]
    text = orjson.dumps(event)
    if len(text) <= EXCERPT_BYTES:
        told["event"] = event
    else:
        told |= {"event": None, "excerpt": text[:EXCERPT_BYTES].decode("utf-8", "ignore")}
    return Row(
        source=archived["source"],
        at=f"{format_time(now)}#{archived['pack_id']}.{archived['n']:05}",
        expires=int(now) + KEPT_SECONDS,
        line=orjson.dumps(told).decode(),
    )


def _list_others(pack: Routed) -> Sequence[int]:
    if not pack.refused:
        return range(len(pack.lines))
    refused = set(pack.refused)
    return [n for n in range(len(pack.lines)) if n not in refused]


def _cut(value: Any) -> str | None:
    return None if value is None else str(value)[:_TEXT]


def merge_rows(rows: Iterable[Row]) -> list[Row]:
    """Rows of several sources or of overlapping reads, each once, in the order in which they were routed."""
    return sorted({(row.source, row.at): row for row in rows}.values(), key=lambda row: row.at)
