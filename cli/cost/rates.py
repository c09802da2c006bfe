"""How often functions run: an invocation takes the messages that wait, and often that is one."""

from collections.abc import Callable

POLLERS = 5  # of an SQS mapping with a MaximumConcurrency
POLL_SECONDS = 20
RECEIVE_SECONDS = 0.02  # from a message's arrival to the start of its run (a guess)


def fill_batch(rate: float, busy: Callable[[float], float], *, batch: float = 10, window: float = 0) -> float:
    """Messages in an invocation when `rate` messages a second arrive evenly; `busy` gives a run's seconds.

    A poller that is free takes a message as soon as it arrives. With a window it then waits so long for more,
    of which it gets its share. Without one, more messages come together only when all pollers are busy: then
    an invocation takes what arrived while the one before ran.
    """
    filled = 1.0 + rate * window / POLLERS
    for _ in range(100):
        waiting = rate * (busy(min(filled, batch)) + RECEIVE_SECONDS) / POLLERS
        if waiting <= filled or filled >= batch:
            break
        filled = waiting
    return min(filled, batch)
