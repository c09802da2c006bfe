"""After each deploy: what the embedded AWS does not take from a template is set through its API."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from cli.local.clients import make_client
from cli.local.overlay import find_secrets
from cli.local.settings import STACK_NAME, LocalSettings

PLACEHOLDER = "local-placeholder"
EMULATOR_POLICY = "names-of-the-emulator"
BATCH_ACTIONS = {"sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}


def patch_stack(settings: LocalSettings, resources: dict[str, str], workspace: dict[str, Any]) -> None:
    """CORS and time to live from the template; placeholders for secrets; under IAM the emulator's names."""
    cloudformation = make_client("cloudformation", settings.endpoint_url)
    template = cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    for logical, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if logical not in resources:
            continue  # behind a condition that is false here
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "CorsConfiguration" in properties:
            patch_cors(settings, resources[logical], properties["CorsConfiguration"])
        if resource["Type"] == "AWS::DynamoDB::Table" and "TimeToLiveSpecification" in properties:
            patch_time_to_live(settings, resources[logical], properties["TimeToLiveSpecification"])
    for destination, reference in find_secrets(workspace):
        put_placeholder(settings, destination, reference)
    if settings.auth:
        for logical, resource in template["Resources"].items():
            if resource["Type"] == "AWS::IAM::Role" and logical in resources:
                grant_emulator_names(settings, resources[logical])


def patch_cors(settings: LocalSettings, api_id: str, cors: dict[str, Any]) -> None:
    make_client("apigatewayv2", settings.endpoint_url).update_api(ApiId=api_id, CorsConfiguration=cors)


def patch_time_to_live(settings: LocalSettings, table: str, specification: dict[str, Any]) -> None:
    wanted = {
        "Enabled": specification["Enabled"] in {True, "true"},
        "AttributeName": specification["AttributeName"],
    }
    dynamodb = make_client("dynamodb", settings.endpoint_url)
    current = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if (current.get("TimeToLiveStatus") == "ENABLED") != wanted["Enabled"]:
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)


def put_placeholder(settings: LocalSettings, destination: str, reference: str) -> None:
    """A secret the workspace refers to gets a value where it has none, so that deliveries reach the sink."""
    store, _, name = reference.partition(":")
    path = f"{STACK_NAME}/destinations/{destination}/{name}"
    try:
        if store == "ssm":
            make_client("ssm", settings.endpoint_url).put_parameter(
                Name=f"/{path}", Value=PLACEHOLDER, Type="SecureString", Overwrite=False
            )
        else:
            make_client("secretsmanager", settings.endpoint_url).create_secret(
                Name=path, SecretString=PLACEHOLDER
            )
    except ClientError as problem:
        if problem.response["Error"]["Code"] not in {"ParameterAlreadyExists", "ResourceExistsException"}:
            raise


def grant_emulator_names(settings: LocalSettings, role: str) -> None:
    """What a role may do is granted once more under the name by which the emulator checks it, and no more."""
    iam = make_client("iam", settings.endpoint_url)
    granted = [
        {"Effect": "Allow", "Action": action, "Resource": resource}
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        if name != EMULATOR_POLICY
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
        for action, resource in translate_statement(statement)
    ]
    if granted:
        document = json.dumps({"Version": "2012-10-17", "Statement": granted})
        iam.put_role_policy(RoleName=role, PolicyName=EMULATOR_POLICY, PolicyDocument=document)


def translate_statement(statement: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """`(action, resource)` by the emulator's names; AWS checks a batch call as the single one."""
    actions = statement["Action"]
    for action in [actions] if isinstance(actions, str) else actions:
        if statement["Effect"] == "Allow" and action in BATCH_ACTIONS:
            yield f"{action}Batch", statement["Resource"]
        if statement["Effect"] == "Allow" and action == "dynamodb:PartiQLInsert":
            yield "dynamodb:BatchExecuteStatement", "*"
