"""What lies in a dead-letter queue: single-event letters, and whole packs that SQS moved there.

Either becomes lines of one form, those of `sluice.delivery.dead_letters`: a letter is its own line, a pack is
one line an event with the reason `unhandled` (or `aws_unavailable`, for packs that Sluice put there itself),
and what is not a pack keeps its text as `body`.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson

from sluice.archiver.ports import Received
from sluice.delivery.dead_letters import Letter
from sluice.errors import PackUnreadable
from sluice.packs import Event, IngestPack, SyncPack, parse_ingest_pack, parse_sync_pack
from sluice.reasons import Reason
from sluice.times import format_time, parse_time

_TEXTS = ("sync", "event_type", "message_id", "reason", "first_seen")
_MOVED = "SQS moved the whole pack here: no receive of it ended well; died_at is when it was sent"
_HELD_UP = "AWS errors held the pack up for a day; died_at is when it was sent here"


def read_letter(body: str) -> Letter | None:
    """The letter in a message of a sync's dead-letter queue; None where it holds anything else."""
    try:
        letter = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if type(letter) is not dict or letter.get("v") != 1 or "event" not in letter or "items" in letter:
        return None
    if any(type(letter.get(name)) is not str for name in _TEXTS) or type(letter.get("attempts")) is not int:
        return None
    return letter if parse_time(letter.get("died_at")) is not None else None


def read_sync_pack(body: str, sync: str) -> SyncPack | None:
    """The pack in a message of this sync's dead-letter queue; None where it is not a pack of this sync."""
    try:
        pack = parse_sync_pack(body)
    except PackUnreadable:
        return None
    return pack if pack.sync == sync else None


def read_ingest_pack(body: str) -> IngestPack | None:
    """The pack in a message of ingest's dead-letter queue; None where it is not a pack."""
    try:
        return parse_ingest_pack(body)
    except PackUnreadable:
        return None


def read_forwarded(body: str) -> list[Event]:
    """The events of a sync pack in ingest's dead-letter queue; empty where the message is not a pack."""
    try:
        return [item.event for item in parse_sync_pack(body).items]
    except PackUnreadable:
        return []


def write_lines(message: Received, sync: str) -> list[Letter]:
    """The archive's lines of a message of a sync's dead-letter queue; of ingest's where `sync` is ""."""
    if not sync:
        return [_write_ingest_line(message)]
    if (letter := read_letter(message.body)) is not None:
        return [letter]
    pack = read_sync_pack(message.body, sync)
    if pack is None:
        return [{**_blank(message, sync), "body": message.body}]
    return [
        {
            **_blank(message, sync),
            "event_type": item.type,
            "message_id": item.message_id,
            "attempts": pack.attempt - 1,
            "first_seen": pack.first_seen,
            "first_attempt_at": pack.first_attempt_at,
            "event": item.event,
            **({"replay": pack.replay} if pack.replay else {}),
        }
        for item in pack.items
    ]


def name_pack(message: Received, sync: str) -> str:
    """The archive's key for a whole pack: the same message always gives the same one."""
    folder = f"sync={sync}" if sync else "ingest"
    digest = sha256(message.body.encode("utf-8", "replace")).hexdigest()[:32]
    return f"dead/{folder}/dt={format_time(message.sent_at)[:10]}/{digest}.jsonl"


def identify(letter: Letter) -> tuple[Any, ...]:
    """What tells a letter from every other one of its sync: the item, and which of its deaths it is."""
    return tuple(letter.get(name) for name in ("event_type", "message_id", "attempts", "died_at", "body"))


def dump_lines(lines: Sequence[Letter]) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def _blank(message: Received, sync: str) -> Letter:
    """A letter about a message of which nothing else is known."""
    sent = format_time(message.sent_at)
    return {
        "v": 1,
        "sync": sync,
        "event_type": "",
        "message_id": "",
        **_explain(message),
        "status": None,
        "attempts": 0,
        "first_seen": sent,
        "first_attempt_at": None,
        "died_at": sent,
        "event": None,
        "payload": None,
        "request": None,
        "response": None,
    }


def _explain(message: Received) -> Letter:
    """Why a whole pack is here."""
    if message.reason == Reason.AWS_UNAVAILABLE:
        return {"reason": Reason.AWS_UNAVAILABLE.value, "detail": _HELD_UP}
    return {"reason": Reason.UNHANDLED.value, "detail": _MOVED}


def _write_ingest_line(message: Received) -> Letter:
    """`pack` is the message as it stands, so that it can be sent again as it was.

    A sync pack is one that its queue refused, and that the router could not forward.
    """
    pack = read_ingest_pack(message.body)
    events = pack.events if pack else read_forwarded(message.body)
    return {
        "v": 1,
        **_explain(message),
        "died_at": format_time(message.sent_at),
        "source": pack.source if pack else "",
        "pack_id": pack.pack_id if pack else "",
        "message_ids": [event.get("messageId") for event in events],
        **({"pack": orjson.Fragment(message.body)} if events else {"body": message.body}),
    }
