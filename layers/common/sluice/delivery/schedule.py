"""When an item is tried again: full-jitter exponential, inside a window that starts at the first attempt.

Full jitter (a draw between nothing and the ceiling) keeps the retries of many packs apart when a destination
comes back (AWS Architecture Blog, "Exponential backoff and jitter").
"""

import math
from dataclasses import dataclass

SHORTEST = 1.0  # SQS delays by whole seconds
LONGEST_DELAY = 900  # what SQS can delay; a pack that must wait longer is sent on again when it arrives


@dataclass(frozen=True, slots=True)
class Schedule:
    """A sync's `retry` settings: seconds, and the number of attempts where it is limited."""

    window: float = 14_400
    first: float = 5
    longest: float = 900
    attempts: int | None = None


def next_delay(
    schedule: Schedule, *, attempt: int, waited: float, draw: float, after: float | None = None
) -> float | None:
    """Seconds until the attempt after number `attempt`; None where there is none left.

    `waited` is the time since the first attempt, `draw` a random number in [0, 1), `after` what the
    destination asked for. The last attempt is made when the window ends, not later.
    """
    left = schedule.window - waited
    if left <= 0 or (schedule.attempts is not None and attempt >= schedule.attempts):
        return None
    ceiling = min(schedule.longest, schedule.first * 2.0 ** min(attempt - 1, 60))
    return min(max(draw * ceiling, after or 0.0, SHORTEST), left)


def queue_delay(seconds: float) -> int:
    """DelaySeconds for a wait: whole seconds, never early, never more than SQS takes."""
    return math.ceil(min(max(seconds, 0), LONGEST_DELAY))
