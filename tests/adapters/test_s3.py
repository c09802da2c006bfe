import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from sluice.adapters.s3 import ArchiveBucket
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
