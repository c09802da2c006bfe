"""From the bytes of a body to JSON, bounded, and repaired where SDKs send what JSON does not have."""

import json
import math
import re
import zlib
from typing import Any

import orjson

from sluice.errors import RequestError

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_MAX_MEMBERS = 100  # of a gzip body: each costs a copy of those behind it
# Parsed, an object takes up to 250 bytes: 10 MB of `{"":0},` would be 350 MB. SDKs send one in 40 bytes.
_MAX_CONTAINERS = 500_000

NON_FINITE, SURROGATES = "numbers that are not finite became null", "broken characters became U+FFFD"


def decode_body(body: bytes, *, max_bytes: int) -> bytes:
    """The body unpacked; gzip is told by its magic bytes, since a gateway may have unpacked it already.

    Never makes more than `max_bytes` (413); gzip that breaks off, or has over 100 members, is refused (400).
    """
    if body[:2] != _GZIP:
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        return body.removeprefix(_BOM)
    parts: list[bytes] = []
    left = max_bytes
    while body[:2] == _GZIP:
        if len(parts) == _MAX_MEMBERS:
            raise RequestError(400, "invalid_gzip", "The gzip body has too many members.")
        member = zlib.decompressobj(wbits=31)
        try:
            part = member.decompress(body, left + 1)
        except zlib.error as error:
            raise RequestError(400, "invalid_gzip", "The body is not valid gzip.") from error
        left -= len(part)
        if left < 0:
            raise _too_large(max_bytes)
        if not member.eof:
            raise RequestError(400, "invalid_gzip", "The gzip body breaks off.")
        parts.append(part)
        body = member.unused_data
    return b"".join(parts).removeprefix(_BOM)


def parse_body(body: bytes) -> tuple[dict[str, Any], bool]:
    """The JSON object in a body, and whether it needs `repair` before it is one that JSON can hold.

    Python SDKs send NaN and Infinity, browsers cut texts in the middle of a surrogate pair: what the strict
    parser refuses is read once more by the lenient one. Raises RequestError 400 for the rest, and 413 for
    more objects and lists than memory has room for (brackets in texts count too).
    """
    if len(body) > _MAX_CONTAINERS and body.count(b"{") + body.count(b"[") > _MAX_CONTAINERS:
        raise RequestError(413, "request_too_large", "The body has too many objects and lists.")
    try:
        value, lenient = orjson.loads(body), False
    except orjson.JSONDecodeError:
        value, lenient = _parse_lenient(body), True
    if not isinstance(value, dict):
        raise RequestError(400, "invalid_body", "The body is not a JSON object.")
    return value, lenient


def _parse_lenient(body: bytes) -> Any:
    try:
        text = body.decode("utf-8", "surrogatepass")
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer of more digits than Python reads
            return json.loads(text, parse_int=_read_integer)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "invalid_json", "The body is not valid JSON.") from error


def _read_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 20 else float(digits)


def _round_integer(value: int) -> float:
    """What the strict parser makes of an integer beyond 64 bits; the largest are infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def repair(value: Any, notes: set[str], depth: int) -> Any:
    """Lenient JSON, changed in place into what strict JSON can hold; `notes` get what was changed.

    Containers nested more than `depth` deep become null, without a note.
    """
    kind = type(value)
    if kind is str:
        if _SURROGATE.search(value):
            notes.add(SURROGATES)
            return _SURROGATE.sub(_REPLACEMENT, value)
    elif kind is float:
        if not math.isfinite(value):
            notes.add(NON_FINITE)
            return None
    elif kind is int:
        if not -(2**63) <= value < 2**64:
            return repair(_round_integer(value), notes, depth)
    elif kind is dict:
        if depth == 0:
            return None
        for key, inner in value.items():
            value[key] = repair(inner, notes, depth - 1)
        if any(_SURROGATE.search(key) for key in value):
            return {repair(key, notes, 1): inner for key, inner in value.items()}
    elif kind is list:
        if depth == 0:
            return None
        value[:] = [repair(inner, notes, depth - 1) for inner in value]
    return value


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(413, "request_too_large", f"A request may have {max_bytes} bytes after unpacking.")
