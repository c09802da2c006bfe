"""TransformFunction: what an operator's code may do, and how long it may take."""

from typing import Any

from cli.functions.sandbox import MEGABYTES, SECONDS
from sluice.adapters.function_process import BATCH_SECONDS
from sluice.bootstrap.function_calls import READ_SECONDS
from sluice.transforms.transform import CALL_SECONDS, SECONDS_AFTER
from tests.template.permissions import list_permissions


def test_a_function_may_write_its_log_and_read_its_own_parameters_and_nothing_else(resources: Any) -> None:
    allowed = {
        line.partition(" on ")[0]: line.partition(" on ")[2]
        for line in list_permissions({"Resources": resources})["TransformRole"]
        if "sts:AssumeRole" not in line
    }
    assert set(allowed) == {
        *("Allow logs:CreateLogStream", "Allow logs:PutLogEvents"),
        *("Allow ssm:GetParameter", "Allow kms:Decrypt"),  # only parameters: test_template_encryption
    }
    assert allowed["Allow ssm:GetParameter"].endswith(":parameter/${AWS::StackName}/functions/*")
    assert allowed["Allow logs:PutLogEvents"] == "${TransformLogGroup.Arn}"


def test_no_other_policy_is_attached_to_its_role(of_type: Any) -> None:
    for name, policy in of_type("AWS::IAM::Policy").items():
        assert {"Ref": "TransformRole"} not in policy["Roles"], name


def test_only_the_router_may_call_it(resources: Any) -> None:
    callers = [
        name
        for name, lines in list_permissions({"Resources": resources}).items()
        if any("lambda:InvokeFunction on ${TransformFunction" in line for line in lines)
    ]
    assert callers == ["TransformRouterPolicy"]
    assert resources["TransformRouterPolicy"]["Properties"]["Roles"] == [{"Ref": "RouterRole"}]


def test_it_ends_a_batch_itself_before_lambda_ends_it_and_the_router_waits_for_both(resources: Any) -> None:
    timeout = resources["TransformFunction"]["Properties"]["Timeout"]
    router = resources["RouterFunction"]["Properties"]["Timeout"]
    assert BATCH_SECONDS < timeout < READ_SECONDS < CALL_SECONDS
    assert router > CALL_SECONDS + SECONDS_AFTER


def test_a_test_of_a_function_has_the_limits_of_the_deployed_one(resources: Any) -> None:
    properties = resources["TransformFunction"]["Properties"]
    assert (properties["MemorySize"], properties["Timeout"]) == (MEGABYTES, SECONDS)
