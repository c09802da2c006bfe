"""IngestFunction with the requests in `events/ingest`, and with a stranger's, on moto's AWS."""

import base64
import importlib
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import boto3
import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from sluice.adapters.clients import build_client
from sluice.ingest.keys import digest_key
from sluice.packs import parse_ingest_pack
from tests.adapters.aws import fake_aws, make_table
from tests.builders import KEY, make_batch, make_gateway_event
from tests.functions.container import forget_container, start_container
from tests.unit.ingest.hostile import check_stored, gateway_events

EVENTS = Path(__file__).parents[2] / "events" / "ingest"
SAMPLE_KEY = "wk_sample_key_of_the_web_shop"
WORKSPACE = {
    "v": 1,
    "digest": "0" * 12,
    "sources": {
        "web": {
            "keys": [
                {"id": "k1", "sha256": digest_key(SAMPLE_KEY), "revoked": False},
                {"id": "k2", "sha256": digest_key(KEY), "revoked": False},
                {"id": "k3", "sha256": digest_key("wk_revoked"), "revoked": True},
            ],
            "collect_ip": "client",
            "dedup": "request",
        }
    },
    "destinations": {},
    "syncs": {},
}
LIMITS = {
    "REQUEST_BYTES": 10_000_000,
    "EVENTS": 2500,
    "DEPTH": 64,
    "EVENT_BYTES": 98_304,
    "NORMALISED_BYTES": 20_000_000,
    "NORMALISED_RATIO": 20,
}


class Stack:
    """Ingest's part of a stack."""

    def __init__(self):
        self.sqs = build_client("sqs")
        self.queue = self.sqs.create_queue(QueueName="stack-ingest")["QueueUrl"]
        self.control = make_table("control", "kind", "id")

    def take(self):
        """The bodies in the ingest queue, which is empty afterwards."""
        bodies = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            bodies += [message["Body"] for message in messages]
            entries = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
            self.sqs.delete_message_batch(QueueUrl=self.queue, Entries=entries)
        return bodies

    def take_events(self):
        return [event for body in self.take() for event in parse_ingest_pack(body).events]

    def revoke(self, key):
        self.control.put_item(
            TableName="control", Item={"kind": {"S": "revoked_key"}, "id": {"S": digest_key(key)}}
        )


@pytest.fixture(scope="module")
def session():
    """One for all tests: reading the AWS service definitions is most of what a stack costs."""
    with fake_aws():
        return boto3.Session()


@pytest.fixture
def stack(tmp_path, monkeypatch, session, request):
    start_container("ingest", getattr(request, "param", WORKSPACE), tmp_path, monkeypatch)
    for name, limit in LIMITS.items():
        monkeypatch.setenv(f"SLUICE_MAX_{name}", str(limit))
    with fake_aws():
        boto3.DEFAULT_SESSION = session
        stack = Stack()
        monkeypatch.setenv("SLUICE_INGEST_QUEUE_URL", stack.queue)
        monkeypatch.setenv("SLUICE_CONTROL_TABLE", "control")
        monkeypatch.setenv("SLUICE_TRUSTED_PROXY_HOPS", "0")
        yield stack
        forget_container("ingest")
        boto3.DEFAULT_SESSION = None


def read_sample(name):
    return orjson.loads((EVENTS / f"{name}.json").read_bytes())


def invoke(gateway_event):
    app = importlib.import_module("functions.ingest.app")
    return app.handler(gateway_event, SimpleNamespace(function_name="ingest"))


SAMPLES = {
    "batch": (200, ["order-1", "order-2", "who-1"]),
    "batch_gzip": (200, ["order-1", "order-2", "who-1"]),
    "batch_with_blocked": (200, ["order-3", "nobody-1", "nameless-1"]),
    "track": (200, ["view-1"]),
    "pixel": (200, ["mail-1"]),
    "data_pixel": (200, ["mail-2"]),
    "beacon": (200, ["leave-1"]),
    "preflight": (204, []),
    "settings": (200, []),
    "source_config": (200, []),
    "unknown_key": (401, []),
    "malformed": (400, []),
    "not_found": (404, []),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_answered_and_its_events_are_queued(stack, name):
    status, ids = SAMPLES[name]
    assert invoke(read_sample(name))["statusCode"] == status
    assert [event["messageId"] for event in stack.take_events()] == ids


def test_every_sample_is_tried():
    assert {path.stem for path in EVENTS.glob("*.json")} == set(SAMPLES)


def test_the_answer_is_what_the_gateway_takes(stack):
    answer = invoke(read_sample("batch"))
    assert answer["body"] == '{"success":true}'
    assert answer["isBase64Encoded"] is False
    assert all(type(value) is str for value in answer["headers"].values())


def test_an_image_travels_as_base64(stack):
    answer = invoke(read_sample("pixel"))
    assert answer["isBase64Encoded"] is True
    assert base64.b64decode(answer["body"]).startswith(b"GIF89a")


def test_a_browsers_event_is_completed_from_its_request(stack):
    invoke(read_sample("track"))
    [event] = stack.take_events()
    assert event["type"] == "track"
    assert event["context"]["ip"] == "203.0.113.24"
    assert event["context"]["userAgent"].startswith("Mozilla/5.0")


def test_the_stack_says_how_many_proxies_are_trusted(stack, monkeypatch):
    monkeypatch.setenv("SLUICE_TRUSTED_PROXY_HOPS", "1")
    invoke(
        make_gateway_event(
            ip="130.176.0.9", headers={"x-forwarded-for": "192.0.2.66, 203.0.113.8, 130.176.0.9"}
        )
    )
    [body] = stack.take()
    assert parse_ingest_pack(body).client["ip"] == "203.0.113.8"


def test_blocked_events_travel_with_their_reasons(stack):
    invoke(read_sample("batch_with_blocked"))
    [body] = stack.take()
    assert parse_ingest_pack(body).blocked == {1: ["missing_identity"], 2: ["missing_event_name"]}


def test_a_large_request_is_stored_in_several_messages(stack):
    event = {"type": "page", "userId": "u", "x": "x" * 90_000}
    assert invoke(make_gateway_event(make_batch(*[event] * 40)))["statusCode"] == 200
    assert len(stack.take()) == 20


def test_a_key_in_the_control_table_is_revoked(stack):
    stack.revoke(SAMPLE_KEY)
    assert invoke(read_sample("batch"))["statusCode"] == 401


def test_another_key_of_the_source_stays_in_force(stack):
    stack.revoke(SAMPLE_KEY)
    assert invoke(make_gateway_event())["statusCode"] == 200


def test_a_key_that_its_file_marks_as_revoked_is_refused(stack):
    assert invoke(make_gateway_event(key="wk_revoked"))["statusCode"] == 401


def test_without_the_control_table_keys_are_in_force(stack):
    stack.control.delete_table(TableName="control")
    assert invoke(read_sample("batch"))["statusCode"] == 200


def test_without_the_queue_the_client_is_asked_to_come_again(stack):
    stack.sqs.delete_queue(QueueUrl=stack.queue)
    answer = invoke(read_sample("batch"))
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("name", "limit", "status"),
    [("REQUEST_BYTES", 100, 413), ("EVENTS", 2, 413), ("NORMALISED_BYTES", 500, 413)],
)
def test_the_stack_sets_the_limits_of_a_request(stack, monkeypatch, name, limit, status):
    monkeypatch.setenv(f"SLUICE_MAX_{name}", str(limit))
    assert invoke(read_sample("batch"))["statusCode"] == status


@pytest.mark.parametrize(("name", "limit"), [("DEPTH", 3), ("EVENT_BYTES", 400)])
def test_the_stack_sets_the_limits_of_an_event(stack, monkeypatch, name, limit):
    monkeypatch.setenv(f"SLUICE_MAX_{name}", str(limit))
    invoke(read_sample("batch"))
    [body] = stack.take()
    assert parse_ingest_pack(body).blocked.keys() == {0, 1}


@pytest.mark.parametrize(("ratio", "status"), [(20, 413), (1000, 200)])
def test_the_stack_sets_how_much_a_request_may_grow(stack, monkeypatch, ratio, status):
    monkeypatch.setenv("SLUICE_MAX_NORMALISED_RATIO", str(ratio))
    body = {**make_batch(*[{"userId": "u", "type": "page"}] * 200), "context": {"x": "x" * 8000}}
    assert invoke(make_gateway_event(body))["statusCode"] == status
    assert bool(stack.take()) == (status == 200)


def read_log(capsys):
    return [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_invocation_counts_what_came_in(stack, capsys):
    invoke(read_sample("batch_with_blocked"))
    *blocked, line = read_log(capsys)
    assert (line["source"], line["Requests"], line["Accepted"]) == ("web", [1], [1])
    assert {(entry["reason"], *entry["Blocked"]) for entry in blocked} == {
        ("missing_identity", 1),
        ("missing_event_name", 1),
    }


def test_a_request_that_is_refused_is_counted_with_its_code(stack, capsys):
    invoke(read_sample("unknown_key"))
    [line] = read_log(capsys)
    assert (line["Refused"], line["refused"], line["status"]) == ([1], "invalid_write_key", 401)


def list_dimensions(lines):
    return {
        tuple(sorted(names))
        for line in lines
        for published in line["_aws"]["CloudWatchMetrics"]
        for names in published["Dimensions"]
    }


LIMITED = deepcopy(WORKSPACE)
LIMITED["sources"]["web"]["quota"] = {"events_per_minute": 3, "bytes_per_minute": None}


@pytest.mark.parametrize("stack", [LIMITED], indirect=True)
def test_a_source_above_its_quota_is_refused_and_counted(stack, capsys):
    """Of four requests two may fall into the next minute, not all."""
    statuses = [invoke(read_sample("batch"))["statusCode"] for _ in range(4)]
    refused = [line for line in read_log(capsys) if "QuotaExceeded" in line]
    assert statuses[0] == 200
    assert 2 <= statuses.count(429) <= 3
    assert len(stack.take_events()) == 3 * statuses.count(200)
    assert list_dimensions(refused) == {("service", "source")}  # as the alarm looks for it
    assert {line["source"] for line in refused} == {"web"}


@pytest.mark.parametrize("stack", [LIMITED], indirect=True)
def test_without_the_control_table_a_quota_is_not_kept_and_that_is_counted(stack, capsys):
    stack.control.delete_table(TableName="control")
    assert [invoke(read_sample("batch"))["statusCode"] for _ in range(3)] == [200] * 3
    unchecked = [line for line in read_log(capsys) if "QuotaUnchecked" in line]
    assert [line["QuotaUnchecked"] for line in unchecked] == [[1]] * 3
    assert list_dimensions(unchecked) == {("service", "source")}  # as the alarm looks for it


@pytest.mark.parametrize("name", SAMPLES)
def test_no_log_holds_a_key_or_what_a_client_said(stack, capsys, name):
    invoke(read_sample(name))
    told = capsys.readouterr()
    assert not any(word in told.out + told.err for word in ("wk_", "user-", "order-", "203.0.113.24"))


def test_importing_the_function_needs_no_environment(monkeypatch):
    forget_container("ingest")
    monkeypatch.delenv("SLUICE_INGEST_QUEUE_URL", raising=False)
    assert importlib.import_module("functions.ingest.app").handler


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(gateway_events())
def test_whatever_a_stranger_sends_is_answered_and_what_is_stored_can_be_read(stack, gateway_event):
    answer = invoke(gateway_event)
    bodies = stack.take()
    assert answer["statusCode"] in {200, 204, 400, 401, 404, 405, 413, 415}
    assert answer["statusCode"] == 200 or not bodies
    check_stored(bodies)


def test_times_that_were_replaced_are_counted(stack, capsys):
    sample = read_sample("batch")
    batch = [{"type": "track", "event": "A", "userId": "u", "timestamp": at} for at in ("soon", 1e300, 5e8)]
    invoke({**sample, "body": orjson.dumps({"batch": batch}).decode(), "isBase64Encoded": False})
    [line] = read_log(capsys)
    assert (line["Accepted"], line["TimesReplaced"], line["source"]) == ([3], [2], "web")
