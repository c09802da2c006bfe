"""What becomes of each event of a pack: its archive line, and an item for each event type that takes it.

Runs per event, so it splices bytes: each is serialised once for the archive and escaped once for all syncs.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.packs import Event, IngestPack
from sluice.quoted import escape
from sluice.reasons import Reason
from sluice.routing.decide import Decide, Decision

type TypedEvent = tuple[str, bytes, int]  # event type, escaped event, size of the event's JSON


@dataclass(slots=True)
class Routed:
    """One pack's archive lines, in the order of its events, its items by sync slug, and how many of what.

    `blocked` counts events by reason, an event with two reasons twice; `blocked_events` counts events.
    `dropped`, `violations` and `skipped` (one an event and sync) are counted by reason, too, and
    `function_errors` by function.
    `replay` is the id of the replay that the pack is part of, None for live events. `refused` are the places
    in `lines` of what was blocked.
    """

    received_at: str
    replay: str | None = None
    lines: list[bytes] = field(default_factory=list)
    items: dict[str, list[TypedEvent]] = field(default_factory=dict)
    accepted: int = 0
    duplicates: int = 0
    blocked_events: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    function_errors: Counter[str] = field(default_factory=Counter)
    source: str = ""
    pack_id: str = ""
    refused: list[int] = field(default_factory=list)


DUPLICATE = b'"verdict":"duplicate","reasons":["%b"],"syncs":[]' % Reason.DUPLICATE.encode()


def judge_pack(pack: IngestPack, decide: Decide, duplicates: frozenset[int], workspace: str) -> Routed:
    """Every event of the pack as one line, in order, and as the items it is sent as.

    A line is `{v, pack_id, parent_id, source, received_at, workspace, n, message_id, verdict, reasons,
    syncs, event}`; `workspace` is the digest of the configuration that decided. Lines of a replay have its
    id as `replay`, too.
    """
    replay = pack.replay.id if pack.replay else None
    routed = Routed(pack.received_at, replay, source=pack.source, pack_id=pack.pack_id)
    blocked, dumps = pack.blocked, orjson.dumps
    head = dump_head(pack, workspace)
    for n, event in enumerate(pack.events):
        if n in duplicates:
            verdict = DUPLICATE
            routed.duplicates += 1
        elif n in blocked:
            verdict = b'"verdict":"blocked","reasons":%b,"syncs":[]' % dumps(blocked[n])
            routed.blocked_events += 1
            routed.blocked.update(blocked[n])
            routed.refused.append(n)
        else:
            add_accepted(routed, head, n, event, decide(event))
            continue
        routed.lines.append(dump_line(head, n, event, verdict, dumps(event)))
    return routed


def add_accepted(routed: Routed, head: bytes, n: int, event: Event, decision: Decision) -> None:
    """The line of an event of which there is no more to say, and the items that it is sent as."""
    raw = orjson.dumps(event)
    routed.accepted += 1
    routed.lines.append(dump_line(head, n, event, decision.verdict_json, raw))
    if decision.skipped:
        routed.skipped.update(reason for _, reason in decision.skipped)
    if decision.routes:
        escaped, size, items = escape(raw), len(raw), routed.items
        for sync, event_type in decision.routes:
            items.setdefault(sync, []).append((event_type, escaped, size))


def dump_line(head: bytes, n: int, event: Event, verdict: bytes, raw: bytes) -> bytes:
    """An archive line from its parts; `raw` is the event's JSON, `verdict` may end in more fields."""
    message_id = orjson.dumps(event.get("messageId"))
    return b'%b%d,"message_id":%b,%b,"event":%b}\n' % (head, n, message_id, verdict, raw)


def dump_head(pack: IngestPack, workspace: str, parent_id: Any = None) -> bytes:
    """The start of the pack's lines, up to the number of the event."""
    constant = {
        "v": 1,
        "pack_id": pack.pack_id,
        "parent_id": parent_id,
        "source": pack.source,
        "received_at": pack.received_at,
        "workspace": workspace,
        **({"replay": pack.replay.id} if pack.replay else {}),
    }
    return orjson.dumps(constant)[:-1] + b',"n":'
