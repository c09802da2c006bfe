"""The delivery function as deployed, its queues, bucket and secrets on moto, its destination on 127.0.0.1."""

import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import boto3
import orjson
import pytest
from moto import mock_aws

from sluice.workspace.models import Alarms
from tests.adapters.aws import make_table, play_partiql
from tests.fakes.vendor_server import run_server
from tests.functions.container import forget_container, start_container

pytestmark = pytest.mark.enable_socket

COUNTS = (*("Packs", "PacksFailed", "Attempts", "Delivered", "Retried", "Postponed", "Dead"),)
EVENTS = Path(__file__).parents[2] / "events" / "delivery"


class Stage:
    """What AWS holds after an invocation."""

    def __init__(self, vendor):
        self.vendor = vendor
        self.sqs, self.s3 = boto3.client("sqs"), boto3.client("s3")
        self.queue = self.sqs.create_queue(QueueName="sluice-PurchasesToCrm")["QueueUrl"]
        self.dlq = self.sqs.create_queue(QueueName="sluice-PurchasesToCrm-dlq")["QueueUrl"]
        for bucket in ("archive", "log-bucket"):
            self.s3.create_bucket(Bucket=bucket)
        boto3.client("firehose").create_delivery_stream(
            DeliveryStreamName="deliveries",
            S3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": "arn:aws:s3:::log-bucket",
            },
        )
        make_table("control", "kind", "id")
        play_partiql(make_table("dedup", "id"), boto3.DEFAULT_SESSION.events)
        boto3.client("ssm").put_parameter(
            Name="/sluice/destinations/crm/token", Value="s3cr3t", Type="SecureString"
        )

    def invoke(self, name):
        return self.handle(orjson.loads((EVENTS / f"{name}.json").read_bytes()))

    def handle(self, event):
        app = import_module("functions.delivery.app")  # not before its environment stands
        return app.handler(event, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))

    def receive(self, queue):
        found = self.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
        )
        return found.get("Messages", [])

    def count_delayed(self):
        names = ["ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessages"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def archived(self, bucket="archive"):
        found = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {o["Key"]: self.s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read() for o in found}

    def logged(self):
        """The delivery log's lines, as Firehose got them."""
        return [
            orjson.loads(line) for body in self.archived("log-bucket").values() for line in body.splitlines()
        ]


@pytest.fixture
def stage(monkeypatch, tmp_path):
    with run_server() as vendor, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        stage = Stage(vendor)
        environment = {
            "SLUICE_STACK": "sluice",
            "SLUICE_SYNC": "purchases-to-crm",
            "SLUICE_QUEUE_URL": stage.queue,
            "SLUICE_DLQ_URL": stage.dlq,
            "SLUICE_ARCHIVE_BUCKET": "archive",
            "SLUICE_DELIVERY_STREAM": "deliveries",
            "SLUICE_CONTROL_TABLE": "control",
            "SLUICE_DEDUP_TABLE": "dedup",
            "SLUICE_ALLOW_PRIVATE_DESTINATIONS": "true",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        start_container("delivery", make_workspace(vendor.url("/events")), tmp_path, monkeypatch)
        yield stage
        forget_container("delivery")


def make_workspace(url):
    headers = {"Authorization": {"secret": "ssm:token", "format": "Bearer {}"}}
    event_type = {"type": "track_purchase", "filter": None, "mappings": {"id": {"field": "userId"}}}
    return {
        "v": 1,
        "digest": "0" * 12,
        "sources": {},
        "destinations": {"crm": {"kind": "http", "settings": {"url": url, "headers": headers}}},
        "syncs": {
            "purchases-to-crm": {
                "destination": "crm",
                "event_types": [event_type],
                "retry": {"for": 14_400, "first": 5, "max": 900, "attempts": None},
                "alarms": Alarms().model_dump(),
                "batch_size": None,
                "concurrency": 4,
            }
        },
    }


def read_metrics(capsys):
    return [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]


def answer(stage, status, headers=""):
    data = f"HTTP/1.1 {status} X\r\nContent-Length: 4\r\n{headers}\r\nnope".encode()
    stage.vendor.play = lambda sock, _request: sock.sendall(data)


def test_packs_become_requests_with_the_secret(stage, capsys):
    assert stage.invoke("packs") == {"batchItemFailures": []}
    bodies = sorted(request.partition(b"\r\n\r\n")[2] for request in stage.vendor.requests)
    assert bodies == [b'{"id":"user-1"}', b'{"id":"user-2"}', b'{"id":"user-3"}']
    assert all(b"Authorization: Bearer s3cr3t\r\n" in request for request in stage.vendor.requests)
    [line] = read_metrics(capsys)
    assert line["sync"] == "purchases-to-crm"
    done = {"Delivered": [3], "Attempts": [3], "Packs": [2]}
    assert {name: line[name] for name in COUNTS} == {name: [0] for name in COUNTS} | done
    age = time.time() - datetime(2026, 11, 22, tzinfo=UTC).timestamp()
    assert line["OldestWaitingSeconds"] == [0], "none of them waits any more"
    assert line["LatencyMs"] == [pytest.approx(age * 1000, abs=60_000)] * 3


def test_every_attempt_has_a_line_in_the_log(stage):
    stage.invoke("packs")
    lines = stage.logged()
    assert sorted(line["message_id"] for line in lines) == ["order-1", "order-2", "order-3"]
    assert {(line["outcome"], line["status"], line["attempt"]) for line in lines} == {("delivered", 200, 1)}
    assert all(line["latency_ms"] >= 0 for line in lines)
    assert stage.archived() == {}


def test_what_firehose_does_not_take_is_in_the_bucket_under_the_same_prefix(stage):
    boto3.client("firehose").delete_delivery_stream(DeliveryStreamName="deliveries")
    assert stage.invoke("packs") == {"batchItemFailures": []}
    [(key, body)] = stage.archived().items()
    assert key.startswith("deliveries/dt=")
    assert body.count(b"\n") == 3


def test_refused_credentials_open_the_breaker_for_every_container(stage, capsys):
    answer(stage, 401)
    stage.invoke("packs")
    asked = len(stage.vendor.requests)
    [line] = read_metrics(capsys)
    assert (line["BreakerOpen"], line["AuthRejected"]) == ([1], [3])
    forget_container("delivery")
    assert stage.invoke("packs") == {"batchItemFailures": []}
    assert len(stage.vendor.requests) == asked
    [line] = read_metrics(capsys)
    assert (line["Postponed"], line["Attempts"], line["AuthRejected"]) == ([3], [0], [3])


def test_latencies_are_as_many_as_one_line_takes(stage, capsys):
    event = orjson.loads((EVENTS / "packs.json").read_bytes())
    pack = orjson.loads(event["Records"][0]["body"])
    pack["items"] *= 100
    event["Records"][0]["body"] = orjson.dumps(pack).decode()
    stage.handle(event)
    [line] = read_metrics(capsys)
    assert (len(line["LatencyMs"]), line["Delivered"]) == (99, [201])


def test_what_may_pass_waits_in_the_queue(stage, capsys):
    answer(stage, 503, "Retry-After: 600\r\n")
    assert stage.invoke("packs") == {"batchItemFailures": []}
    assert stage.count_delayed() == 2
    assert stage.receive(stage.queue) == []
    [line] = read_metrics(capsys)
    assert line["Retried"] == [3]


def test_what_is_refused_is_archived_and_in_the_dlq_and_no_secret_with_it(stage, capsys):
    answer(stage, 422)
    stage.invoke("packs")
    letters = stage.receive(stage.dlq)
    assert len(letters) == 3
    letter = orjson.loads(letters[0]["Body"])
    assert (letter["reason"], letter["status"], letter["response"]["body"]) == ("rejected", 422, "nope")
    attributes = {name: value["StringValue"] for name, value in letters[0]["MessageAttributes"].items()}
    assert attributes["reason"] == "rejected"
    assert attributes["event_type"] == "track_purchase"
    archived = stage.archived()
    assert all(key.startswith("dead/sync=purchases-to-crm/dt=") for key in archived)
    assert sum(body.count(b"\n") for body in archived.values()) == 3
    out = capsys.readouterr().out
    assert "s3cr3t" not in out + str(letters) + str(archived)
    [dead, line] = [orjson.loads(text) for text in out.splitlines()]
    assert (dead["reason"], dead["Dead"], dead["sync"]) == ("rejected", [3], "purchases-to-crm")
    assert line["Dead"] == [3]


def test_a_retry_pack_whose_time_has_come_is_tried(stage):
    assert stage.invoke("retry") == {"batchItemFailures": []}
    assert len(stage.vendor.requests) == 1


def test_poison_is_named_and_its_neighbour_is_done(stage, capsys):
    [failure] = stage.invoke("poison")["batchItemFailures"]
    assert failure["itemIdentifier"].endswith("1")
    assert len(stage.vendor.requests) == 1
    [line] = read_metrics(capsys)
    assert (line["PacksFailed"], line["Delivered"]) == ([1], [1])
    assert list(line["trouble"]) == [failure["itemIdentifier"]]


def test_a_copy_of_a_pack_is_acknowledged_without_a_call(stage, capsys):
    event = orjson.loads((EVENTS / "packs.json").read_bytes())
    stage.handle(event)
    asked = len(stage.vendor.requests)
    forget_container("delivery")
    for record in event["Records"]:
        record["messageId"] += "-copy"

    assert stage.handle(event) == {"batchItemFailures": []}

    assert len(stage.vendor.requests) == asked
    line = read_metrics(capsys)[-1]
    assert (line["copies"], line["Attempts"]) == (2, [0])
