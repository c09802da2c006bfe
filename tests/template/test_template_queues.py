"""Queues keep events safe, and the functions behind them get them at the right pace."""

import json
from typing import Any

from sluice.workspace.names import MAX_SLUG
from tests.template.expand import resolve_name

NAME_PROPERTIES = {"QueueName", "BucketName", "TableName"}
DAYS = 24 * 3600
VISIBILITY_FACTOR = 6


def test_every_queue_keeps_for_14_days_and_takes_the_largest_message(of_type: Any) -> None:
    for name, queue in of_type("AWS::SQS::Queue").items():
        assert queue["MessageRetentionPeriod"] == 14 * DAYS, name
        assert queue["MaximumMessageSize"] == 1024 * 1024, name
        assert not queue.get("DelaySeconds"), name


def test_every_queue_has_a_dead_letter_queue_that_is_reached_after_20_receives(of_type: Any) -> None:
    for name, queue in of_type("AWS::SQS::Queue").items():
        if name.endswith("Dlq"):
            assert "RedrivePolicy" not in queue, name
        else:
            dlq = name.removesuffix("Queue") + "Dlq"
            target = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
            assert target == [dlq, "Arn"]
            assert queue["RedrivePolicy"]["maxReceiveCount"] == 20, name


def test_queues_are_named_by_the_rule_the_router_goes_by(of_type: Any) -> None:
    stack_id = "arn:aws:cloudformation:eu-west-1:123456789012:stack/mine/0a1b2c3d-4e5f-11ee-be56-0242ac120002"
    values = {"AWS::StackName": "mine", "AWS::StackId": stack_id}
    names = {
        name: resolve_name(queue["QueueName"], values) for name, queue in of_type("AWS::SQS::Queue").items()
    }
    assert names == {
        "IngestQueue": "mine-0a1b2c3d-ingest",
        "IngestDlq": "mine-0a1b2c3d-ingest-dlq",
        "PlainQueue": "mine-0a1b2c3d-Plain",
        "PlainDlq": "mine-0a1b2c3d-Plain-dlq",
        "OwnQueue": "mine-0a1b2c3d-Own",
        "OwnDlq": "mine-0a1b2c3d-Own-dlq",
    }


def test_the_longest_queue_name_fits_sqs(of_type: Any) -> None:
    """A function of the longest sync leaves the stack 23 characters; its dead-letter queue must fit too."""
    stack = "s" * (64 - 1 - MAX_SLUG)
    stack_id = (
        f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{stack}/0a1b2c3d-4e5f-11ee-be56-0242ac120002"
    )
    values = {"AWS::StackName": stack, "AWS::StackId": stack_id}
    name = resolve_name(of_type("AWS::SQS::Queue")["PlainDlq"]["QueueName"], values)
    assert len(name.replace("Plain", "S" * MAX_SLUG)) <= 80


def test_what_is_kept_has_no_name_that_another_stack_would_want(resources: Any) -> None:
    """Retain also keeps what a failed first deploy made: a fixed name would make the second one fail."""
    for name, resource in resources.items():
        if resource.get("DeletionPolicy") == "Retain":
            named = {key: value for key, value in resource["Properties"].items() if key in NAME_PROPERTIES}
            assert "AWS::StackId" in json.dumps(named) or not named, name


def test_a_message_stays_invisible_for_six_times_the_timeout_of_its_function(of_type: Any) -> None:
    queues, functions = of_type("AWS::SQS::Queue"), of_type("AWS::Serverless::Function")
    seen = {}
    for mapping in of_type("AWS::Lambda::EventSourceMapping").values():
        queue = mapping["EventSourceArn"]["Fn::GetAtt"][0]
        timeout = functions[mapping["FunctionName"]["Ref"]]["Timeout"]
        assert queues[queue]["VisibilityTimeout"] == VISIBILITY_FACTOR * timeout, queue
        seen[queue] = timeout
    assert seen == {"IngestQueue": 60, "PlainQueue": 60, "OwnQueue": 120}


def test_every_mapping_reports_single_failures_and_has_a_ceiling(of_type: Any) -> None:
    ceilings = {}
    for name, mapping in of_type("AWS::Lambda::EventSourceMapping").items():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        ceilings[name] = mapping["ScalingConfig"]["MaximumConcurrency"]
    assert ceilings == {"RouterMapping": 50, "PlainDeliveryMapping": 10, "OwnDeliveryMapping": 3}


def test_only_a_mapping_with_a_window_takes_more_than_ten_messages(example: Any, of_type: Any) -> None:
    mappings = of_type("AWS::Lambda::EventSourceMapping")
    router = mappings.pop("RouterMapping")
    assert router["MaximumBatchingWindowInSeconds"] == {"Ref": "RouterWindowSeconds"}
    assert router["BatchSize"] == {"Fn::If": ["CollectsForRouter", 100, 10]}
    has_window = {"Fn::Not": [{"Fn::Equals": [{"Ref": "RouterWindowSeconds"}, 0]}]}
    assert example["Conditions"]["CollectsForRouter"] == has_window
    assert example["Parameters"]["RouterWindowSeconds"]["Default"] == 0
    for name, mapping in mappings.items():
        assert mapping["BatchSize"] <= 10, name
        assert "MaximumBatchingWindowInSeconds" not in mapping, name


def test_every_queue_refuses_plain_http(of_type: Any) -> None:
    guarded = set()
    for policy in of_type("AWS::SQS::QueuePolicy").values():
        assert _denies_plain_http(policy["PolicyDocument"], "sqs:*")
        guarded |= {queue["Ref"] for queue in policy["Queues"]}
    assert guarded == set(of_type("AWS::SQS::Queue"))


def test_the_archive_refuses_plain_http(of_type: Any) -> None:
    (policy,) = of_type("AWS::S3::BucketPolicy").values()
    assert _denies_plain_http(policy["PolicyDocument"], "s3:*")


def _denies_plain_http(document: dict[str, Any], action: str) -> bool:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return any(
        (s["Effect"], s["Principal"], s["Action"], s["Condition"]) == ("Deny", "*", action, condition)
        for s in document["Statement"]
    )
