"""Fixed names are few, and none of them makes a deploy fail unnoticed."""

import json
from typing import Any

from tests.template.deployer import SAM_TYPES

CHECKED = {  # `sluice doctor` looks for them: cli/doctor/names.py
    ("AWS::CloudWatch::Alarm", "AlarmName"),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName"),
    ("AWS::CloudWatch::Dashboard", "DashboardName"),
    ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::SQS::Queue", "QueueName"),
}
SHARED = {  # several may have the same name, or it is a name within a resource of the stack
    ("AWS::ApiGatewayV2::Api", "Name"),
    ("AWS::ApiGatewayV2::Stage", "StageName"),
    ("AWS::IAM::Policy", "PolicyName"),
    ("AWS::Lambda::LayerVersion", "LayerName"),
    ("AWS::Logs::LogStream", "LogStreamName"),
}


def test_every_fixed_name_is_checked_by_the_doctor_or_may_be_used_twice(resources: Any) -> None:
    fixed = {
        (SAM_TYPES.get(resource["Type"], resource["Type"]), key)
        for resource in resources.values()
        for key, value in resource.get("Properties", {}).items()
        if key.endswith("Name") and key != "MetricName" and is_fixed(value, resources)
    }
    assert fixed == CHECKED | SHARED


def test_no_role_can_make_a_log_group_again_that_a_rollback_deleted(resources: Any) -> None:
    assert "logs:CreateLogGroup" not in json.dumps(resources)


def is_fixed(value: Any, resources: Any) -> bool:
    """A name of the template's own, and not a reference to another resource."""
    return not (isinstance(value, dict) and value.get("Ref") in resources)
