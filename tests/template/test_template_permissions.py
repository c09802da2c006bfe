"""A new permission shows in review, as a line of permissions.json."""

import json
from pathlib import Path
from typing import Any

from cli.template import render
from sluice.adapters.breaker_row import make_key
from tests.template.builders import make_sync, make_workspace
from tests.template.expand import expand_template
from tests.template.permissions import as_list, find_statements, list_permissions, to_text

SNAPSHOT = Path(__file__).with_name("permissions.json")


def test_the_permissions_are_those_that_were_reviewed(template_text: str) -> None:
    expanded = expand_template(render(template_text, make_workspace(plain=make_sync())))
    update = "write it anew: python -m tests.template.permissions > tests/template/permissions.json"
    assert list_permissions(expanded) == json.loads(SNAPSHOT.read_text()), update


WITHOUT_RESOURCE = {("ReconcilerRole", "cloudwatch:GetMetricData")}  # AWS takes no resource for it


def test_nothing_is_allowed_by_a_wildcard_action_or_on_every_resource(resources: Any) -> None:
    allowed = [
        (name, statement)
        for name, resource in resources.items()
        for statement in find_statements(resource)
        if statement["Effect"] == "Allow"
    ]
    assert {name for name, _ in allowed} > {"IngestRole", "RouterRole"}
    for name, statement in allowed:
        assert not [action for action in as_list(statement["Action"]) if "*" in action], name
        if "*" in as_list(statement.get("Resource", [])):
            assert {(name, action) for action in as_list(statement["Action"])} <= WITHOUT_RESOURCE


def test_only_services_take_on_a_role(of_type: Any) -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert set(statement["Principal"]) == {"Service"}, name


def test_a_sync_reads_the_secrets_of_its_own_destination_only(resources: Any) -> None:
    lines = [
        line
        for line in list_permissions({"Resources": resources})["OwnDeliveryRole"]
        if line.startswith(("Allow secretsmanager:", "Allow ssm:"))
    ]
    assert len(lines) == 2
    assert all(line.endswith("${AWS::StackName}/destinations/shop/*") for line in lines)


def test_a_sync_touches_only_its_own_row_of_the_control_table(resources: Any) -> None:
    for sync, slug in (("Plain", "plain"), ("Own", "own")):
        statements = [
            statement
            for statement in find_statements(resources[f"{sync}DeliveryRole"])
            if to_text(statement.get("Resource")) == "${ControlTable.Arn}"
        ]
        assert statements
        for statement in statements:
            partitions = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
            assert [to_text(partition) for partition in partitions] == [make_key(slug)["kind"]["S"]]
