"""How an invocation's time is parted between calls and writing down what became of them."""

from dataclasses import dataclass

SETTLE_SECONDS = 10.0  # what AWS may take to write down what became of the items, when it is slow
SHORTEST_CALL = 1.0


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """No call is started with less than `start` seconds left, and a call that was started leaves `settle`."""

    start: float
    settle: float


def find_budget(timeout: float, remaining: float) -> TimeBudget:
    """The budget of an invocation that has `remaining` seconds, for calls of at most `timeout`.

    A function with too little time for a whole call still starts some: else it would start none, for ever.
    """
    settle = min(SETTLE_SECONDS, remaining / 3)
    return TimeBudget(start=settle + min(timeout, (remaining - settle) / 2), settle=settle)
