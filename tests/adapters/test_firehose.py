"""The stream of AWS and the one in memory keep the same contract; partial failures only AWS has."""

from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.adapters.clients import build_client
from sluice.adapters.firehose import CALL_BYTES, CALL_RECORDS, EventStream, group_records
from tests.adapters.aws import fake_aws
from tests.fakes.streams import FakeStream


class RealStream:
    """moto's Firehose, which writes each call's records as one object."""

    def __init__(self):
        self.s3 = build_client("s3")
        self.s3.create_bucket(Bucket="archive")
        client = build_client("firehose")
        client.create_delivery_stream(
            DeliveryStreamName="events",
            S3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": "arn:aws:s3:::archive",
            },
        )
        self.stream = EventStream(client, "events", workers=1)

    def written(self):
        keys = [entry["Key"] for entry in self.s3.list_objects_v2(Bucket="archive").get("Contents", [])]
        return b"".join(self.s3.get_object(Bucket="archive", Key=key)["Body"].read() for key in keys)


class MemoryStream:
    def __init__(self):
        self.stream = FakeStream()

    def written(self):
        return b"".join(self.stream.records)


@pytest.fixture(params=["aws", "memory"])
def world(request):
    if request.param == "memory":
        yield MemoryStream()
        return
    with fake_aws():
        yield RealStream()


def test_records_are_written_as_they_are(world):
    records = ['{"a":"é ☃ \\n"}\n'.encode(), b"\x00\xff\n", b"x" * 900_000 + b"\n"]
    assert world.stream.put(records) == []
    assert world.written() == b"".join(records)


def test_more_records_than_a_call_holds_are_all_written(world):
    records = [b"%03d\n" % n for n in range(CALL_RECORDS + 3)]
    assert world.stream.put(records) == []
    assert sorted(world.written().split()) == sorted(record.strip() for record in records)


def test_no_records_are_no_call(world):
    assert world.stream.put([]) == []
    assert world.written() == b""


@dataclass
class ScriptedClient:
    """Answers PutRecordBatch as told: a set of records that fail this time, or an error."""

    script: list = field(default_factory=list)
    calls: list = field(default_factory=list)

    def put_record_batch(self, DeliveryStreamName, Records):
        self.calls.append([record["Data"] for record in Records])
        answer = self.script.pop(0) if self.script else set()
        if isinstance(answer, Exception):
            raise answer
        failed = [record["Data"] in answer for record in Records]
        return {
            "FailedPutCount": sum(failed),
            "RequestResponses": [
                {"ErrorCode": "ServiceUnavailableException"} if bad else {"RecordId": "r"} for bad in failed
            ],
        }


def test_only_failed_records_are_tried_again():
    client = ScriptedClient([{b"b", b"c"}, {b"c"}])
    assert EventStream(client, "events").put([b"a", b"b", b"c"]) == []
    assert client.calls == [[b"a", b"b", b"c"], [b"b", b"c"], [b"c"]]


def test_a_record_that_fails_every_try_is_reported_by_its_index():
    client = ScriptedClient([{b"b"}] * 9)
    assert EventStream(client, "events", tries=3).put([b"a", b"b", b"c"]) == [1]
    assert len(client.calls) == 3


def test_a_failed_call_fails_all_it_held_and_no_other():
    error = ClientError({"Error": {"Code": "ServiceUnavailableException", "Message": "no"}}, "PutRecordBatch")
    client = ScriptedClient([error])
    records = [b"x"] * (CALL_RECORDS + 2)
    assert EventStream(client, "events", workers=1).put(records) == list(range(CALL_RECORDS))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1_000_000), max_size=30))
def test_calls_hold_every_record_once_in_order_and_not_too_much(sizes):
    records = [bytes(size) for size in sizes]
    chunks = [records[chunk] for chunk in group_records(records)]
    assert [len(record) for chunk in chunks for record in chunk] == sizes
    assert all(len(chunk) <= CALL_RECORDS and sum(map(len, chunk)) <= CALL_BYTES for chunk in chunks)
