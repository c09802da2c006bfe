"""Packs that AWS errors hold up: each goes back to its own queue as a new message, with a growing delay.

A new message starts at its first receive, so an outage of AWS moves no healthy pack to a dead-letter queue.
After a day the pack goes there with a reason. Router and delivery share this.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sluice.messages import Held, Message
from sluice.reasons import Reason

PATIENCE = 24 * 3600
LONGEST_DELAY = 900  # what SQS can delay
LONGEST_VISIBILITY = 4 * 3600
GIVEN_UP = {"reason": Reason.AWS_UNAVAILABLE.value}
"""The attributes of a pack in a dead-letter queue that AWS errors held up for too long."""


class Queues(Protocol):
    def send(
        self,
        queue_url: str,
        bodies: Sequence[str],
        *,
        delays: Sequence[int] | None = None,
        attributes: Sequence[Mapping[str, str]] | None = None,
        groups: Sequence[str] | None = None,
    ) -> Sequence[int]:
        """Indexes of the bodies that SQS did not confirm."""


def hold(held: Held | None, now: float) -> Held:
    """The state after one more AWS error."""
    return Held(int(now), 1) if held is None else Held(held.since, held.tries + 1)


def is_over(held: Held, now: float) -> bool:
    """Whether the pack was held up for so long that it goes to the dead-letter queue."""
    return now - held.since >= PATIENCE


def find_delay(held: Held) -> int:
    """Seconds until the next try: 2, 4, 8 … 900."""
    return min(1 << min(held.tries, 10), LONGEST_DELAY)


def find_visibility(receive_count: int) -> int:
    """Seconds until a message that could not be sent again is received again.

    They double up to four hours, so the 20 receives of a message last for more than a day.
    """
    return min(1 << min(receive_count, 20), LONGEST_VISIBILITY)


def send_again(
    messages: Sequence[Message], queues: Queues, queue_url: str, dlq_url: str, now: float
) -> set[str]:
    """Sends packs to their queue again, or to the dead-letter queue after a day.

    The ids of the messages that were sent and may be acknowledged. The others must stay where they are.
    """
    states = {message.id: hold(message.held, now) for message in messages}
    dead = [message for message in messages if is_over(states[message.id], now)]
    waiting = [message for message in messages if not is_over(states[message.id], now)]
    unsent: set[str] = set()
    if waiting:
        held = [states[message.id] for message in waiting]
        failed = queues.send(
            queue_url,
            [message.body for message in waiting],
            delays=[find_delay(state) for state in held],
            attributes=[state.attributes for state in held],
            groups=[message.group for message in waiting],
        )
        unsent |= {waiting[at].id for at in failed}
    if dead:
        failed = queues.send(dlq_url, [message.body for message in dead], attributes=[GIVEN_UP] * len(dead))
        unsent |= {dead[at].id for at in failed}
    return states.keys() - unsent
