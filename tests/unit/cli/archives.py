"""A deployed stack of which moto has the bucket, and a test what CloudFormation says."""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import orjson

from tests.adapters.aws import fake_aws

BUCKET = "sluice-archive"
RESOURCES = {
    "ArchiveBucket": BUCKET,
    "PurchasesToCrmQueue": "https://sqs/purchases",
    "PurchasesToCrmDlq": "https://sqs/purchases-dlq",
}


@contextmanager
def deployed_stack(name: str = "sluice") -> Iterator[Any]:
    """Its S3 client, while a stack of this name is deployed in the account of the default session."""
    with fake_aws():
        boto3.setup_default_session()

        def answer(params: dict[str, Any], **_: Any) -> tuple[Any, Any]:
            if params["body"]["StackName"] != name:
                error = {"Code": "ValidationError", "Message": "Stack does not exist"}
                return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {}}
            summaries = [
                {"LogicalResourceId": logical, "PhysicalResourceId": physical}
                for logical, physical in RESOURCES.items()
            ]
            summaries.append({"LogicalResourceId": "Unborn"})
            return SimpleNamespace(status_code=200), {"StackResourceSummaries": summaries}

        boto3.DEFAULT_SESSION.events.register("before-call.cloudformation", answer)
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client
        boto3.DEFAULT_SESSION = None


def make_line(message_id: str, event: dict[str, Any] | None = None, **over: Any) -> dict[str, Any]:
    """An archive line of an accepted event."""
    return {
        "v": 1,
        "pack_id": f"pack-{message_id}",
        "parent_id": None,
        "source": "web",
        "received_at": "2026-11-22T09:15:00.000Z",
        "workspace": "0123456789ab",
        "n": 0,
        "message_id": message_id,
        "verdict": "accepted",
        "reasons": [],
        "syncs": [],
        "event": {
            "type": "track",
            "event": "Order Completed",
            "messageId": message_id,
            "userId": "u-1",
            "receivedAt": "2026-11-22T09:15:00.000Z",
            "properties": {"total": 5},
            **(event or {}),
        },
        **over,
    }


def put_lines(
    client: Any, hour: str, lines: Sequence[dict[str, Any]], name: str = "a", *, packed: bool = True
) -> None:
    """One object as Firehose writes it; `hour` is `2026-11-22T09`."""
    body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    day, _, of_day = hour.partition("T")
    key = f"events/dt={day}/hr={of_day}/{name}"
    client.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(body) if packed else body)
