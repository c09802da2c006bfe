"""How much a source may send in a minute, counted over all containers with few writes to a shared table.

Each container counts for itself what it takes, and adds it to the row of the source and minute once it is a
share of the quota: large enough to cost little, and small enough that all shares together stay under a fifth.
The row's total says when the quota is used up. Until then nothing is refused; afterwards everything is,
without another call, until the minute is over. docs/decisions/0016-quotas.md has the arithmetic.

The shares of 50 containers are 16 % of the quota at most. One that was not in the row of the minute before
may be any of the 50. Those that were in it know how many they are, and divide what the others leave.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sluice.errors import RequestError
from sluice.reasons import Reason

MINUTE = 60
RETRY_SECONDS = 5  # between questions to a table that does not answer
_FLEET, _SLACK = 50, 0.16
_NEW_SHARE = 0.11 / _FLEET


@dataclass(slots=True, frozen=True)
class Quota:
    """The most of a minute; None: no limit."""

    events: int | None = None
    bytes: int | None = None

    def is_reached(self, events: int, size: int, share: float = 1) -> bool:
        """Whether these are a `share` of the quota, by either measure."""
        return (self.events is not None and events >= self.events * share) or (
            self.bytes is not None and size >= self.bytes * share
        )


@dataclass(slots=True, frozen=True)
class Total:
    """What all containers added to a row, and how many they are."""

    events: int
    bytes: int
    containers: int


class Counters(Protocol):
    """The rows of sources and minutes; None where the table cannot be asked."""

    def add(self, source: str, minute: int, *, events: int, size: int, containers: int) -> Total | None: ...

    def count_containers(self, source: str, minute: int) -> int | None: ...


class QuotaExceeded(RequestError):
    """The source sent what it may in this minute; `after` are the seconds until the next."""

    def __init__(self, source: str, after: int) -> None:
        message = f"The source has sent what it may in a minute. Send this again in {after} seconds."
        super().__init__(429, Reason.QUOTA_EXCEEDED, message, after=after)
        self.source = source


@dataclass(slots=True)
class _Use:
    """One container's minute of one source: what it took since it last added, and what it knows."""

    minute: int
    share: float = _NEW_SHARE
    was_counted: bool = False  # in the row of the minute before
    is_counted: bool = False  # in the row of this minute
    is_over: bool = False
    events: int = 0
    bytes: int = 0


class Quotas:
    """The quotas of all sources, as one container sees them. `clock` is epoch seconds."""

    def __init__(self, quotas: Mapping[str, Quota], counters: Counters, clock: Callable[[], float]) -> None:
        self._quotas, self._counters, self._clock = quotas, counters, clock
        self._uses: dict[str, _Use] = {}
        self._ask_from = -math.inf

    def check(self, source: str) -> None:
        """Raises QuotaExceeded where this container knows that the minute's quota is used up."""
        use = self._uses.get(source)
        if use is None or not use.is_over:
            return
        now = self._clock()
        if use.minute == int(now // MINUTE):
            raise _refuse(source, now)

    def take(self, source: str, events: int, size: int) -> bool:
        """Counts a request's events and bytes. Raises QuotaExceeded where the quota was used up before it.

        False where the table cannot be asked: then the request passes uncounted.
        """
        quota = self._quotas.get(source)
        if quota is None:
            return True
        self.check(source)
        now = self._clock()
        use = self._find_use(source, int(now // MINUTE))
        use.events += events
        use.bytes += size
        if not quota.is_reached(use.events, use.bytes, use.share):
            return True
        total = self._add(source, use) if now >= self._ask_from else None
        use.events = use.bytes = 0
        if total is None:
            return False
        use.is_over = quota.is_reached(total.events, total.bytes)
        if quota.is_reached(total.events - events, total.bytes - size):
            raise _refuse(source, now)
        return True

    def _find_use(self, source: str, minute: int) -> _Use:
        use = self._uses.get(source)
        if use is None or use.minute != minute:
            was_counted = use is not None and use.is_counted and use.minute == minute - 1
            use = self._uses[source] = _Use(minute, was_counted=was_counted)
        return use

    def _add(self, source: str, use: _Use) -> Total | None:
        """Adds what the container took to the row; the first time in a minute it also learns its share."""
        is_first = not use.is_counted
        total = self._counters.add(
            source, use.minute, events=use.events, size=use.bytes, containers=int(is_first)
        )
        if total is None:
            self._ask_from = self._clock() + RETRY_SECONDS
            return None
        use.is_counted = True
        if is_first and use.was_counted:
            containers = self._counters.count_containers(source, use.minute - 1)
            use.share = _divide(containers) if containers else _NEW_SHARE
        return total


def _divide(containers: int) -> float:
    """The share of each of so many known containers, beside new ones that fill the fleet."""
    return (_SLACK - max(0, _FLEET - containers) * _NEW_SHARE) / containers


def _refuse(source: str, now: float) -> QuotaExceeded:
    return QuotaExceeded(source, max(1, math.ceil(MINUTE - now % MINUTE)))
