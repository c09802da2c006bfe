"""Taken lines become packs: ingest packs for the router, or sync packs for the queue of one sync."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from cli.replay.history import Line
from cli.replay.plan import Plan
from cli.suppressed import FindSuppressed
from sluice.delivery.dead_letters import clean_text
from sluice.packs import (
    Event,
    IngestPack,
    Replay,
    SyncPack,
    cut,
    dump_ingest_pack,
    dump_item,
    dump_sync_pack,
)

INGEST = ""  # where a pack goes that goes to no one sync


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message body for the queue of a sync, or of ingest ("" for the sync), with `events` in it.

    `suppressed` were left out because of their user. Where that were all, there is nothing to send.
    """

    sync: str
    body: str
    group: str
    events: int
    suppressed: int = 0


@dataclass(slots=True)
class _Pile:
    """Events that may share a pack, also as JSON, with the times of which the earliest stands on the pack."""

    events: list[Event] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    times: list[str] = field(default_factory=list)


def make_packs(
    plan: Plan, lines: Iterable[Line], window: str, max_events: int | None, find_suppressed: FindSuppressed
) -> Iterator[Outgoing]:
    """Packs of the lines of a window whose first object is `window`.

    The same lines give the same number of packs, cut alike: a resume counts on it. Users may be suppressed
    meanwhile, so they are looked for in what was cut.
    """
    if plan.ingest:
        for line in lines:
            yield _send_as_it_was(line["pack"], find_suppressed)
        return
    piles: dict[str, _Pile] = {}
    for line in lines:
        event: Event = line.get("original") or line["event"]  # rules are applied anew
        raw = orjson.dumps(event)
        pile = piles.setdefault(line["sync"] if plan.dead else line["source"], _Pile())
        pile.events.append(event)
        pile.raws.append(dump_item(line["event_type"], raw) if plan.is_straight else raw)
        pile.times.append(line["first_seen"] if plan.dead else line["received_at"])
    for name, pile in piles.items():
        for n, part in enumerate(cut([len(raw) for raw in pile.raws], max_items=max_events)):
            raws, earliest = pile.raws[part], min(pile.times[part])
            if plan.is_straight:
                stopped = find_suppressed(pile.events[part])
                left = [raw for at, raw in enumerate(raws) if at not in stopped]
                yield _make_sync_pack(plan, name, left, earliest, len(stopped))
            else:
                pack_id = sha256(f"{plan.id}\n{window}\n{name}\n{n}".encode()).hexdigest()[:32]
                yield _make_ingest_pack(plan, name, raws, earliest, pack_id)


def _send_as_it_was(pack: dict[str, Any], find_suppressed: FindSuppressed) -> Outgoing:
    """A pack of ingest, or a sync pack that its queue refused: of the latter the router only forwards the
    items, so those of suppressed users are left out here."""
    if "items" not in pack:
        return Outgoing(INGEST, orjson.dumps(pack).decode(), "", len(pack["events"]))
    items = pack["items"]
    stopped = find_suppressed([item["event"] for item in items])
    left = [item for at, item in enumerate(items) if at not in stopped]
    body = orjson.dumps({**pack, "items": left}).decode() if left else ""
    return Outgoing(INGEST, body, "", len(left), len(stopped))


def _make_sync_pack(plan: Plan, sync: str, raws: list[bytes], first_seen: str, suppressed: int) -> Outgoing:
    """A first attempt: the window of retries begins anew."""
    pack = SyncPack(sync, [], attempt=1, first_seen=first_seen, replay=plan.id)
    body = clean_text(dump_sync_pack(pack, raws)) if raws else ""
    return Outgoing(sync, body, pack.group, len(raws), suppressed)


def _make_ingest_pack(plan: Plan, name: str, raws: list[bytes], received_at: str, pack_id: str) -> Outgoing:
    """`name` is a source, or, of letters that go through the router, a sync. The pack is nobody's resend."""
    run = Replay(plan.id, (name,) if plan.dead else plan.syncs or None)
    pack = IngestPack(
        pack_id=pack_id,
        part=0,
        source=(plan.routes or {})[name] if plan.dead else name,
        received_at=received_at,
        client={},
        dedup_key=pack_id,
        events=[],
        replay=run,
    )
    return Outgoing(INGEST, clean_text(dump_ingest_pack(pack, raws)), run.group, len(raws))
