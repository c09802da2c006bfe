"""The sync's breaker: after failing calls in a row nobody calls its destination for a while.

Closed → open after `FAILURES` calls in a row that may work later, or one that refuses our credentials →
probing once `until` has passed, by one container alone → closed, or open for twice as long. The containers of
a sync share a row, and each counts its own failures. Trouble with the row never stops delivery.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from sluice.errors import AuthRejected, RetryLater
from sluice.reasons import Reason

if TYPE_CHECKING:
    from sluice.destinations.declaration import Verdict

FAILURES = 5
SHORTEST_PAUSE, LONGEST_PAUSE = 30.0, 300.0
LONGEST_ASKED = 900.0  # for a Retry-After
READ_SECONDS = 5.0
PROBE_WAIT = 5.0  # for who meets another container's probe: it is decided in seconds


@dataclass(frozen=True, slots=True)
class Pause:
    """An open breaker: no call before `until`. Times are epoch seconds with milliseconds.

    `reason` is why the last call failed, `failures` the calls that failed in a row, `seconds` how long the
    pause is before Retry-After is looked at: the next one is twice that. While one container is `probing`,
    `until` is when it is given up for dead.
    """

    opened_at: float
    until: float
    reason: Reason
    failures: int
    seconds: float
    probing: bool = False


class PauseStore(Protocol):
    """The row of one sync. Trouble is logged, never raised, and answered as if there was no row."""

    def read(self) -> Pause | None: ...

    def write(self, pause: Pause, *, seen: Pause | None) -> bool:
        """False where the row is no longer as `seen`: another container was first."""
        ...

    def clear(self, seen: Pause) -> None:
        """Takes the row away where it is as `seen`."""
        ...


class Breaker:
    """One container's view of it, kept between runs. `lease` is how many seconds a probe may take."""

    def __init__(self, store: PauseStore, *, now: Callable[[], float], lease: float) -> None:
        self._store, self._now, self._lease = store, now, lease
        self._lock = Lock()
        self._pause: Pause | None = None
        self._read_again, self._failures = -inf, 0
        self.probing = False

    @property
    def is_open(self) -> bool:
        return self._pause is not None

    def find_pause(self) -> Pause | None:
        """What keeps calls from being made now, or None. Asked before every call: it reads nothing."""
        return None if self.probing else self._pause

    def look(self) -> Pause | None:
        """What keeps a run from starting, or None; the row is read where what is known is 5 s old."""
        with self._lock:
            now = self._now()
            if now >= self._read_again:
                self._read_again = now + READ_SECONDS
                found = self._store.read()
                if found != self._pause:
                    self.probing, self._failures = False, 0
                    self._pause = found
            over = self._pause is None or self.probing or now >= self._pause.until
            return None if over else self._pause

    def enter(self) -> Pause | None:
        """As `look`, once there are calls to make; where a pause is over, one container gets to probe.

        `probing` then says that the first call must be made alone.
        """
        with self._lock:
            now, pause = self._now(), self._pause
            if pause is None or (self.probing and now < pause.until):
                return None
            lease = replace(pause, until=round(now + self._lease, 3), probing=True)
            self.probing = self._store.write(lease, seen=pause)
            self._pause = lease
            if self.probing:
                return None
            self._read_again = -inf
            return lease

    def note(self, verdict: Verdict) -> None:
        """What a call came to. A call that was taken, or refused for good, shows that somebody is there."""
        failure = find_failure(verdict)
        with self._lock:
            if failure is None:
                self._failures = 0
                if self.probing and self._pause:
                    self._store.clear(self._pause)
                    self._pause, self.probing = None, False
                return
            self._failures += 1
            enough = self._failures >= FAILURES or isinstance(failure, AuthRejected)
            if self.probing or (self._pause is None and enough):
                seen, self.probing = self._pause, False
                self._pause = lengthen(seen, failure, failures=self._failures, now=self._now())
                if not self._store.write(self._pause, seen=seen):
                    self._read_again = -inf


def find_failure(verdict: Verdict) -> RetryLater | None:
    """The error of a call of which nothing was taken and everything may be later."""
    errors = [verdict] if verdict is None or isinstance(verdict, Exception) else verdict
    first = errors[0] if errors else None
    whole = all(isinstance(error, RetryLater) for error in errors)
    return first if whole and isinstance(first, RetryLater) else None


def lengthen(seen: Pause | None, failure: RetryLater, *, failures: int, now: float) -> Pause:
    """The first pause, or the one after a probe that failed."""
    seconds = SHORTEST_PAUSE if seen is None else min(seen.seconds * 2, LONGEST_PAUSE)
    length = max(seconds, min(failure.after or 0.0, LONGEST_ASKED))
    return Pause(
        opened_at=round(now, 3) if seen is None else seen.opened_at,
        until=round(now + length, 3),
        reason=failure.reason,
        failures=failures if seen is None else seen.failures + 1,
        seconds=seconds,
    )


def find_wait(pause: Pause, *, now: float, draw: float) -> float:
    """Seconds that a pack waits for the breaker, with jitter, so that they do not all come back at once."""
    left = max(pause.until - now, 0.0)
    if pause.probing:
        return min(left, PROBE_WAIT) + draw * PROBE_WAIT
    return left + draw * pause.seconds / 4
