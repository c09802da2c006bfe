"""Casts: one value made into the type a destination expects, in templates (`cast:`) and mappings (`as:`).

Null stays null and a missing field stays missing: there is nothing to cast. What cannot be cast is an error
with an excerpt of the value; nothing turns into 0 or false by accident.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

import orjson

from sluice.errors import MappingError, WorkspaceError
from sluice.fields import MISSING
from sluice.times import LATEST, find_receipt, format_time, has_happened, read_time

EXCERPT: Final = 64
"""Characters of a value that an error shows at most."""

MAX_INTEGER: Final = 2**63
"""Integers are of 64 bits with a sign: what JSON readers everywhere keep exactly."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def cast(value: Any, kind: str, event: Any = None) -> Any:
    """`value` as a `kind` of CASTS. Raises MappingError if that fails, WorkspaceError for an unknown kind."""
    return compile_cast(kind)(value, event)


def compile_cast(kind: str) -> Callable[..., Any]:
    """The function that casts a value to `kind`. Raises WorkspaceError where there is no such kind.

    It takes the value and the event it belongs to: a time must not be after the event's receipt by more than
    a day. Without an event, or one that has no `receivedAt`, it may be any from 1970 on.
    """
    try:
        convert = CASTS[kind]
    except (KeyError, TypeError):
        raise WorkspaceError(f"there is no cast to {kind!r}", hint=f"one of {', '.join(CASTS)}") from None

    def convert_present(value: Any, _event: Any = None) -> Any:
        return value if value is None or value is MISSING else convert(value)

    def convert_time(value: Any, event: Any = None) -> Any:
        return value if value is None or value is MISSING else _to_timestamp(value, event)

    return convert_time if convert is _to_timestamp else convert_present


def excerpt(value: Any) -> str:
    """At most 64 characters that show a value, as JSON."""
    try:
        text = orjson.dumps(value[: EXCERPT + 1] if isinstance(value, str | list) else value).decode()
    except TypeError:  # no JSON of orjson's: half a surrogate pair, a number beyond 64 bits
        text = _escaped(value)
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


def _escaped(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return "a value that is not JSON"


def refuse(value: Any, wanted: str) -> MappingError:
    """The error of a value that is not what it should be."""
    return MappingError(f"{excerpt(value)} is not {wanted}")


def parse_number(text: str) -> int | float | None:
    """The number that a text holds: digits, sign, one dot, exponent; None for other text, NaN, infinity."""
    text = text.strip()
    if len(text) > EXCERPT or not _NUMBER.fullmatch(text):
        return None
    if _INTEGER.fullmatch(text) and -MAX_INTEGER <= (whole := int(text)) < MAX_INTEGER:
        return whole
    number = float(text)
    return number if math.isfinite(number) else None


def _to_string(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return _to_json_text(value)
        case _:
            return str(value)


def _to_json_text(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise refuse(value, "writable as JSON") from error


def _to_number(value: Any) -> int | float:
    if type(value) is int or type(value) is float:
        return value
    number = parse_number(value) if type(value) is str else None
    if number is None:
        raise refuse(value, "a number")
    return number


def _to_integer(value: Any) -> int:
    number = _to_number(value)
    if not math.isfinite(number) or number % 1 or not -MAX_INTEGER <= number < MAX_INTEGER:
        raise refuse(value, "an integer")
    return int(number)


def _to_boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    word = str(value).strip().lower() if type(value) in {str, int} and len(str(value)) <= EXCERPT else ""
    if word not in _TRUE and word not in _FALSE:
        raise refuse(value, "a boolean")
    return word in _TRUE


def _to_timestamp(value: Any, event: Any = None) -> str:
    epoch = read_time(value)
    if epoch is None:
        raise refuse(value, "a time")
    received = find_receipt(event)
    if not has_happened(epoch, LATEST if received is None else received):
        raise refuse(value, "a time from 1970 to one day after the event's receipt")
    return format_time(epoch)


def _to_json(value: Any) -> Any:
    if type(value) is not str:
        return value
    try:
        return orjson.loads(value)
    except ValueError as error:
        raise refuse(value, "JSON") from error


def _to_array(value: Any) -> list[Any]:
    if type(value) is list:
        return value
    if type(value) is str and value.lstrip().startswith("["):
        parsed = _to_json(value)
        if type(parsed) is list:
            return parsed
    return [value]


CASTS: Final[dict[str, Callable[[Any], Any]]] = {
    "string": _to_string,
    "number": _to_number,
    "integer": _to_integer,
    "boolean": _to_boolean,
    "timestamp": _to_timestamp,
    "json": _to_json,
    "array": _to_array,
}
