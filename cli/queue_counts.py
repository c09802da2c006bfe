"""How many messages wait in the queues of a stack's syncs, as an operator asks before taking them away."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.regions import UnknownRegion, find_region
from cli.samconfig import DeploySettings

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

COUNTS: "list[QueueAttributeNameType]" = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]
GONE = "DELETE_COMPLETE"


class CannotCount(Exception):
    """AWS did not say: no such stack or queue, no credentials, no region, no permission, no network."""


def count_waiting(settings: DeploySettings, syncs: Iterable[str]) -> dict[str, int]:
    """The queues of these syncs that are not empty: visible, in flight and delayed messages together.

    A sync that the stack does not have counts as empty. Raises CannotCount where the stack or a queue that it
    has cannot be found or read.
    """
    try:
        session = open_session(settings)
        urls = _find_queues(session, settings.stack)
        sqs = session.client("sqs")
        wanted = [f"{sync}{suffix}" for sync in syncs for suffix in ("Queue", "Dlq")]
        found = {urls[name].rpartition("/")[2]: urls[name] for name in wanted if name in urls}
        counts = count_messages(sqs, found)
    except (UnknownRegion, BotoCoreError, ClientError) as problem:
        raise CannotCount(str(problem)) from problem
    return {queue: count for queue, count in counts.items() if count}


def count_messages(sqs: "SQSClient", urls: Mapping[str, str]) -> dict[str, int]:
    """Visible, in flight and delayed messages by the names of the queues. Raises what boto3 raises."""
    return {name: _count(sqs, url) for name, url in urls.items()}


def open_session(settings: DeploySettings) -> boto3.Session:
    """AWS in the region and with the profile that `sam deploy` would use.

    Raises UnknownRegion, or what boto3 raises.
    """
    region = find_region(chosen=settings.region, profile=settings.profile)
    return boto3.Session(region_name=region, profile_name=settings.profile or None)


def _find_queues(session: boto3.Session, stack: str) -> dict[str, str]:
    """The URLs of the stack's queues by their logical ids."""
    pages = session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
        if entry["ResourceType"] == "AWS::SQS::Queue"
        and entry["ResourceStatus"] != GONE
        and "PhysicalResourceId" in entry
    }


def _count(sqs: "SQSClient", url: str) -> int:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=COUNTS)["Attributes"]
    return sum(int(attributes[name]) for name in COUNTS)
