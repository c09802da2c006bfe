"""RouterFunction with the invocations in `events/router`, on moto's AWS."""

import importlib
from pathlib import Path

import boto3
import orjson
import pytest

from sluice.adapters.clients import build_client
from sluice.packs import parse_sync_pack
from tests.adapters.aws import fake_aws, make_table, play_partiql
from tests.e2e.deadlines import eventually
from tests.functions.container import forget_container, start_container
from tests.unit.routing.world import ORDERS, make_sync, make_type, make_workspace

EVENTS = Path("events/router")
WORKSPACE = make_workspace(
    purchases_to_crm=make_sync("PurchasesToCrm", make_type("track_purchase", ORDERS)),
    all_to_webhook=make_sync("AllToWebhook"),
)


class Context:
    def get_remaining_time_in_millis(self):
        return 60_000


class Stack:
    """The router's part of a stack."""

    def __init__(self):
        boto3.setup_default_session()
        self.sqs, self.s3 = build_client("sqs"), build_client("s3")
        make_queue = self.sqs.create_queue
        self.queues = {name: make_queue(QueueName=f"stack-{name}")["QueueUrl"] for name in ("ingest", *NAMES)}
        self.s3.create_bucket(Bucket="archive")
        build_client("firehose").create_delivery_stream(
            DeliveryStreamName="events",
            S3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": "arn:aws:s3:::archive",
            },
        )
        play_partiql(make_table("dedup", "id"), boto3.DEFAULT_SESSION.events)
        make_table("control", "kind", "id")
        self.dynamodb = make_table("tail", "source", "at")

    def sent(self, name):
        """(event type, message id) of the items that are in a sync's queue."""
        answer = self.sqs.receive_message(QueueUrl=self.queues[name], MaxNumberOfMessages=10)
        packs = [parse_sync_pack(message["Body"]) for message in answer.get("Messages", [])]
        return [(item.type, item.message_id) for pack in packs for item in pack.items]

    def receive(self, name):
        answer = self.sqs.receive_message(QueueUrl=self.queues[name], MaxNumberOfMessages=10)
        return [message["Body"] for message in answer.get("Messages", [])]

    def archived(self):
        """(message id, verdict) of every archive line."""
        keys = [key for key in self.list_keys() if not key.startswith("workspaces/")]
        bodies = [self.s3.get_object(Bucket="archive", Key=key)["Body"].read() for key in keys]
        lines = [orjson.loads(line) for body in bodies for line in body.splitlines()]
        return [(line["message_id"], line["verdict"]) for line in lines]

    def list_keys(self):
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket="archive").get("Contents", [])]

    def shown(self):
        """(message id, verdict) of what `sluice tail` shows."""
        rows = self.dynamodb.scan(TableName="tail")["Items"]
        lines = [orjson.loads(row["line"]["S"]) for row in rows]
        return [(line["message_id"], line["verdict"]) for line in lines]


NAMES = [sync["name"] for sync in WORKSPACE["syncs"].values()]


@pytest.fixture
def stack(tmp_path, monkeypatch):
    start_container("router", WORKSPACE, tmp_path, monkeypatch)
    with fake_aws():
        stack = Stack()
        monkeypatch.setenv("SLUICE_INGEST_QUEUE_URL", stack.queues["ingest"])
        monkeypatch.setenv("SLUICE_DEDUP_TABLE", "dedup")
        monkeypatch.setenv("SLUICE_EVENT_STREAM", "events")
        monkeypatch.setenv("SLUICE_DEDUP_WINDOW_HOURS", "24")
        monkeypatch.setenv("SLUICE_ARCHIVE_BUCKET", "archive")
        monkeypatch.setenv("SLUICE_CONTROL_TABLE", "control")
        monkeypatch.setenv("SLUICE_TAIL_TABLE", "tail")
        monkeypatch.setenv("SLUICE_TAIL_EVENTS_PER_MINUTE", "20")
        yield stack
        forget_container("router")
        boto3.DEFAULT_SESSION = None


def invoke(name):
    app = importlib.import_module("functions.router.app")
    return app.handler(orjson.loads((EVENTS / f"{name}.json").read_bytes()), Context())


def read_metrics(capsys):
    """Every metric of the invocation: (name, what tells it apart) → value."""
    found = {}
    for line in capsys.readouterr().out.splitlines():
        blob = orjson.loads(line)
        for metric in blob["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            value = blob[metric["Name"]]
            apart = blob.get("reason") or blob.get("sync") or ""
            found[metric["Name"], apart] = sum(value) if isinstance(value, list) else value
    return found


def test_a_batch_is_archived_with_its_verdicts_and_sent_to_its_syncs(stack):
    assert invoke("batch") == {"batchItemFailures": []}
    assert stack.sent("PurchasesToCrm") == [("track_purchase", "m-1")]
    assert stack.sent("AllToWebhook") == [("custom_event", f"m-{n}") for n in (1, 2, 4)]
    verdicts = [("m-1", "accepted"), ("m-2", "accepted"), ("m-3", "blocked"), ("m-4", "accepted")]
    assert sorted(stack.archived()) == verdicts


def test_a_resend_is_archived_as_a_duplicate_and_sent_nowhere(stack):
    invoke("batch")
    stack.sent("PurchasesToCrm")
    assert invoke("resend") == {"batchItemFailures": []}
    assert stack.sent("PurchasesToCrm") == []
    assert ("m-1", "duplicate") in stack.archived()


def test_the_same_batch_redelivered_is_not_its_own_duplicate(stack):
    invoke("batch")
    invoke("batch")
    assert {verdict for _, verdict in stack.archived()} == {"accepted", "blocked"}


def test_what_is_no_pack_is_the_only_one_reported(stack):
    poison, _ = orjson.loads((EVENTS / "poison.json").read_bytes())["Records"]
    assert invoke("poison") == {"batchItemFailures": [{"itemIdentifier": poison["messageId"]}]}
    assert stack.sent("AllToWebhook") == [("custom_event", "m-5")]


def test_what_was_routed_is_shown_to_operators(stack):
    invoke("batch")
    assert sorted(stack.shown()) == sorted(stack.archived())


@pytest.mark.parametrize("variable", ["SLUICE_TAIL_TABLE", "SLUICE_ARCHIVE_BUCKET"])
def test_events_go_on_where_nothing_can_be_shown_or_explained_later(stack, monkeypatch, variable):
    monkeypatch.setenv(variable, "of-nobody")
    assert invoke("batch") == {"batchItemFailures": []}
    assert stack.sent("PurchasesToCrm") == [("track_purchase", "m-1")]


def test_nothing_is_shown_where_that_is_turned_off(stack, monkeypatch):
    monkeypatch.setenv("SLUICE_TAIL_EVENTS_PER_MINUTE", "0")
    invoke("batch")
    assert stack.shown() == []


def test_the_workspace_that_decided_is_kept_once(stack):
    invoke("batch")
    stack.s3.put_object(Bucket="archive", Key=f"workspaces/{WORKSPACE['digest']}.json", Body=b"as it was")
    forget_container("router")
    invoke("batch")
    [key] = [key for key in stack.list_keys() if key.startswith("workspaces/")]
    assert key == f"workspaces/{WORKSPACE['digest']}.json"
    assert stack.s3.get_object(Bucket="archive", Key=key)["Body"].read() == b"as it was"


def test_an_invocation_counts_what_became_of_the_events(stack, capsys):
    invoke("batch")
    assert read_metrics(capsys) == {
        ("Packs", ""): 2,
        ("PacksFailed", ""): 0,
        ("Accepted", ""): 3,
        ("Duplicates", ""): 0,
        ("Replayed", ""): 0,
        ("Blocked", "missing_event_name"): 1,
        ("Blocked", "missing_identity"): 1,
        ("Routed", "purchases-to-crm"): 1,
        ("Routed", "all-to-webhook"): 3,
    }


def test_a_pack_that_aws_held_up_is_sent_again_with_its_state_and_acknowledged(stack):
    build_client("firehose").delete_delivery_stream(DeliveryStreamName="events")

    assert invoke("batch") == {"batchItemFailures": []}

    url = stack.queues["ingest"]
    delayed = stack.sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert delayed["Attributes"] == {"ApproximateNumberOfMessagesDelayed": "2"}


def test_what_a_queue_refused_is_in_the_ingest_queue_and_forwarded_from_there(stack):
    stack.sqs.delete_queue(QueueUrl=stack.queues["AllToWebhook"])
    assert invoke("batch") == {"batchItemFailures": []}
    assert len(stack.sent("PurchasesToCrm")) == 1

    stack.sqs.create_queue(QueueName="stack-AllToWebhook")
    bodies = eventually(lambda: stack.receive("ingest"), what="the sync pack is due", seconds=10)
    record = orjson.loads((EVENTS / "batch.json").read_bytes())["Records"][0]
    app = importlib.import_module("functions.router.app")
    answer = app.handler({"Records": [{**record, "body": body} for body in bodies]}, Context())

    assert answer == {"batchItemFailures": []}
    assert len(stack.sent("AllToWebhook")) == 3
    assert stack.sent("PurchasesToCrm") == []
    assert len(stack.archived()) == 4
