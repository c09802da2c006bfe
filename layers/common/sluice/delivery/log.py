"""The delivery log: one JSON line for each item and attempt, on its way to `deliveries/` in the bucket.

What was only postponed has no line: nothing was attempted. After a crash a line may stand there twice.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

import orjson

from sluice.packs import Item, SyncPack
from sluice.times import format_time

type Result = Literal["delivered", "retry", "dead"]


def dump_lines(
    pack: SyncPack,
    items: Sequence[Item],
    outcome: Result,
    *,
    attempt: int,
    at: float,
    reason: str | None = None,
    status: int | None = None,
    latency: float | None = None,
    next_at: float | None = None,
) -> list[bytes]:
    """A line, with its line feed, for each of the items that fared alike.

    `at` (epoch seconds) is when the answer came, `latency` the seconds that the destination took for it (None
    where no call was made), `next_at` when an item that waits is tried again. `attempt` is 0 for an item that
    died without one.
    """
    alike = {
        "attempt": attempt,
        "outcome": outcome,
        "reason": reason,
        "status": status,
        "latency_ms": None if latency is None else round(latency * 1000),
        "at": format_time(at),
        "next_at": None if next_at is None else format_time(next_at),
        "first_seen": pack.first_seen,
        "replay": pack.replay,
    }
    head = b'{"v":1,"sync":%b,"event_type":' % orjson.dumps(pack.sync)
    tail = b"," + orjson.dumps(alike)[1:] + b"\n"
    return [
        b'%b%b,"message_id":%b%b' % (head, orjson.dumps(item.type), orjson.dumps(item.message_id), tail)
        for item in items
    ]


def name_object(lines: bytes, now: float) -> str:
    """The key for lines that Firehose did not take, beside its own objects of the hour."""
    moment = format_time(now)
    digest = sha256(lines).hexdigest()[:32]
    return f"deliveries/dt={moment[:10]}/hr={moment[11:13]}/direct-{digest}.jsonl"
