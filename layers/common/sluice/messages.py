"""Messages as SQS hands them to a function; what is in them is said by `packs.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a queue; `receive_count` counts this time."""

    id: str
    receipt_handle: str
    receive_count: int
    body: str


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
        )
        for record in event["Records"]
    ]
