"""`.local/stack.json`: what everything outside reads to find the local stack."""

from pathlib import Path

import pytest

from cli.local.deployment import Deployment
from cli.local.errors import LocalStackError
from cli.local.patches import translate_statement
from cli.local.settings import LocalSettings
from cli.local.stack import describe_stack, read_stack

RESOURCES = {
    "HttpApi": "abc123",
    "ArchiveBucket": "the-archive",
    "IngestQueue": "q/ingest",
    "IngestDlq": "q/ingest-dlq",
    "PurchasesToCrmQueue": "q/crm",
    "PurchasesToCrmDlq": "q/crm-dlq",
    "PurchasesToCrmDeliveryFunction": "deliver-crm",
}
WORKSPACE = {
    "sources": {"web": {"keys": []}},
    "destinations": {"crm": {"kind": "http", "settings": {}}},
    "syncs": {"purchases-to-crm": {"name": "PurchasesToCrm", "destination": "crm"}},
}


def test_stack_json_names_addresses_keys_and_queues() -> None:
    deployment = Deployment(Path("template.yaml"), WORKSPACE, {}, "digest")
    stack = describe_stack(LocalSettings(port=4700, sink_port=4701), deployment, RESOURCES)

    assert stack["api_url"] == "http://127.0.0.1:4700/_aws/execute-api/abc123"
    assert stack["endpoint_url"] == "http://127.0.0.1:4700"
    assert stack["region"] == "us-east-1"
    assert stack["archive_bucket"] == "the-archive"
    assert stack["sink_url"] == "http://127.0.0.1:4701"
    assert list(stack["write_keys"]) == ["web"]
    assert stack["queues"] == {"purchases-to-crm": {"queue": "q/crm", "dlq": "q/crm-dlq"}}


def test_reading_it_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match="make up"):
        read_stack(LocalSettings(folder=tmp_path))


def test_under_iam_a_role_gets_the_emulators_names_of_what_it_may_do_and_no_more() -> None:
    sends = {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"], "Resource": "arn:q"}
    inserts = {"Effect": "Allow", "Action": "dynamodb:PartiQLInsert", "Resource": "arn:t"}
    denies = {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"}

    assert list(translate_statement(sends)) == [("sqs:SendMessageBatch", "arn:q")]
    assert list(translate_statement(inserts)) == [("dynamodb:BatchExecuteStatement", "*")]
    assert list(translate_statement(denies)) == []
