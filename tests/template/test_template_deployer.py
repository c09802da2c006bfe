"""The IAM policies of docs/operations.md let somebody deploy the template, and not much more."""

import json
from typing import Any

import pytest

from tests.template.deployer import (
    DOCUMENT,
    UNUSED,
    build_policies,
    is_listed,
    list_types,
    read_actions,
    replace_policies,
)
from tests.template.expand import TEMPLATE, expand_template

MAX_CHARACTERS = 6144  # of a managed policy, without white space


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return expand_template(TEMPLATE.read_text())


@pytest.fixture(scope="module")
def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for policy in build_policies(template).values() for one in policy["Statement"]]


def test_the_documents_policies_follow_from_the_template(template: dict[str, Any]) -> None:
    text = DOCUMENT.read_text()
    assert replace_policies(text, build_policies(template)) == text, "run: python -m tests.template.deployer"


def test_each_policy_fits_a_managed_policy(template: dict[str, Any]) -> None:
    for name, policy in build_policies(template).items():
        assert len(json.dumps(policy, separators=(",", ":"))) <= MAX_CHARACTERS, name


def test_every_right_of_a_resource_type_is_granted_or_listed_as_unused(
    template: dict[str, Any], statements: list[dict[str, Any]]
) -> None:
    granted = {action for statement in statements for action in statement["Action"]}
    kinds = list_types(template)
    assert "AWS::Lambda::Function" in kinds
    needed = read_actions(kinds)
    assert {"sqs:CreateQueue", "lambda:PublishLayerVersion", "apigateway:POST"} <= needed
    assert {action for action in needed - granted if not is_listed(action, UNUSED)} == set()


def test_no_entry_of_the_unused_rights_is_stale(template: dict[str, Any]) -> None:
    needed = read_actions(list_types(template))
    assert [pattern for pattern in UNUSED if not any(is_listed(one, [pattern]) for one in needed)] == []


def test_access_logs_of_the_api_can_be_switched_on(statements: list[dict[str, Any]]) -> None:
    everywhere = {a for one in statements if one["Resource"] == "*" for a in one["Action"]}
    assert {"logs:CreateLogDelivery", "logs:PutResourcePolicy", "logs:ListLogDeliveries"} <= everywhere


def test_roles_of_the_stack_alone_are_passed_and_to_two_services_alone(
    statements: list[dict[str, Any]],
) -> None:
    (passing,) = [one for one in statements if "iam:PassRole" in one["Action"]]
    assert passing["Resource"] == ["arn:aws:iam::ACCOUNT:role/STACK-*"]
    services = passing["Condition"]["StringEquals"]["iam:PassedToService"]
    assert set(services) == {"lambda.amazonaws.com", "firehose.amazonaws.com"}


def test_nothing_is_granted_by_a_wildcard_action(statements: list[dict[str, Any]]) -> None:
    assert [action for one in statements for action in one["Action"] if "*" in action] == []
