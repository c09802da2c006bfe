"""How deep and how large an event is, and what is kept of one that is too much of either."""

from collections.abc import Mapping
from typing import Any

import orjson

from sluice.packs import Event

EXCERPT_BYTES = 4096
_IDS = ("messageId", "userId", "anonymousId", "previousId")  # the persons' ids say who may be suppressed
_KEPT = ("type", "event", "originalTimestamp", "receivedAt", *_IDS)
_KEPT_CHARS = 512
_CONTAINERS = {dict, list}
# SQS refuses U+FFFE and U+FFFF; all three are three bytes long. One byte, as a number, is found far faster.
_REFUSED, _REPLACEMENT, _FIRST_BYTE = (b"\xef\xbf\xbe", b"\xef\xbf\xbf"), b"\xef\xbf\xbd", 0xEF


def count_brackets(data: bytes) -> int:
    """Opening brackets in JSON, those in its texts too: nothing is nested deeper than that."""
    lists = data.count(b"[") if ord("[") in data else 0  # count is slow, most events hold no list
    return data.count(b"{") + lists


def is_deeper(value: Any, depth: int) -> bool:
    """Whether containers are nested more than `depth` deep; looks no deeper than that."""
    if type(value) is dict:
        return depth == 0 or any(is_deeper(v, depth - 1) for v in value.values() if type(v) in _CONTAINERS)
    if type(value) is list:
        return depth == 0 or any(is_deeper(v, depth - 1) for v in value if type(v) in _CONTAINERS)
    return False


def cut_down(event: Mapping[str, Any], data: bytes | None, depth: int) -> Event:
    """What the archive keeps of an event that is too large or too deep: ids, size, and the first 4 KB.

    `data` is the event's JSON, None where it is too deep to be written: then its size is null.
    """
    stub: Event = {"size": None if data is None else len(data)}
    for name in _KEPT:
        value = event.get(name)
        if type(value) is str:
            stub[name] = value[:_KEPT_CHARS]
        elif type(value) in {int, float}:
            stub[name] = value
    if data is None:
        data = orjson.dumps(take_head(event, depth, [EXCERPT_BYTES]))
    stub["excerpt"] = data[:EXCERPT_BYTES].decode("utf-8", "ignore")
    return stub


def take_head(value: Any, depth: int, room: list[int]) -> Any:
    """A copy of at most `room[0]` values, in their order, with null for containers under `depth`."""
    room[0] -= 1
    if type(value) in _CONTAINERS and depth == 0:
        return None
    if type(value) is dict:
        return {k: take_head(v, depth - 1, room) for k, v in value.items() if room[0] > 0}
    if type(value) is list:
        return [take_head(v, depth - 1, room) for v in value if room[0] > 0]
    return value


def has_refused(data: bytes) -> bool:
    """Whether JSON holds characters that SQS refuses (it escapes all others of them)."""
    return _FIRST_BYTE in data and (_REFUSED[0] in data or _REFUSED[1] in data)


def replace_refused(data: bytes) -> bytes:
    """The JSON with U+FFFD, as long in bytes, in the place of each character that SQS refuses."""
    for refused in _REFUSED:
        data = data.replace(refused, _REPLACEMENT)
    return data
