"""How many messages wait in a queue, as an operator asks before taking it away."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.regions import UnknownRegion, find_region

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

COUNTS: "list[QueueAttributeNameType]" = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


class CannotCount(Exception):
    """AWS did not say: no credentials, no region, no permission, no network."""


def count_waiting(queues: Iterable[str]) -> dict[str, int]:
    """The queues that are not empty, with their messages: visible, in flight and delayed together.

    A queue that does not exist is empty. Raises CannotCount.
    """
    try:
        sqs = boto3.client("sqs", region_name=find_region())
        counts = {queue: _count(sqs, queue) for queue in queues}
    except (UnknownRegion, BotoCoreError, ClientError) as problem:
        raise CannotCount(str(problem)) from problem
    return {queue: count for queue, count in counts.items() if count}


def _count(sqs: "SQSClient", queue: str) -> int:
    try:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=COUNTS)["Attributes"]
    except sqs.exceptions.QueueDoesNotExist:
        return 0
    return sum(int(attributes[name]) for name in COUNTS)
