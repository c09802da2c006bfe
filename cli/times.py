"""Times on the command line: ISO 8601 (`2026-11-22T10:00`), or how long ago (`24h`, `15m`, `2d`)."""

import re
from datetime import UTC, datetime, timedelta

from cli.stack import CommandError
from sluice.times import read_time

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_NO_UNIT = re.compile(r"[+-]?\d{1,7}(?:\.\d*)?")  # 24 for 24h, not the first seconds of 1970
_AGO = re.compile(r"(\d{1,5})([smhdw])")


def parse_when(text: str, now: datetime) -> datetime:
    """The time in UTC that `text` names: `now`, a time before `now`, or a time as `read_time` reads it.

    A time without an offset is UTC, a date its first moment. Raises CommandError.
    """
    given = text.strip()
    if given.lower() == "now":
        return now.astimezone(UTC)
    if ago := _AGO.fullmatch(given.lower()):
        return now.astimezone(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    epoch = None if _NO_UNIT.fullmatch(given) else read_time(given)
    if epoch is None:
        raise CommandError(
            f"{text!r} is not a valid time",
            "write 2026-11-22, 2026-11-22T10:00Z, or how long ago: 15m, 24h, 2d",
        )
    return datetime.fromtimestamp(epoch, UTC)


def parse_range(since: str, until: str, now: datetime) -> tuple[datetime, datetime]:
    """Two times, the first before the second. Raises CommandError."""
    first, last = parse_when(since, now), parse_when(until, now)
    if first >= last:
        raise CommandError(f"{since} is not before {until}", "the earlier time comes first")
    return first, last
