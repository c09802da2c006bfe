"""Times on the wire: ISO 8601 text in, epoch seconds inside, `…Z` with milliseconds out."""

from datetime import UTC, datetime
from functools import lru_cache

# What a datetime can be moved by without leaving years 1 to 9999.
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC).timestamp(), datetime(9999, 12, 30, tzinfo=UTC).timestamp()

_MILLISECONDS = [f".{n:03d}Z" for n in range(1000)]


def parse_time(text: object) -> float | None:
    """Epoch seconds of an ISO 8601 date or time; without an offset it is UTC. None where it is not one."""
    if type(text) is not str:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        epoch = moment.timestamp()
    except OverflowError:
        return None
    return epoch if EARLIEST <= epoch <= LATEST else None


def format_time(epoch: float) -> str:
    """`2026-11-22T01:02:03.456Z`: always 24 characters; times out of range stop at the first or last year."""
    if not EARLIEST <= epoch <= LATEST:
        epoch = EARLIEST if epoch < EARLIEST else LATEST
    second, millisecond = divmod(round(epoch * 1000), 1000)
    return _format_second(second) + _MILLISECONDS[millisecond]


@lru_cache(maxsize=4096)
def _format_second(epoch: int) -> str:
    """The events of a request are seconds apart, and this is most of the work."""
    return datetime.fromtimestamp(epoch, UTC).isoformat()[:19]
