"""Times: every form that clients send in, epoch seconds inside, `…Z` with milliseconds out.

`read_time` is the one parser for times that others wrote: ingest, casts, the Liquid filters, the operators
`before`, `after` and `within`, contracts and the command line use it. `parse_time` reads what Sluice wrote.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sluice.ids import trim

# What a datetime can be moved by without leaving years 1 to 9999.
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC).timestamp(), datetime(9999, 12, 30, tzinfo=UTC).timestamp()
_EPOCH, _NAIVE_EPOCH = datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1)

DAY: Final = 86_400.0

MAX_CHARACTERS: Final = 160
"""Longest text that can be a time; JavaScript writes the name of the time zone in the user's language."""

_MILLISECONDS = [f".{n:03d}Z" for n in range(1000)]

# Numbers below each limit are in this many units a second. Each limit is the year 5138 in its unit.
_UNITS: Final = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))

# The last day of year 9999, for "never", is a moment of 1978 in the next smaller unit.
_NEVER: Final = (253_402_214.4, 253_402_300.8)

_MONTHS = {
    name: n
    for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)  # noqa: SIM905
}
# RFC 2822, section 4.3: the zones that have a meaning, in hours from UTC.
_ZONES = {"z": 0, "utc": 0, "ut": 0, "gmt": 0} | {
    **{"est": -5, "edt": -4, "cst": -6, "cdt": -5},
    **{"mst": -7, "mdt": -6, "pst": -8, "pdt": -7},
}
_UNIVERSAL = frozenset({"", "utc", "ut", "gmt"})  # may have an offset behind it: GMT+0100

_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*(?: ?, ?| ))?"
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
# A zone, an offset or both; behind either the zone's name once more: `(CET)`, ` CET`, `[Europe/Paris]`.
_OFFSET = (
    r" ?(?P<zone>[a-z]{1,3})?(?P<offset>[+-]\d\d(?::?\d\d)?)?"
    r"(?P<name> ?\((?:[^()]|\([^()]*\))*+\)|(?:\[[^\[\]]+\])++|(?<=\d) [a-z]{2,5})?"
)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


_NUMBER = _compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?")
_COMPACT_DAY = _compile(r"(?:19|20)\d{6}")
_COMPACT = _compile(
    r"(?P<day>\d{8}|\d{4}-?W\d\d(?:-?\d)?)"
    r"(?:T(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d(?:[.,]\d+)?))?(?P<offset>Z|[+-]\d\d(?::?\d\d)?)?)?"
)
# What nearly everybody sends. `datetime.fromisoformat` alone takes more, such as `2021-01-01T00:00:00Z2022`.
_COMMON = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
# Each space stands for any white space.
_FORMS: Final = (
    # RFC 3339 and ISO 8601, and what Python, Ruby, Go, Java and SQL make of it
    _compile(rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)(?:[T ]{_CLOCK})?{_OFFSET}"),
    # RFC 2822, RFC 9110, JavaScript's toUTCString: Fri, 01 Jan 2021 00:00:00 GMT
    _compile(rf"{_WEEKDAY}(?P<day>\d\d?)[ -]{_MONTH}[ -](?P<year>\d{{2,4}}) {_CLOCK}{_OFFSET}"),
    # JavaScript's toString: Fri Jan 01 2021 00:00:00 GMT+0100 (Central European Standard Time)
    _compile(rf"{_WEEKDAY}{_MONTH} (?P<day>\d\d?),? (?P<year>\d{{4}}) {_CLOCK}{_OFFSET}"),
    # C's ctime, Java's toString: Fri Jan  1 00:00:00 UTC 2021
    _compile(rf"{_WEEKDAY}{_MONTH} (?P<day>\d\d?) {_CLOCK}{_OFFSET} (?P<year>\d{{4}})"),
)


def read_time(value: object) -> float | None:
    """Epoch seconds of a time in any form that docs/times.md lists; None for anything else. Never raises.

    Numbers are seconds to nanoseconds since 1970, told apart by magnitude. Without an offset a time is UTC.
    """
    if type(value) is str:
        if (  # `2026-12-01T00:00:00.000Z`, as nearly all SDKs write it
            len(value) == 24
            and value[10] == "T"
            and value[13] == ":"
            and value[16] == ":"
            and value[19] == "."
            and value[23] == "Z"
            and value[0] in "12"
        ):
            try:
                return (datetime.fromisoformat(value) - _EPOCH).total_seconds()
            except ValueError:
                pass
        return _read_text(value) if len(value) <= MAX_CHARACTERS else None
    if type(value) is int or type(value) is float:
        return _read_number(value)
    return None


def has_happened(epoch: float, received_at: float) -> bool:
    """Whether a time lies from 1970 to one day after the receipt."""
    return 0 <= epoch <= received_at + DAY


def find_receipt(event: Any) -> float | None:
    """Epoch seconds of the event's `receivedAt`; None where it has none."""
    received = event.get("receivedAt") if type(event) is dict else None
    return _parse_receipt(received) if type(received) is str else None


def parse_time(text: object) -> float | None:
    """Epoch seconds of an ISO 8601 date or time; without an offset it is UTC. None where it is not one."""
    if type(text) is not str:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _find_epoch(moment)


def format_time(epoch: float) -> str:
    """`2026-11-22T01:02:03.456Z`: always 24 characters; times out of range stop at the first or last year.

    For times of Sluice's own. A time that somebody else wrote has been through `read_time`: it is in range.
    """
    if not EARLIEST <= epoch <= LATEST:
        epoch = EARLIEST if epoch < EARLIEST else LATEST
    milliseconds = round(epoch * 1000)
    return _format_second(milliseconds // 1000) + _MILLISECONDS[milliseconds % 1000]


def _find_epoch(moment: datetime) -> float | None:
    epoch = (moment - (_EPOCH if moment.tzinfo else _NAIVE_EPOCH)).total_seconds()
    return epoch if EARLIEST <= epoch <= LATEST else None


@lru_cache(maxsize=4096)
def _format_second(epoch: int) -> str:
    """The events of a request are seconds apart, and this is most of the work."""
    return (_EPOCH + timedelta(seconds=epoch)).isoformat()[:19]


@lru_cache(maxsize=1024)
def _parse_receipt(text: str) -> float | None:
    """The events of a request have the same one."""
    return parse_time(text)


def _read_text(text: str) -> float | None:
    if _COMMON.fullmatch(text):
        try:
            return _find_epoch(datetime.fromisoformat(text))
        except ValueError:
            pass
    text = " ".join(trim(text).split())
    if _NUMBER.fullmatch(text):
        day = parse_time(text) if _COMPACT_DAY.fullmatch(text) else None
        if day is not None:
            return day
        return _read_number(int(text) if text.isdigit() else float(text))
    if compact := _COMPACT.fullmatch(text):
        return _read_compact(compact)
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _read_parts(match)
    return None


def _read_compact(match: re.Match[str]) -> float | None:
    """A day without hyphens, or of a week, and its clock with or without colons."""
    day = parse_time(match["day"].upper())
    if day is None or match["hour"] is None:
        return day
    clock = f"{match['hour']}:{match['minute']}:{match['second'] or '00'}{match['offset'] or ''}"
    return _read_text(f"{format_time(day)[:10]}T{clock}")


def _read_number(number: float) -> float | None:
    size = abs(number)
    for limit, units in _UNITS:
        if size < limit:
            epoch = number / units
            is_never = units > 1 and _NEVER[0] <= epoch <= _NEVER[1]
            return epoch if EARLIEST <= epoch <= LATEST and not is_never else None
    return None


def _read_parts(match: re.Match[str]) -> float | None:
    parts = match.groupdict()
    offset = _read_offset(parts["zone"], parts["offset"], parts["name"])
    if offset is None:
        return None
    month = parts["month"].lower()
    day = _read_day(_read_year(parts["year"]), _MONTHS.get(month[:3]) or int(month), int(parts["day"]))
    clock = _read_clock(parts["hour"], parts["minute"], parts["second"], parts["fraction"])
    if day is None or clock is None:
        return None
    epoch = day + clock - offset
    if parts["second"] == "60" and math.floor(epoch) % DAY:
        return None  # a leap second is the last one of a day in UTC
    return epoch if EARLIEST <= epoch <= LATEST else None


def _read_day(year: int, month: int, day: int) -> float | None:
    try:
        return datetime(year, month, day, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _read_year(text: str) -> int:
    """Two and three digits as RFC 2822, section 4.3, has it: 50 and above are in the last century."""
    year = int(text)
    return year if len(text) > 3 else year + (1900 if year >= 50 else 2000)


def _read_clock(hour: str | None, minute: str, second: str | None, fraction: str | None) -> float | None:
    """Seconds since midnight: up to 24:00:00, the end of the day, and :60, which is the next second."""
    if hour is None:
        return 0.0
    whole = int(hour) * 3600 + int(minute) * 60 + int(second or 0)
    seconds = whole + float(f"0.{(fraction or '')[:6]}")
    is_clock = int(minute) <= 59 and int(second or 0) <= 60 and (int(hour) <= 23 or seconds == DAY)
    return seconds if is_clock else None


def _read_offset(zone: str | None, offset: str | None, name: str | None) -> float | None:
    """Seconds to take off for UTC: what the zone is ahead. None for a zone whose offset nobody knows."""
    zone = (zone or "").lower()
    if offset:
        hours, minutes = int(offset[1:3]), int(offset[-2:] if len(offset) > 3 else 0)
        if zone not in _UNIVERSAL or hours > 23 or minutes > 59:
            return None
        return (hours * 3600.0 + minutes * 60) * (-1 if offset[0] == "-" else 1)
    if name and not zone:
        return None
    return _ZONES[zone] * 3600.0 if zone in _ZONES else None if zone else 0.0
