"""The queues of AWS and the ones in memory keep the same contract; partial failures only AWS has."""

import threading
import time
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.adapters.clients import build_client
from sluice.adapters.sqs import BATCH_BYTES, Queues, group_entries
from sluice.quoted import Quoted, escape
from tests.adapters.aws import fake_aws
from tests.fakes.queues import FakeQueues

AWKWARD = '{"a":"é ☃ 😀 \\n \\" \\\\ \\u0001"}'


def quote(text):
    return Quoted(b'"' + escape(text.encode()) + b'"', len(text.encode()))


@dataclass
class RealQueues:
    """moto's SQS, received from as `FakeQueues` is."""

    def __post_init__(self):
        self.client = build_client("sqs")
        self.queues = Queues(self.client)

    def make(self, name):
        return self.client.create_queue(QueueName=name)["QueueUrl"]

    def receive(self, url):
        answer = self.client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=60
        )
        return [
            (
                m["Body"],
                {k: v["StringValue"] for k, v in m.get("MessageAttributes", {}).items()},
                m["ReceiptHandle"],
            )
            for m in answer.get("Messages", [])
        ]


class MemoryQueues:
    def __init__(self):
        self.queues = FakeQueues()

    def make(self, name):
        return name

    def receive(self, url):
        return [(m.body, m.attributes, m.receipt_handle) for m in self.queues.receive(url)]


@pytest.fixture(params=["aws", "memory"])
def world(request):
    if request.param == "memory":
        yield MemoryQueues()
        return
    with fake_aws():
        yield RealQueues()


def bodies(received):
    return sorted(body for body, _, _ in received)


def test_what_was_sent_is_received(world):
    url = world.make("q")
    assert world.queues.send(url, ["a", AWKWARD, quote("b" + AWKWARD)]) == []
    assert bodies(world.receive(url)) == sorted(["a", AWKWARD, "b" + AWKWARD])


def test_attributes_travel_with_their_message(world):
    url = world.make("q")
    world.queues.send(url, ["a", "b"], attributes=[{"reason": "rejected é"}, {}])
    told = {body: attributes for body, attributes, _ in world.receive(url)}
    assert told == {"a": {"reason": "rejected é"}, "b": {}}


def test_a_delayed_message_is_not_received_yet(world):
    url = world.make("q")
    assert world.queues.send(url, ["now", "later"], delays=[0, 900]) == []
    assert bodies(world.receive(url)) == ["now"]


def test_several_queues_are_sent_to_at_once(world):
    one, two = world.make("one"), world.make("two")
    assert world.queues.send_all({one: ["a", "b"], two: [quote("c")]}) == {one: [], two: []}
    assert (bodies(world.receive(one)), bodies(world.receive(two))) == (["a", "b"], ["c"])


def test_more_than_one_call_holds_are_all_sent(world):
    url = world.make("q")
    assert world.queues.send(url, [f"{n:02}" for n in range(23)], timeout=10) == []
    got = [body for _ in range(3) for body in bodies(world.receive(url))]
    assert sorted(got) == [f"{n:02}" for n in range(23)]


def test_a_deleted_message_is_gone_and_an_unknown_handle_is_reported(world):
    url = world.make("q")
    world.queues.send(url, ["a"])
    ((_, _, handle),) = world.receive(url)
    assert world.queues.delete(url, [handle, "unknown"]) == [1]
    assert world.queues.delete(url, []) == []


def test_what_is_received_says_when_it_was_sent_and_is_hidden_as_long_as_asked(world):
    url = world.make("q")
    world.queues.send(url, ["a"])
    (first,) = world.queues.receive(url, visibility=0)
    (again,) = world.queues.receive(url, visibility=60)
    assert (first.id, first.body, first.sent_at) == (again.id, "a", again.sent_at)
    assert world.queues.receive(url, visibility=60) == []
    assert world.queues.delete(url, [again.receipt_handle]) == []


def test_what_is_received_says_for_what_reason_it_is_there(world):
    url = world.make("q")
    world.queues.send(url, ["a"], attributes=[{"reason": "rejected", "status": "400"}])
    world.queues.send(url, ["b"], attributes=[{}])
    received = [m for _ in range(2) for m in world.queues.receive(url, visibility=60)]
    assert sorted((message.body, message.reason) for message in received) == [("a", "rejected"), ("b", "")]


def test_of_a_queue_that_is_not_there_nothing_is_received_in_silence():
    with fake_aws(), pytest.raises(ClientError):
        RealQueues().queues.receive("https://sqs.us-east-1.amazonaws.com/1/none", visibility=1)


def test_a_message_with_visibility_zero_is_received_again(world):
    url = world.make("q")
    world.queues.send(url, ["a"])
    ((_, _, handle),) = world.receive(url)
    assert world.receive(url) == []
    assert world.queues.set_visibility(url, {handle: 0, "unknown": 5}) == [1]
    assert bodies(world.receive(url)) == ["a"]


@dataclass
class ScriptedClient:
    """Answers SendMessageBatch as told: a set of bodies that fail this time, or an error."""

    script: list = field(default_factory=list)
    calls: list = field(default_factory=list)

    def send_message_batch(self, QueueUrl, Entries):
        self.calls.append([entry["MessageBody"] for entry in Entries])
        answer = self.script.pop(0) if self.script else set()
        if isinstance(answer, Exception):
            raise answer
        told = {entry["Id"]: entry["MessageBody"] in answer for entry in Entries}
        return {
            "Successful": [{"Id": at} for at, failed in told.items() if not failed],
            "Failed": [
                {"Id": at, "Code": "InternalError", "SenderFault": False}
                for at, failed in told.items()
                if failed
            ],
        }


REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessageBatch")


def test_only_failed_entries_are_tried_again():
    client = ScriptedClient([{"b", "c"}, {"c"}])
    assert Queues(client).send("q", ["a", "b", "c"]) == []
    assert client.calls == [["a", "b", "c"], ["b", "c"], ["c"]]


def test_an_entry_that_fails_every_try_is_reported_by_its_index():
    client = ScriptedClient([{"b"}] * 9)
    assert Queues(client, tries=3).send("q", ["a", "b", "c"]) == [1]
    assert len(client.calls) == 3


@pytest.mark.parametrize("error", [REFUSED, EndpointConnectionError(endpoint_url="https://sqs")])
def test_a_failed_call_fails_all_it_held_and_no_other(error):
    client = ScriptedClient([error])
    failed = Queues(client, workers=1).send("q", [f"{n}" for n in range(15)])
    assert failed == list(range(10))


def test_an_entry_that_the_answer_does_not_name_is_not_taken_for_sent():
    class Silent(ScriptedClient):
        def send_message_batch(self, QueueUrl, Entries):
            return {}

    assert Queues(Silent()).send("q", ["a"]) == [0]


@pytest.mark.parametrize(("delay", "told"), [(-5, 0), (0, 0), (900, 900), (901, 900), (12.7, 12)])
def test_delays_are_cut_to_what_sqs_takes(delay, told):
    seen = []

    class Watched(ScriptedClient):
        def send_message_batch(self, QueueUrl, Entries):
            seen.extend(entry["DelaySeconds"] for entry in Entries)
            return super().send_message_batch(QueueUrl, Entries)

    Queues(Watched()).send("q", ["a"], delays=[delay])
    assert seen == [told]


def test_a_hanging_call_holds_nobody_longer_than_the_timeout():
    release = threading.Event()

    class Hanging(ScriptedClient):
        def send_message_batch(self, QueueUrl, Entries):
            if Entries[0]["MessageBody"] == "hangs":
                release.wait(30)
            return super().send_message_batch(QueueUrl, Entries)

    queues = Queues(Hanging())
    started = time.monotonic()
    assert queues.send("q", ["hangs"] + ["x"] * 12, timeout=0.3) == list(range(10))
    assert time.monotonic() - started < 5
    assert queues.send("q", ["next"], timeout=5) == []
    release.set()


def test_no_try_starts_after_the_timeout():
    now = [0.0]

    class Slow(ScriptedClient):
        def send_message_batch(self, QueueUrl, Entries):
            now[0] += 4
            return super().send_message_batch(QueueUrl, Entries)

    client = Slow([{"a"}] * 9)
    assert Queues(client, tries=9, clock=lambda: now[0]).send("q", ["a"], timeout=10) == [0]
    assert len(client.calls) == 3


SIZES = st.lists(st.one_of(st.integers(0, 2000), st.integers(0, BATCH_BYTES)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(SIZES)
def test_calls_hold_every_entry_once_in_order_and_not_too_much(sizes):
    entries = [{"MessageBody": Quoted(b'""', size)} for size in sizes]
    chunks = list(group_entries(entries))
    assert [index for chunk in chunks for index in chunk] == list(range(len(sizes)))
    assert all(len(chunk) <= 10 and sum(sizes[index] for index in chunk) <= BATCH_BYTES for chunk in chunks)


def test_bodies_and_attributes_count_in_utf8_bytes():
    half = BATCH_BYTES // 2
    attributes = {"n": {"DataType": "String", "StringValue": "é"}}  # 1 + 6 + 2 bytes
    fits = [
        {"MessageBody": "é" * (half // 2)},
        {"MessageBody": "x" * (half - 9), "MessageAttributes": attributes},
    ]
    assert list(group_entries(fits)) == [[0, 1]]
    fits[1]["MessageBody"] += "x"
    assert list(group_entries(fits)) == [[0], [1]]
