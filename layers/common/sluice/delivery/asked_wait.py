"""How long a destination asks to wait: `Retry-After` and the headers of rate limits, the one place for all.

A number is seconds where it is a sane number of seconds, and epoch time (seconds to nanoseconds, told
apart by magnitude) where that is a plausible time; a text may be a date. Anything else is ignored: the
retry schedule applies.
"""

import re
from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime

from sluice.destinations.declaration import Headers
from sluice.times import parse_time

LONGEST = 86_400.0
"""Seconds. What asks for more is not about the load of the moment, or is not a wait at all."""

RESETS = (
    "x-ratelimit-reset-after",
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "rate-limit-reset",
)
_NUMBER = re.compile(r"[0-9]{1,25}(?:\.[0-9]{0,12})?")
_FIELD = re.compile(
    r"(?:^|[;,\s])(?:t|reset)=([0-9]+)"
)  # of `RateLimit`: both forms that its drafts have had
_MAX_TEXT = 1000  # of a value that is worth reading
_FIRST_EPOCH = 1_000_000_000  # in seconds; below that a number is not a time of this century
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))  # from which magnitude on, parts of a second


def find_asked_wait(headers: Headers, now: float, *, limited: bool) -> float | None:
    """Seconds from `now` (epoch seconds), from 0 to LONGEST; None where the answer names none.

    `limited`: the answer refuses a rate. The headers of rate limits stand in other answers too, and mean
    nothing then. `Retry-After` comes before them.
    """
    for wait in _read(headers, now, limited=limited):
        if wait is not None:
            return wait
    return None


def parse_wait(value: object, now: float) -> float | None:
    """One header's value as seconds from `now`, or None. Repeated values count as the longest of them."""
    text = _read_text(value)
    parts = [part.strip() for part in text.split(",")]
    if all(map(_NUMBER.fullmatch, parts)):
        waits = [_read_number(float(part), now) for part in parts]
        return max((wait for wait in waits if wait is not None), default=None)
    moment = None if text.isdigit() else _read_date(text)
    return None if moment is None else _until(moment, now)


def _read(headers: Headers, now: float, *, limited: bool) -> Iterable[float | None]:
    yield parse_wait(headers.get("retry-after"), now)
    milliseconds = _read_text(headers.get("retry-after-ms"))
    if _NUMBER.fullmatch(milliseconds):
        yield _sane(float(milliseconds) / 1000)
    if not limited:
        return
    for name in RESETS:
        yield parse_wait(headers.get(name), now)
    seconds = _FIELD.findall(_read_text(headers.get("ratelimit")))
    yield max((wait for text in seconds if (wait := parse_wait(text, now)) is not None), default=None)


def _read_text(value: object) -> str:
    text = "" if value is None else str(value).strip()
    return text if len(text) <= _MAX_TEXT else ""


def _read_number(number: float, now: float) -> float | None:
    sane = _sane(number)
    if sane is not None:
        return sane
    unit = next(unit for least, unit in _UNITS if number >= least)
    moment = number / unit
    return _until(moment, now) if moment >= _FIRST_EPOCH else None


def _read_date(text: str) -> float | None:
    """Epoch seconds of an HTTP date in any of its three forms (RFC 9110 §5.6.7), or of ISO 8601."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return parse_time(text)
    if moment.tzinfo is None:  # "-0000", or none: UTC, as the standard has it
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.timestamp()
    except OverflowError:
        return None


def _until(moment: float, now: float) -> float | None:
    """Seconds until a time; one that is over asks for no wait."""
    return _sane(max(moment - now, 0.0))


def _sane(seconds: float) -> float | None:
    return seconds if seconds <= LONGEST else None
