"""A sync's `rate_limit` in one container: its share of the calls a second, evenly spaced."""

import math
from collections.abc import Callable
from threading import Lock

LONGEST_WAIT = 1.0  # seconds that a run waits for its next call; who would wait longer is sent again


class Pacer:
    """Safe to use from several threads. `rate` is calls a second, None for as many as come."""

    def __init__(
        self, rate: float | None, *, now: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.interval = 1 / rate if rate else 0.0
        self._now, self._sleep = now, sleep
        self._next, self._lock = 0.0, Lock()

    def count_useful(self, threads: int, seconds: float) -> int:
        """How many of the threads to use for calls of so many seconds; any more would wait for longer than
        that behind the others."""
        return min(threads, max(math.ceil(seconds / self.interval), 1)) if self.interval else threads

    def take_turn(self) -> float:
        """0 once the caller's turn has come, for which it waits a second at most; else the seconds until
        then, and the turn is still free."""
        if not self.interval:
            return 0.0
        with self._lock:  # while it waits too: turns come one after the other
            now = self._now()
            wait = min(self._next - now, self.interval)  # a clock that was set back must not stop delivery
            if wait > LONGEST_WAIT:
                return wait
            if wait > 0:
                self._sleep(wait)
            self._next = max(now, now + wait) + self.interval
            return 0.0
