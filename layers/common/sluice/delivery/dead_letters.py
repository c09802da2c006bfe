"""Dead letters: a JSON object for each item that will not be delivered, with all one needs to see why.

The archive keeps them whole, many a file; the DLQ has one a message, cut to what SQS takes, with what tools
filter by in its attributes. Nothing here holds a secret: a text that does is dropped.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from sluice.delivery.auth import Auth
from sluice.destinations.declaration import Entry, Request, Response
from sluice.errors import DeliveryError
from sluice.packs import SyncPack
from sluice.secret_texts import DROPPED
from sluice.times import format_time

MAX_BODY = 900 * 1024  # below SQS's 1 MiB, with room for the attributes and for tools that wrap it
MAX_ATTRIBUTE = 256
EXCERPT = 4096
_MAX_DETAIL = 1000
_BEHIND = 256  # what is behind a cut says whether a secret begins before it
_SHED = ("request", "payload", "response", "event")  # what a letter loses first when it is too large
_NOT_IN_SQS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

type Letter = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Death:
    """An item, why it died, and the call that said so (None where none was made)."""

    entry: Entry
    error: DeliveryError
    request: Request | None = None
    response: Response | None = None


def write_letter(
    pack: SyncPack, death: Death, auth: Auth, *, first_attempt_at: str | None, now: float
) -> Letter:
    """The letter as the archive keeps it. `attempts` counts this one only if a request was made."""
    item, payload = death.entry
    error, request, response = death.error, death.request, death.response
    return {
        "v": 1,
        "sync": pack.sync,
        "event_type": item.type,
        "message_id": item.message_id,
        "reason": error.reason.value,
        "detail": auth.secrets.hide(error.detail[: _MAX_DETAIL + _BEHIND])[:_MAX_DETAIL],
        "status": error.status,
        "attempts": pack.attempt if request else pack.attempt - 1,
        "first_seen": pack.first_seen,
        "first_attempt_at": first_attempt_at,
        "died_at": format_time(now),
        **({"replay": pack.replay} if pack.replay else {}),
        "event": item.event,
        "payload": payload,
        "request": None if request is None else _record_request(request, auth),
        "response": None if response is None else _record_response(response, auth),
    }


def dump_letter(letter: Letter) -> str:
    """The DLQ's message body, 900 KiB at most: what had to go is null and named in `dropped`."""
    body = orjson.dumps(letter)
    dropped: list[str] = []
    for part in _SHED:
        if len(body) <= MAX_BODY:
            break
        dropped.append(part)
        body = orjson.dumps({**letter, **dict.fromkeys(dropped), "dropped": dropped})
    return clean_text(body.decode())


def letter_attributes(letter: Letter) -> dict[str, str]:
    """What tools filter a DLQ by, in SQS's alphabet, without the empty ones."""
    event = letter["event"]
    found = {
        "reason": letter["reason"],
        "status": letter["status"],
        "attempts": letter["attempts"],
        "message_id": letter["message_id"],
        "event_name": event.get("event"),
        "event_type": letter["event_type"],
        "first_seen": letter["first_seen"],
    }
    texts = {name: _clean_attribute(value) for name, value in found.items() if value is not None}
    return {name: text for name, text in texts.items() if text}


def name_letters(letters: Sequence[Letter]) -> str:
    """The archive's key for the letters that one pack's run wrote; the same items give the same name."""
    first = letters[0]
    told = [f"{letter['event_type']}\n{letter['message_id']}\n{letter['attempts']}" for letter in letters]
    digest = sha256("\n".join([first["first_seen"], *told]).encode("utf-8", "replace")).hexdigest()[:32]
    return f"dead/sync={first['sync']}/dt={first['died_at'][:10]}/{digest}.jsonl"


def dump_letters(letters: Sequence[Letter]) -> bytes:
    """The archive's object: one letter a line."""
    return b"".join(orjson.dumps(letter) + b"\n" for letter in letters)


def clean_text(text: str) -> str:
    """`text` with U+FFFD for what SQS refuses to carry."""
    return _NOT_IN_SQS.sub("\ufffd", text)


def _clean_attribute(value: object) -> str:
    return clean_text(str(value)).strip()[:MAX_ATTRIBUTE]


def _record_request(request: Request, auth: Auth) -> Mapping[str, Any]:
    """`items` says how many the call was about; the body is this item's part of it."""
    return {
        "method": request.method,
        "url": request.url,
        "headers": auth.mask_headers(request.headers),
        "items": len(request.entries),
        "body": _hide_body(request.body.decode("utf-8", "replace"), auth),
    }


def _hide_body(body: str, auth: Auth) -> str:
    """Sluice wrote it, from the event: a secret could stand in it only as it is."""
    return DROPPED if auth.secrets.stand_in(body) else body


def _record_response(response: Response, auth: Auth) -> Mapping[str, Any]:
    """The beginning of the answer, or that it was dropped because it shows a secret, however encoded."""
    cut_off = not response.complete or len(response.body) > EXCERPT
    seen = response.body[: EXCERPT + _BEHIND].decode("utf-8", "replace")
    text = response.body[:EXCERPT].decode("utf-8", "replace")
    if auth.secrets.are_in(seen, cut_off=cut_off):
        text = DROPPED
    return {"status": response.status, "body": text, "truncated": cut_off}
