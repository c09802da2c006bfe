"""A deployed stack in moto, as `open_stack("stack")` finds it: queues, dead-letter queues, archive."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import orjson

from sluice.adapters.suppression import SUPPRESSED_KIND
from sluice.packs import parse_ingest_pack, parse_sync_pack
from sluice.privacy.suppression import digest_id
from tests.adapters.aws import fake_aws

SYNCS = {"all-to-crm": "AllToCrm", "orders-to-shop": "OrdersToShop"}


class DeployedStack:
    """`queues` and `dlqs` are URLs by sync, `ingest` for ingest's."""

    def __init__(self) -> None:
        self.s3, self.sqs = boto3.client("s3"), boto3.client("sqs")
        self.s3.create_bucket(Bucket="archive")
        self.dynamodb = boto3.client("dynamodb")
        self.dynamodb.create_table(
            TableName="control",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "id")],
            KeySchema=[
                {"AttributeName": "kind", "KeyType": "HASH"},
                {"AttributeName": "id", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.queues = {slug: self._make_queue(f"stack-{name}") for slug, name in NAMES.items()}
        self.dlqs = {slug: self._make_queue(f"stack-{name}-dlq") for slug, name in NAMES.items()}
        logical = {slug: name.capitalize() if slug == "ingest" else name for slug, name in NAMES.items()}
        self.resources = {
            "ArchiveBucket": "archive",
            "ControlTable": "control",
            **{f"{logical[slug]}Queue": url for slug, url in self.queues.items()},
            **{f"{logical[slug]}Dlq": url for slug, url in self.dlqs.items()},
        }

    def suppress(self, user_id: str) -> None:
        row = {"kind": {"S": SUPPRESSED_KIND}, "id": {"S": digest_id(user_id)}}
        self.dynamodb.put_item(TableName="control", Item=row)

    def put(self, key: str, *lines: Any) -> None:
        """An object of JSON lines."""
        self.s3.put_object(
            Bucket="archive", Key=key, Body=b"".join(orjson.dumps(line) + b"\n" for line in lines)
        )

    def read(self, prefix: str) -> dict[str, list[Any]]:
        """The lines of the objects under a prefix, by key."""
        keys = [
            e["Key"] for e in self.s3.list_objects_v2(Bucket="archive", Prefix=prefix).get("Contents", ())
        ]
        bodies = {key: self.s3.get_object(Bucket="archive", Key=key)["Body"].read() for key in keys}
        return {key: [orjson.loads(line) for line in body.splitlines()] for key, body in bodies.items()}

    def send(self, url: str, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=url, MessageBody=body)

    def receive(self, url: str) -> list[dict[str, Any]]:
        """All messages that are visible, which they stay."""
        found: dict[str, dict[str, Any]] = {}
        while messages := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600, AttributeNames=["All"]
        ).get("Messages", []):
            found |= {message["MessageId"]: message for message in messages}
        for message in found.values():
            self.sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return list(found.values())

    def sync_packs(self, sync: str = "all-to-crm") -> list[Any]:
        return [parse_sync_pack(message["Body"]) for message in self.receive(self.queues[sync])]

    def ingest_packs(self) -> list[Any]:
        return [parse_ingest_pack(message["Body"]) for message in self.receive(self.queues["ingest"])]

    def _make_queue(self, name: str) -> str:
        url: str = self.sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "1209600"})[
            "QueueUrl"
        ]
        return url


NAMES = {**SYNCS, "ingest": "ingest"}


@contextmanager
def deployed_stack() -> Iterator[DeployedStack]:
    with fake_aws():
        boto3.setup_default_session()
        stack = DeployedStack()
        events = boto3.DEFAULT_SESSION.events

        def list_resources(params: Any, **_: Any) -> Any:
            summaries = [
                {"LogicalResourceId": name, "PhysicalResourceId": found}
                for name, found in stack.resources.items()
            ]
            return SimpleNamespace(status_code=200), {"StackResourceSummaries": summaries}

        def do_not_wait(params: dict[str, Any], **_: Any) -> None:
            params.pop("WaitTimeSeconds", None)  # moto's queues answer for all of their servers

        events.register("before-call.cloudformation.ListStackResources", list_resources)
        events.register("provide-client-params.sqs.ReceiveMessage", do_not_wait)
        try:
            yield stack
        finally:
            boto3.DEFAULT_SESSION = None
