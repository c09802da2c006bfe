"""Filters on times. In: what `sluice.times` reads, or `now`. Out: UTC, or a zone."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from sluice.casts import refuse
from sluice.templates.data import write
from sluice.templates.filters.filter import SLOW, ArgumentError, Filter
from sluice.templates.limits import Run
from sluice.times import format_time, read_time

MAX_FORMAT: Final = 200
"""Characters of a date format."""

_DIRECTIVE = re.compile(r"%([-_0^]?)(\d?)(:?[A-Za-z%+])|%\S{0,2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMBINED: Final = {
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "r": "%I:%M:%S %p",
    "c": "%a %b %e %H:%M:%S %Y",
    "x": "%m/%d/%y",
    "v": "%e-%^b-%Y",
    "h": "%b",
}


def date(run: Run, value: Any, form: Any, zone: Any = None) -> str:
    """The time in a strftime format, in UTC or the zone: `date: '%d.%m.%Y %H:%M', 'Europe/Berlin'`."""
    moment = _moment(run, value)
    named = _zone(zone) if zone is not None else UTC
    local = (_EPOCH + timedelta(seconds=moment)).astimezone(named)
    pieces = compile_format(write(run, form))
    run.spend(2 * len(pieces))
    return "".join(piece if isinstance(piece, str) else piece(local) for piece in pieces)


def _check_date(literals: list[Any]) -> None:
    if type(literals[0]) is str:
        compile_format(literals[0])
    _check_zone(literals[1:])


def _check_zone(literals: list[Any]) -> None:
    if literals and type(literals[0]) is str:
        _zone(literals[0])


def to_unix(run: Run, value: Any, unit: Any = "s") -> int:
    """Whole seconds since 1970, or milliseconds with `'ms'`."""
    if unit not in {"s", "ms"}:
        raise ArgumentError("the unit of to_unix is 's' or 'ms'")
    moment = _moment(run, value)
    return round(moment * 1000) if unit == "ms" else int(moment // 1)


def to_iso8601(run: Run, value: Any, zone: Any = None) -> str:
    """`2026-11-22T01:02:03.456Z`, or with the offset of a zone `2026-11-22T02:02:03.456+01:00`."""
    moment = _moment(run, value)
    if zone is None:
        return format_time(moment)
    local = (_EPOCH + timedelta(seconds=moment)).astimezone(_zone(zone))
    return local.isoformat(timespec="milliseconds")


def _moment(run: Run, value: Any) -> float:
    if type(value) is str:
        run.spend(len(value) >> SLOW)
    moment = run.now() if value in ("now", "today") else read_time(value)
    if moment is None:
        raise refuse(value, "a time")
    return moment


@lru_cache(maxsize=512)
def _zone(name: Any) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):  # OSError: a name that is a folder or too long
        raise refuse(name, "a time zone such as 'Europe/Berlin'") from None


type Piece = str | Callable[[datetime], str]


@lru_cache(maxsize=512)
def compile_format(form: str) -> tuple[Piece, ...]:
    """The pieces of a format. Raises ValueError for anything that is not a directive; widths are not."""
    if len(form) > MAX_FORMAT:
        raise ArgumentError(f"the date format is longer than {MAX_FORMAT} characters")
    pieces: list[Piece] = []
    end = 0
    for match in _DIRECTIVE.finditer(form):
        pieces.append(form[end : match.start()])
        pieces += _pieces_of(match.group(), *match.groups())
        end = match.end()
    return (*pieces, form[end:])


def _pieces_of(directive: str, flag: str | None, digits: str | None, letter: str | None) -> tuple[Piece, ...]:
    if letter == "%" and not flag and not digits:
        return ("%",)
    if letter in _COMBINED and not flag and not digits:
        return compile_format(_COMBINED[letter])
    if letter in {"L", "N"} and not flag:
        width = int(digits or (3 if letter == "L" else 9))
        return (lambda moment: f"{moment.microsecond:06d}000"[:width],)
    if letter in {"n", "t"}:
        return ("\n" if letter == "n" else "\t",)
    get = _PARTS.get(letter or "")
    if get is None or digits:
        raise ArgumentError(f"the date format has no {directive!r}")
    return (_flagged(get, flag or ""),)


def _flagged(get: Callable[[datetime], str], flag: str) -> Callable[[datetime], str]:
    match flag:
        case "-":
            return lambda moment: get(moment).strip().lstrip("0") or "0"
        case "_":
            return lambda moment: get(moment).replace("0", " ", 1) if get(moment)[:1] == "0" else get(moment)
        case "0":
            return lambda moment: get(moment).replace(" ", "0")
        case "^":
            return lambda moment: get(moment).upper()
    return get


def _plain(letter: str) -> Callable[[datetime], str]:
    return lambda moment: moment.strftime(f"%{letter}")


_PARTS: Final[Mapping[str, Callable[[datetime], str]]] = {
    **{letter: _plain(letter) for letter in "aAbBIjpuUVwWyGZz"},
    # The usual ones without strftime: a tenth of its time.
    "Y": lambda moment: f"{moment.year:04d}",
    "m": lambda moment: f"{moment.month:02d}",
    "d": lambda moment: f"{moment.day:02d}",
    "H": lambda moment: f"{moment.hour:02d}",
    "M": lambda moment: f"{moment.minute:02d}",
    "S": lambda moment: f"{moment.second:02d}",
    "C": lambda moment: f"{moment.year // 100:02d}",
    "e": lambda moment: f"{moment.day:2d}",
    "k": lambda moment: f"{moment.hour:2d}",
    "l": lambda moment: f"{moment.hour % 12 or 12:2d}",
    "P": lambda moment: "am" if moment.hour < 12 else "pm",
    "s": lambda moment: str(int(moment.timestamp() // 1)),
    ":z": lambda moment: moment.isoformat()[-6:],
}

FILTERS: Final[Mapping[str, Filter]] = {
    "date": Filter(date, takes="any", steps=60, check=_check_date),
    "to_unix": Filter(to_unix, takes="any", steps=4),
    "to_iso8601": Filter(to_iso8601, takes="any", steps=8, check=_check_zone),
}
