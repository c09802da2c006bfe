"""Messages as SQS hands them to a function; what is in them is said by `packs.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SINCE, _TRIES = "held_since", "held_tries"


@dataclass(frozen=True, slots=True)
class Held:
    """Since when AWS errors have held a pack up (epoch seconds), and how often it was sent again for it.

    It travels in the attributes of the message.
    """

    since: int
    tries: int

    @property
    def attributes(self) -> dict[str, str]:
        return {_SINCE: str(self.since), _TRIES: str(self.tries)}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a queue; `receive_count` counts this time.

    `group` is its message group ("" for none). `held` is set where AWS errors held its pack up before.
    """

    id: str
    receipt_handle: str
    receive_count: int
    body: str
    group: str = ""
    held: Held | None = None


def read_messages(event: Mapping[str, Any]) -> list[Message]:
    """The messages of one invocation, in their order.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    return [
        Message(
            id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            receive_count=int(record["attributes"]["ApproximateReceiveCount"]),
            body=record["body"],
            group=record["attributes"].get("MessageGroupId", ""),
            held=read_held(record.get("messageAttributes") or {}),
        )
        for record in event["Records"]
    ]


def read_held(attributes: Mapping[str, Any]) -> Held | None:
    """The state in a message's attributes as Lambda hands them over; None where there is none to read."""
    try:
        since, tries = (int(attributes[name]["stringValue"]) for name in (_SINCE, _TRIES))
    except (KeyError, TypeError, ValueError):
        return None
    return Held(since, tries) if since >= 0 and tries >= 0 else None
