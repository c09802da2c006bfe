"""From the bytes of a body to JSON, bounded, and repaired where clients send what JSON does not have.

What JSON or UTF-8 does not allow is marked: a byte of the body that cannot stand where it does becomes the
lone surrogate U+DC00 + byte, which no valid text holds. `repair` turns the marks into characters again, event
by event, so only the events that had such a byte are changed and noted.
"""

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from sluice.errors import RequestError
from sluice.ids import Literal

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT, _MARK = "\ufffd", 0xDC00
# Parsed, an object takes up to 250 bytes: 10 MB of `{"":0},` would be 350 MB. SDKs send one in 40 bytes.
_MAX_CONTAINERS = 500_000
_SHORT = 15  # digits of a number that a float keeps

NON_FINITE, SURROGATES = "numbers that are not finite became null", "broken characters became U+FFFD"
CONTROLS, ESCAPES = "raw control characters in texts were kept", "invalid escapes were read as text"

_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
# One byte a character: only the bytes that are not UTF-8 are read so. Latin-1 means cp1252, as in browsers.
_AS_CP1252 = re.compile("iso[-_]?8859-?1|latin-?1|l1|(us-)?ascii")
_SINGLE = re.compile(
    r"(windows-|cp)125[0-8]|cp(437|850|852|866|874)|iso[-_]?8859-([2-9]|1[013456])|koi8-[ru]"
    r"|macintosh|mac-roman|latin[2-9]|tis-620"
)
# Several bytes a character: the second byte may be a quote or a backslash, so the body is read so as a whole.
_MULTIPLE = re.compile(
    "utf-(16|32)([-_][lb]e)?|utf(16|32)|gbk|gb2312|gb18030|big5|shift[-_]jis|sjis|cp9(32|36|49|50)|euc[-_](jp|kr)"
    "|windows-31j|ms932|ms[-_]kanji|ks_c[-_]5601-1987|big5-hkscs"
)
_OUTSIDE = "\x00-\x08\x0b\x0c\x0e-\x1f\xa0\u200b\ufeff\udc80-\udcff"  # not allowed between strings
_ESCAPE = r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
# As much valid text as there is, or one string that is not valid, or what must not be between strings.
_PARTS = re.compile(
    rf'(?:"(?:[^"\\\x00-\x1f]++|{_ESCAPE})*+"|[^"{_OUTSIDE}]++)++'
    r'|(?P<text>"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))'
    rf"|(?P<space>[{_OUTSIDE}]++)",
    re.DOTALL,
)
_INVALID_ESCAPE = re.compile(r'\\(?!["/bfnrt]|u[0-9a-fA-F]{4})')
_PAIR = "\udbff"  # stands for an escaped backslash while invalid escapes are looked for
_MARK_CONTROLS = {code: _MARK + code for code in range(0x20)}
_UNMARK_CONTROLS = {mark: code for code, mark in _MARK_CONTROLS.items()}
_UNMARK_ESCAPES = {_MARK + ord(char): char for char in "'\\"}
_CONTROL_MARKS, _ESCAPE_MARKS = re.compile("[\udc00-\udc1f]"), re.compile("[\udc27\udc5c]")
_BYTE_MARKS = re.compile("[\udc80-\udcff]")
_UTF16_NULS = 4  # one byte in so many, at least, is NUL in JSON that is UTF-16 or UTF-32


@dataclass(frozen=True, slots=True)
class Marks:
    """What marks in a text may stand for: `raw` control characters and backslashes, bytes of a `charset`."""

    raw: bool = False
    charset: str = ""


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Parsed:
    """The JSON object in a body, and the `text` that was parsed.

    `lenient` tells that the object needs `repair`, with these `marks`, before JSON can hold it; `notes` are
    for every event.
    """

    value: Any
    text: bytes | str
    lenient: bool = False
    marks: Marks = NO_MARKS
    notes: tuple[str, ...] = ()

    def read_exactly(self) -> dict[str, Any]:
        """The object read once more, with a Literal for each number that the parser may have rounded."""
        exact: dict[str, Any] = json.loads(self.text, parse_int=_read_integer, parse_float=_read_float)
        return exact


def parse_body(body: bytes, content_type: str = "") -> Parsed:
    """The JSON object in a body.

    Python SDKs send NaN and Infinity, browsers cut texts in the middle of a surrogate pair, others send bytes
    that are not UTF-8 or raw control characters: what the strict parser refuses is read once more leniently.
    Raises RequestError 400 for the rest, and 413 for more objects and lists than memory has room for
    (brackets in texts count too).
    """
    if len(body) > _MAX_CONTAINERS and body.count(b"{") + body.count(b"[") > _MAX_CONTAINERS:
        raise RequestError(413, "request_too_large", "The body has too many objects and lists.")
    try:
        parsed = Parsed(orjson.loads(body), body)
    except orjson.JSONDecodeError:
        parsed = _parse_lenient(body, content_type)
    if not isinstance(parsed.value, dict):
        raise RequestError(400, "invalid_body", "The body is not a JSON object.")
    return parsed


def may_name(body: bytes, name: str) -> bool:
    """Whether a body may have a field of this name; a cheap look, before the body is parsed."""
    return name.encode() in body or b"\\u" in body or b"\0" in body


def _parse_lenient(body: bytes, content_type: str) -> Parsed:
    text, charset, notes = _decode(body, content_type)
    try:
        try:
            return Parsed(_load(text), text, True, Marks(charset=charset), notes)
        except json.JSONDecodeError:
            text = _PARTS.sub(_mark, text)
            return Parsed(_load(text), text, True, Marks(True, charset), notes)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "invalid_json", "The body is not valid JSON.") from error


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more digits than Python reads
        return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= 20 else float(digits))


def _decode(body: bytes, content_type: str) -> tuple[str, str, tuple[str, ...]]:
    """The text of a body with its bytes that are not UTF-8 marked, the charset of these, and notes.

    Never looks up a charset that is not listed here: Python has some that are not text.
    """
    detected = json.detect_encoding(body)  # by a byte order mark, or NULs
    has_nuls = body.count(0) * _UTF16_NULS > len(body)
    if detected in {"utf-16", "utf-32"} or (has_nuls and not detected.startswith("utf-8")):
        return _decode_whole(body, detected)
    found = _CHARSET.search(content_type)
    declared = found[1].lower().removeprefix("x-") if found else ""
    try:
        return body.decode("utf-8", "surrogatepass"), "", ()
    except UnicodeDecodeError:
        if _MULTIPLE.fullmatch(declared):
            return _decode_whole(body, declared)
    charset = "cp1252" if _AS_CP1252.fullmatch(declared) else declared
    text = body.decode("utf-8", "surrogateescape")
    return text, charset if _SINGLE.fullmatch(charset) else "", ()


def _decode_whole(body: bytes, charset: str) -> tuple[str, str, tuple[str, ...]]:
    return body.decode(charset, "replace"), "", (f"the body was read as {charset}",)


def _mark(found: re.Match[str]) -> str:
    """A string with marks for what JSON does not allow in it; a space for what it does not allow outside."""
    if found["space"]:
        return " "
    text = found["text"]
    if text is None:
        return found[0]
    if "\\" in text:
        text = text.replace("\\\\", _PAIR).replace("\\'", chr(_MARK + ord("'")))
        text = _INVALID_ESCAPE.sub(chr(_MARK + ord("\\")), text).replace(_PAIR, "\\\\")
    return text.translate(_MARK_CONTROLS)


def _read_integer(digits: str) -> int | Literal:
    return int(digits) if len(digits) <= _SHORT else Literal(digits)


def _read_float(digits: str) -> float | Literal:
    return float(digits) if len(digits) <= _SHORT and "e" not in digits.lower() else Literal(digits)


def _round_integer(value: int) -> float:
    """What the strict parser makes of an integer beyond 64 bits; the largest are infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def repair(value: Any, notes: set[str], depth: int, marks: Marks = NO_MARKS) -> Any:
    """Lenient JSON, changed in place into what strict JSON can hold; `notes` get what was changed.

    Containers nested more than `depth` deep become null, without a note.
    """
    kind = type(value)
    if kind is str:
        if _SURROGATE.search(value):
            return _repair_text(value, notes, marks)
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
            value[key] = repair(inner, notes, depth - 1, marks)
        if any(_SURROGATE.search(key) for key in value):
            return {repair(key, notes, 1, marks): inner for key, inner in value.items()}
    elif kind is list:
        if depth == 0:
            return None
        value[:] = [repair(inner, notes, depth - 1, marks) for inner in value]
    return value


def _repair_text(text: str, notes: set[str], marks: Marks) -> str:
    if marks.raw and _CONTROL_MARKS.search(text):
        notes.add(CONTROLS)
        text = text.translate(_UNMARK_CONTROLS)
    if marks.raw and _ESCAPE_MARKS.search(text):
        notes.add(ESCAPES)
        text = text.translate(_UNMARK_ESCAPES)
    if marks.charset and _BYTE_MARKS.search(text):
        notes.add(f"bytes that are not UTF-8 were read as {marks.charset}")
        text = text.translate(_unmark_bytes(marks.charset))
    if _SURROGATE.search(text):
        notes.add(SURROGATES)
        text = _SURROGATE.sub(_REPLACEMENT, text)
    return text


@cache
def _unmark_bytes(charset: str) -> dict[int, str]:
    return {_MARK + byte: bytes([byte]).decode(charset, "replace") for byte in range(0x80, 0x100)}
