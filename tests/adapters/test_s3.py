import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from sluice.adapters.s3 import ArchiveBucket
from sluice.archiver.ports import ArchiveUnreadable
from tests.fakes.archive import FakeArchive


def make_client():
    return boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def bucket():
    with mock_aws():
        client = make_client()
        client.create_bucket(Bucket="archive")
        yield client


def test_an_object_is_written(bucket):
    assert ArchiveBucket(bucket, "archive").put("dead/sync=crm/dt=2027-01-15/a.jsonl", b'{"v":1}\n')
    found = bucket.get_object(Bucket="archive", Key="dead/sync=crm/dt=2027-01-15/a.jsonl")
    assert found["Body"].read() == b'{"v":1}\n'


def test_the_same_key_is_written_over(bucket):
    archive, fake = ArchiveBucket(bucket, "archive"), FakeArchive()
    for body in (b"old", b"new"):
        assert archive.put("k", body)
        assert fake.put("k", body)
    assert bucket.get_object(Bucket="archive", Key="k")["Body"].read() == fake.objects["k"] == b"new"


def test_what_s3_does_not_take_is_told(bucket):
    assert ArchiveBucket(bucket, "no-such-bucket").put("k", b"x") is False
    assert FakeArchive(broken=True).put("k", b"x") is False


def test_keys_are_listed_in_order_and_objects_read_in_the_order_asked(bucket):
    archive, fake = ArchiveBucket(bucket, "archive"), FakeArchive()
    for place in (archive, fake):
        for n in (2, 1, 3):
            place.put(f"dead/sync=crm/{n}", b"%d" % n)
        place.put("dead/sync=crm-2/1", b"other")
        assert list(place.list_keys("dead/sync=crm/")) == [f"dead/sync=crm/{n}" for n in (1, 2, 3)]
        assert list(place.read_all(["dead/sync=crm/3", "dead/sync=crm/1"])) == [b"3", b"1"]


def test_what_s3_does_not_say_is_an_error(bucket):
    for place in (ArchiveBucket(bucket, "no-such-bucket"), FakeArchive({"k": b""}, broken=True)):
        with pytest.raises(ArchiveUnreadable):
            list(place.list_keys("dead/"))
        with pytest.raises(ArchiveUnreadable):
            list(place.read_all(["k"]))
