"""Functions: where they log, a role for each, and the environment that the code reads."""

from typing import Any

import pytest

FIXED = {"SLUICE_STACK", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}


def test_functions_log_where_lambda_would_and_those_of_syncs_share_a_group(of_type: Any) -> None:
    groups = {
        name: group["LogGroupName"]["Fn::Sub"] for name, group in of_type("AWS::Logs::LogGroup").items()
    }
    for name, function in of_type("AWS::Serverless::Function").items():
        group = groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
        if name.endswith("DeliveryFunction"):
            assert group == "/aws/lambda/${AWS::StackName}-delivery"
        else:
            assert group == f"/aws/lambda/{function['FunctionName']['Fn::Sub']}"


def test_every_log_expires(of_type: Any) -> None:
    for name, group in of_type("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


def test_every_function_has_a_role_of_its_own_written_by_hand(of_type: Any) -> None:
    functions = of_type("AWS::Serverless::Function")
    roles = {name: function["Role"]["Fn::GetAtt"][0] for name, function in functions.items()}
    assert len(set(roles.values())) == len(roles)
    assert set(roles.values()) <= set(of_type("AWS::IAM::Role"))
    for name, function in functions.items():
        assert not {"Policies", "Events", "Connectors"} & set(function), (
            f"SAM would write policies for {name}"
        )


def test_no_role_has_a_managed_policy(of_type: Any) -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role, name


def test_all_functions_run_the_same_runtime_and_the_layers_are_built_for_it(
    example: dict[str, Any], of_type: Any
) -> None:
    runtime = example["Globals"]["Function"]["Runtime"]
    assert {function["Runtime"] for function in of_type("AWS::Serverless::Function").values()} == {runtime}
    layer = example["Resources"]["CommonLayer"]
    assert layer["Metadata"] == {"BuildMethod": runtime, "BuildArchitecture": {"Ref": "Architecture"}}
    assert example["Globals"]["Function"]["Architectures"] == [{"Ref": "Architecture"}]


@pytest.mark.parametrize(
    ("function", "variables"),
    [
        (
            "IngestFunction",
            {
                "POWERTOOLS_SERVICE_NAME": "ingest",
                "SLUICE_INGEST_QUEUE_URL": {"Ref": "IngestQueue"},
                "SLUICE_CONTROL_TABLE": {"Ref": "ControlTable"},
                "SLUICE_MAX_REQUEST_BYTES": 10_000_000,
                "SLUICE_MAX_EVENTS": 2500,
                "SLUICE_MAX_DEPTH": 64,
                "SLUICE_MAX_EVENT_BYTES": 96 * 1024,
                "SLUICE_MAX_NORMALISED_BYTES": 20_000_000,
                "SLUICE_MAX_NORMALISED_RATIO": 20,
                "SLUICE_TRUSTED_PROXY_HOPS": 0,
            },
        ),
        (
            "RouterFunction",
            {
                "POWERTOOLS_SERVICE_NAME": "router",
                "SLUICE_INGEST_QUEUE_URL": {"Ref": "IngestQueue"},
                "SLUICE_EVENT_STREAM": {"Ref": "EventStream"},
                "SLUICE_DEDUP_TABLE": {"Ref": "DedupTable"},
                "SLUICE_DEDUP_WINDOW_HOURS": 24,
                "SLUICE_TRANSFORM_FUNCTION": {"Ref": "TransformFunction"},
                "SLUICE_MAX_DEPTH": 64,
                "SLUICE_MAX_EVENT_BYTES": 96 * 1024,
                "SLUICE_CONTROL_TABLE": {"Ref": "ControlTable"},
                "SLUICE_ARCHIVE_BUCKET": {"Ref": "ArchiveBucket"},
                "SLUICE_TAIL_TABLE": {"Ref": "TailTable"},
                "SLUICE_TAIL_EVENTS_PER_MINUTE": 20,
            },
        ),
        (
            "ReconcilerFunction",
            {
                "POWERTOOLS_SERVICE_NAME": "reconciler",
                "SLUICE_INGEST_DLQ_URL": {"Ref": "IngestDlq"},
                "SLUICE_ARCHIVE_BUCKET": {"Ref": "ArchiveBucket"},
                "SLUICE_CONSERVATION_SAMPLE": 1,
            },
        ),
        ("TransformFunction", {"POWERTOOLS_SERVICE_NAME": "transform"}),
        (
            "PlainDeliveryFunction",
            {
                "POWERTOOLS_SERVICE_NAME": "delivery",
                "SLUICE_SYNC": "plain",
                "SLUICE_QUEUE_URL": {"Ref": "PlainQueue"},
                "SLUICE_DLQ_URL": {"Ref": "PlainDlq"},
                "SLUICE_ARCHIVE_BUCKET": {"Ref": "ArchiveBucket"},
                "SLUICE_DELIVERY_STREAM": {"Ref": "DeliveryStream"},
                "SLUICE_CONTROL_TABLE": {"Ref": "ControlTable"},
                "SLUICE_DEDUP_TABLE": {"Ref": "DedupTable"},
                "SLUICE_ALLOW_PRIVATE_DESTINATIONS": "false",
            },
        ),
    ],
)
def test_a_function_gets_its_environment_with_the_documented_defaults(
    example: dict[str, Any], function: str, variables: dict[str, Any]
) -> None:
    given = example["Resources"][function]["Properties"]["Environment"]["Variables"]
    assert {name: _default(example, value) for name, value in given.items()} == variables
    assert set(example["Globals"]["Function"]["Environment"]["Variables"]) == FIXED


def test_retries_to_the_own_queue_are_not_taken_for_a_runaway_loop(resources: Any) -> None:
    for name in ("RouterFunction", "PlainDeliveryFunction", "OwnDeliveryFunction"):
        assert resources[name]["Properties"]["RecursiveLoop"] == "Allow"


def test_the_gateway_waits_longer_than_ingest_may_take(of_type: Any, resources: Any) -> None:
    (integration,) = of_type("AWS::ApiGatewayV2::Integration").values()
    assert integration["TimeoutInMillis"] > 1000 * resources["IngestFunction"]["Properties"]["Timeout"]


def _default(template: dict[str, Any], value: Any) -> Any:
    """The default where the value is a parameter."""
    match value:
        case {"Ref": name} if name in template["Parameters"]:
            return template["Parameters"][name]["Default"]
    return value


def test_layers_carry_the_stacks_name(of_type: Any) -> None:
    """Two stacks of one account never publish versions of the same layer, and a policy can name a stack's."""
    layers = of_type("AWS::Serverless::LayerVersion")
    assert {name: layer["LayerName"] for name, layer in layers.items()} == {
        "CommonLayer": {"Fn::Sub": "${AWS::StackName}-common"},
        "WorkspaceLayer": {"Fn::Sub": "${AWS::StackName}-workspace"},
    }
