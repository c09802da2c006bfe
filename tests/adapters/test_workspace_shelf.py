"""Compiled workspaces in the archive bucket: each is written once, and S3's trouble is nobody else's."""

import boto3
import orjson
import pytest

from sluice.adapters.clients import build_client
from sluice.adapters.workspace_shelf import keep_workspace
from tests.adapters.aws import fake_aws

WORKSPACE = {"v": 1, "digest": "0123456789ab", "sources": {"web": {}}}


@pytest.fixture
def s3():
    with fake_aws():
        boto3.setup_default_session()
        client = build_client("s3")
        client.create_bucket(Bucket="archive")
        yield client
        boto3.DEFAULT_SESSION = None


def read(s3):
    return s3.get_object(Bucket="archive", Key="workspaces/0123456789ab.json")["Body"].read()


def test_a_workspace_is_kept_under_its_digest(s3):
    keep_workspace(s3, "archive", WORKSPACE)
    assert orjson.loads(read(s3)) == WORKSPACE


def test_what_is_kept_is_not_written_again(s3, caplog):
    s3.put_object(Bucket="archive", Key="workspaces/0123456789ab.json", Body=b"first")
    keep_workspace(s3, "archive", WORKSPACE)
    assert read(s3) == b"first"
    assert caplog.text == ""


def test_a_bucket_that_refuses_is_logged(s3, caplog):
    keep_workspace(s3, "of-nobody", WORKSPACE)
    assert "did not keep workspace 0123456789ab" in caplog.text
