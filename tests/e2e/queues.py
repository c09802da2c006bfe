"""Queues from the outside, as an engineer has them: to send, to look, to take out, to count."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cli.local.clients import make_client

type Facts = dict[str, Any]


def put_message(facts: Facts, url: str, body: str) -> None:
    make_client("sqs", facts["endpoint_url"]).send_message(QueueUrl=url, MessageBody=body)


def take_messages(facts: Facts, url: str) -> list[str]:
    """The bodies of all visible messages, which leave the queue."""
    sqs = make_client("sqs", facts["endpoint_url"])
    bodies = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def count_in_flight(facts: Facts, url: str) -> int:
    """Messages that a function has and did not acknowledge yet."""
    name = "ApproximateNumberOfMessagesNotVisible"
    sqs = make_client("sqs", facts["endpoint_url"])
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


@contextmanager
def fewer_receives(facts: Facts, url: str, count: int) -> Iterator[None]:
    """A queue that moves what comes back so often to its DLQ, instead of after 20 receives."""
    sqs = make_client("sqs", facts["endpoint_url"])
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    policy = {**json.loads(found["Attributes"]["RedrivePolicy"]), "maxReceiveCount": count}
    with changed_queue(facts, url, RedrivePolicy=json.dumps(policy)):
        yield


@contextmanager
def changed_queue(facts: Facts, url: str, **attributes: str) -> Iterator[None]:
    """A queue with other attributes while the block runs."""
    sqs = make_client("sqs", facts["endpoint_url"])
    former = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(attributes))["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=former)
