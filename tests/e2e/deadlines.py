"""Waiting for something to become true: polled until a deadline, never slept for."""

import time
from collections.abc import Callable

PAUSE = 0.2


def eventually[T](
    look: Callable[[], T], holds: Callable[[T], bool] = bool, *, what: str, seconds: float = 60
) -> T:
    """What `look` finds once `holds` says yes to it. At the deadline an AssertionError with the last find."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if holds(found):
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}; last seen: {found!r:.2000}")
        time.sleep(PAUSE)
