"""ReconcilerFunction with the invocation in `events/reconciler`, on moto's S3."""

import gzip
import importlib
import json
import time
from pathlib import Path

import boto3
import orjson
import pytest

from sluice.adapters.clients import build_client
from tests.adapters.aws import fake_aws
from tests.functions.container import forget_container, start_container

EVENT = Path("events/reconciler/scheduled.json")
WORKSPACE = {
    "syncs": {
        slug: {"name": slug.title(), "retry": {"for": 14_400}, "alarms": {"queue_age": 900}}
        for slug in ("crm", "lake")
    }
}
CHECKED = "dt=2026-11-22/hr=03"


class Context:
    function_name = "reconciler"


@pytest.fixture
def handler(tmp_path, monkeypatch):
    start_container("reconciler", WORKSPACE, tmp_path, monkeypatch)
    monkeypatch.setenv("SLUICE_ARCHIVE_BUCKET", "archive")
    monkeypatch.setenv("SLUICE_CONSERVATION_SAMPLE", "1")
    monkeypatch.setenv("SLUICE_INGEST_DLQ_URL", "https://sqs/1/stack-id-ingest-dlq")
    with fake_aws():
        boto3.setup_default_session()
        build_client("s3").create_bucket(Bucket="archive")
        yield importlib.import_module("functions.reconciler.app").handler
        forget_container("reconciler")
        boto3.DEFAULT_SESSION = None


def put_lines(key, *lines):
    body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    build_client("s3").put_object(Bucket="archive", Key=key, Body=gzip.compress(body))


def accept(message_id):
    routes = [{"sync": sync, "type": "custom_event"} for sync in WORKSPACE["syncs"]]
    return {"message_id": message_id, "verdict": "accepted", "syncs": routes, "event": {}}


def deliver(message_id, sync):
    return {
        "sync": sync,
        "event_type": "custom_event",
        "message_id": message_id,
        "outcome": "delivered",
        "next_at": None,
    }


def read_metrics(capsys):
    """The EMF lines that a run printed."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def find_values(lines, metric, **dimensions):
    return [
        line[metric][0]
        for line in lines
        if metric in line
        and {name: line.get(name) for name in ("service", "sync")} == {"service": "reconciler", **dimensions}
    ]


def test_what_has_no_end_becomes_a_metric_of_the_stack_and_of_its_sync(handler, capsys):
    put_lines(f"events/{CHECKED}/1.jsonl.gz", accept("a"), accept("b"))
    put_lines("deliveries/dt=2026-11-22/hr=05/1.jsonl.gz", deliver("a", "crm"), deliver("b", "crm"))
    put_lines("deliveries/dt=2026-11-22/hr=09/1.jsonl.gz", deliver("a", "lake"))

    answer = handler(json.loads(EVENT.read_text()), Context())

    assert answer == {"hour": "2026-11-22T03", "checked": {"crm": 2, "lake": 2}, "unaccounted": {"lake": 1}}
    lines = read_metrics(capsys)
    assert find_values(lines, "Unaccounted", sync=None) == [1]
    assert find_values(lines, "Unaccounted", sync="crm") == []
    assert find_values(lines, "Unaccounted", sync="lake") == [1]
    assert lines[-1]["checked"] == {"crm": 2, "lake": 2}
    [ids] = [line["unaccounted_ids"] for line in lines if "unaccounted_ids" in line]
    assert ids == {"lake": ["b"]}


def test_the_total_has_the_dimension_that_the_alarm_watches(handler, capsys):
    handler(json.loads(EVENT.read_text()), Context())

    [total] = [line for line in read_metrics(capsys) if "checked" in line]
    [described] = total["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "Sluice"
    assert described["Dimensions"] == [["service"]]
    assert total["Unaccounted"] == [0]


def test_an_hour_without_events_gives_a_zero_so_that_the_alarm_recovers(handler, capsys):
    answer = handler(json.loads(EVENT.read_text()), Context())

    assert answer["unaccounted"] == {}
    lines = read_metrics(capsys)
    assert find_values(lines, "Unaccounted", sync=None) == [0]
    assert find_values(lines, "Unaccounted", sync="lake") == []
    assert lines[-1]["checked"] == {"crm": 0, "lake": 0}


def test_a_queue_that_nobody_empties_becomes_a_metric_of_its_sync(handler, capsys):
    metric = {
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": "stack-id-Crm"}],
        "Timestamp": time.time() - 310,
        "Value": 1234,
    }
    build_client("cloudwatch").put_metric_data(Namespace="AWS/SQS", MetricData=[metric])

    handler(json.loads(EVENT.read_text()), Context())

    lines = read_metrics(capsys)
    assert find_values(lines, "QueueAgeExceeded", sync="crm") == [1234]
    assert [line for line in lines if "QueueAgeExceeded" in line and line["sync"] != "crm"] == []
