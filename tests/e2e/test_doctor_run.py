"""`sluice doctor` against a stack on the embedded AWS: it finds nothing wrong, then what was put there."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.e2e.stacks import PROJECT, LocalStack, running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def example() -> Iterator[LocalStack]:
    """The example workspace, whose syncs template.yaml has."""
    with running_stack("doctor", workspace=PROJECT / "workspace") as stack:
        yield stack


def run_doctor(
    stack: LocalStack, *options: str, name: str = ""
) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The exit code, and the findings by check."""
    facts = stack.facts
    arguments = ["doctor", "--json", "--stack", name or facts["stack_name"], *options]
    finished = stack.run(*arguments, **facts["environment"])
    findings: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(finished.stdout):
        findings.setdefault(finding["check"], []).append(finding)
    return finished.returncode, findings


def test_nothing_is_wrong_with_a_running_stack(example: LocalStack) -> None:
    code, findings = run_doctor(example)
    wrong = {"problem", "unchecked"}
    assert [one for listed in findings.values() for one in listed if one["level"] in wrong] == []
    assert code == 0


def test_seeded_mistakes_are_found_before_a_first_deploy(example: LocalStack) -> None:
    """Another stack of this account, with a taken name, a disabled key and no secret."""
    facts = example.facts
    aws = {"endpoint_url": facts["endpoint_url"], "region_name": facts["region"]}
    aws |= {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    boto3.client("logs", **aws).create_log_group(logGroupName="/aws/lambda/other-ingest")
    key = boto3.client("kms", **aws).create_key(KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    boto3.client("kms", **aws).disable_key(KeyId=key["KeyId"])

    code, findings = run_doctor(
        example, "--", "--parameter-overrides", f"KmsKeyArn={key['Arn']}", name="other"
    )

    problems = {
        check: [one["text"] for one in listed if one["level"] == "problem"]
        for check, listed in findings.items()
    }
    assert code == 1
    assert {check for check, texts in problems.items() if texts} == {"names", "encryption key", "secrets"}
    assert "log group /aws/lambda/other-ingest exists" in problems["names"][0]
    assert "its state is Disabled" in problems["encryption key"][0]
    assert "/other/destinations/crm/token" in problems["secrets"][0]
