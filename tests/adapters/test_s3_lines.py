"""The archive read line by line, from moto's S3."""

import gzip

import boto3
import pytest
from botocore.exceptions import ClientError

from sluice.adapters.archive_lines import ArchiveLines
from sluice.adapters.clients import build_client
from tests.adapters.aws import fake_aws


@pytest.fixture
def bucket():
    with fake_aws():
        boto3.setup_default_session()
        client = build_client("s3")
        client.create_bucket(Bucket="archive")
        yield client


def test_lines_of_packed_and_plain_objects_are_read_below_the_prefix_only(bucket):
    packed = gzip.compress(b"one\n") + gzip.compress(b"two\n")  # members one after the other, as Firehose may
    objects = {"a/1.jsonl.gz": packed, "a/2.jsonl": b"three\n\nfour", "a/3": b"", "b/1": b"five\n"}
    for key, body in objects.items():
        bucket.put_object(Bucket="archive", Key=key, Body=body)

    assert list(ArchiveLines(bucket, "archive").read_lines("a/")) == [b"one", b"two", b"three", b"four"]


def test_an_object_larger_than_any_buffer_is_read_whole(bucket):
    lines = [b"%d %s" % (number, b"x" * 5000) for number in range(500)]
    bucket.put_object(Bucket="archive", Key="a", Body=gzip.compress(b"\n".join(lines)))

    assert list(ArchiveLines(bucket, "archive").read_lines("a")) == lines


def test_more_objects_than_a_page_are_read(bucket):
    for number in range(1001):
        bucket.put_object(Bucket="archive", Key=f"a/{number:04}", Body=b"%d\n" % number)

    assert len(list(ArchiveLines(bucket, "archive").read_lines("a/"))) == 1001


def test_nothing_is_read_where_nothing_is(bucket):
    assert list(ArchiveLines(bucket, "archive").read_lines("a/")) == []


def test_a_bucket_that_cannot_be_read_is_no_empty_one(bucket):
    with pytest.raises(ClientError):
        list(ArchiveLines(bucket, "no-such-bucket").read_lines("a/"))
