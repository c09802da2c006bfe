"""The two messages between stages, as plain JSON that an engineer can read in the console.

An ingest pack is one request's events (or a part of them) on their way to the router; a sync pack is what
one router run matched for one sync, on its way to the destination. Both are cut at `PACK_BYTES`, so that
four of them fit one SendMessageBatch of 1 MiB.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.errors import PackUnreadable

type Event = dict[str, Any]

PACK_BYTES = 240 * 1024  # of events; the frame around them stays far below the 16 KiB left of 256
VERSION = 1


@dataclass(frozen=True, slots=True)
class Replay:
    """A run of `sluice replay`: its id, and the syncs that the events are for (None is every one)."""

    id: str
    syncs: tuple[str, ...] | None = None

    @property
    def group(self) -> str:
        """The message group of what is replayed: live events, which have none, overtake it (fair queues)."""
        return f"replay-{self.id}"


@dataclass(slots=True)
class IngestPack:
    """`events` as normalised by ingest; `blocked` maps an index in them to the reasons it was blocked for.

    `dedup_key` is the same for a client's resend of the request, `pack_id` never is. `received_at` is text.
    `replay` is set where the events come from the archive and not from a client.
    """

    pack_id: str
    part: int
    source: str
    received_at: str
    client: dict[str, str]
    dedup_key: str
    events: list[Event]
    blocked: dict[int, list[str]] = field(default_factory=dict)
    replay: Replay | None = None


@dataclass(slots=True)
class Item:
    """One event as one event type of a sync: with its message id the unit of delivery and of counting."""

    type: str
    event: Event

    @property
    def message_id(self) -> str:
        return str(self.event.get("messageId", ""))


@dataclass(slots=True)
class SyncPack:
    """Items of one sync that are tried together. Times are text; `attempt` counts from 1.

    `replay` is the id of the replay that the items come from, None for live events. `origin` is what the pack
    was made from: the id of an ingest pack, or of the message that held its items before. It makes two packs
    differ unless one is a copy of the other. `lines` of the delivery log could not be
    written yet.
    """

    sync: str
    items: list[Item]
    attempt: int
    first_seen: str
    first_attempt_at: str | None = None
    not_before: str | None = None
    replay: str | None = None
    origin: str | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def group(self) -> str:
        """The message group of this pack and of what is left of it: "" for live events."""
        return Replay(self.replay).group if self.replay else ""


def parse_ingest_pack(body: str) -> IngestPack:
    """The pack in an SQS body. Raises PackUnreadable for anything that ingest did not write."""
    raw = _load(body)
    try:
        pack = IngestPack(
            pack_id=raw["pack_id"],
            part=raw["part"],
            source=raw["source"],
            received_at=raw["received_at"],
            client=raw["client"],
            dedup_key=raw["dedup_key"],
            events=raw["events"],
            blocked={int(n): reasons for n, reasons in raw["blocked"].items()},
            replay=_read_replay(raw.get("replay")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PackUnreadable(f"not an ingest pack: {error!r}") from error
    texts = (pack.pack_id, pack.source, pack.received_at, pack.dedup_key)
    lists = (pack.events, *pack.blocked.values())
    if not all(type(text) is str for text in texts) or not all(type(entry) is list for entry in lists):
        raise PackUnreadable("not an ingest pack: a field has another type")
    if not all(type(event) is dict for event in pack.events):
        raise PackUnreadable("not an ingest pack: events are no objects")
    return pack


def dump_ingest_pack(pack: IngestPack, events: Sequence[bytes]) -> str:
    """The SQS body of a pack whose events are already JSON (`pack.events` is not looked at)."""
    frame = {
        "v": VERSION,
        "pack_id": pack.pack_id,
        "part": pack.part,
        "source": pack.source,
        "received_at": pack.received_at,
        "client": pack.client,
        "dedup_key": pack.dedup_key,
        "blocked": {str(n): reasons for n, reasons in pack.blocked.items()},
        **({"replay": {"id": pack.replay.id, "syncs": pack.replay.syncs}} if pack.replay else {}),
        "events": orjson.Fragment(b"[" + b",".join(events) + b"]"),
    }
    return orjson.dumps(frame).decode()


def parse_sync_pack(body: str) -> SyncPack:
    """The pack in an SQS body. Raises PackUnreadable for anything that Sluice did not write."""
    raw = _load(body)
    try:
        pack = SyncPack(
            sync=raw["sync"],
            items=[Item(item["type"], item["event"]) for item in raw["items"]],
            attempt=raw["attempt"],
            first_seen=raw["first_seen"],
            first_attempt_at=raw["first_attempt_at"],
            not_before=raw["not_before"],
            replay=raw.get("replay"),
            origin=raw.get("origin"),
            lines=raw.get("lines", []),
        )
    except (KeyError, TypeError) as error:
        raise PackUnreadable(f"not a sync pack: {error!r}") from error
    texts = (
        pack.sync,
        pack.first_seen,
        pack.first_attempt_at or "",
        pack.not_before or "",
        pack.replay or "",
        pack.origin or "",
    )
    if not all(type(text) is str for text in texts) or type(pack.attempt) is not int:
        raise PackUnreadable("not a sync pack: a field has another type")
    if type(pack.lines) is not list or not all(type(line) is str for line in pack.lines):
        raise PackUnreadable("not a sync pack: lines are not texts")
    if not all(type(item.event) is dict and type(item.type) is str for item in pack.items):
        raise PackUnreadable("not a sync pack: items are no events")
    return pack


def dump_item(event_type: str, event: bytes) -> bytes:
    """One item of a sync pack from an event that is already JSON."""
    return b'{"type":' + orjson.dumps(event_type) + b',"event":' + event + b"}"


def dump_sync_pack(pack: SyncPack, items: Sequence[bytes]) -> str:
    """The SQS body of a pack whose items are already JSON (`pack.items` is not looked at)."""
    frame = {
        "v": VERSION,
        "sync": pack.sync,
        "attempt": pack.attempt,
        "first_seen": pack.first_seen,
        "first_attempt_at": pack.first_attempt_at,
        "not_before": pack.not_before,
        **({"replay": pack.replay} if pack.replay else {}),
        **({"origin": pack.origin} if pack.origin else {}),
        **({"lines": pack.lines} if pack.lines else {}),
        "items": orjson.Fragment(b"[" + b",".join(items) + b"]"),
    }
    return orjson.dumps(frame).decode()


def cut(
    sizes: Sequence[int], *, max_bytes: int = PACK_BYTES, max_items: int | None = None
) -> Iterator[slice]:
    """Slices of consecutive items, each at most `max_bytes` and `max_items`; a larger item stands alone."""
    start = total = 0
    for index, size in enumerate(sizes):
        if index > start and (total + size > max_bytes or index - start == max_items):
            yield slice(start, index)
            start, total = index, 0
        total += size + 1  # the comma
    if start < len(sizes):
        yield slice(start, len(sizes))


def _read_replay(raw: Any) -> Replay | None:
    if raw is None:
        return None
    run, syncs = raw["id"], raw["syncs"]
    if type(run) is not str or not (syncs is None or all(type(sync) is str for sync in syncs)):
        raise TypeError("replay is invalid")
    return Replay(run, None if syncs is None else tuple(syncs))


def _load(body: str) -> dict[str, Any]:
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PackUnreadable(f"not JSON: {error}") from error
    if not isinstance(raw, dict) or raw.get("v") != VERSION:
        raise PackUnreadable(f"no pack of version {VERSION}")
    return raw
