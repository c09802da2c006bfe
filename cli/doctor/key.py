"""The KMS key of the stack: it can be used, and its policy lets CloudWatch use it."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from cli.doctor.deployment import Deployment
from cli.doctor.findings import Finding, ok, problem, warning

CHECK_KEY = "encryption key"
PARAMETER = "KmsKeyArn"
POLICY = "docs/operations.md, “A KMS key of your own”, has the key policy"
LOGS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")
ALARMS = ("kms:Decrypt", "kms:GenerateDataKey")


def check_key(deployment: Deployment) -> Iterator[Finding]:
    """What would make the deploy fail, or alarms stay silent. Raises ClientError where it cannot be read."""
    arn = deployment.parameter(PARAMETER)
    if not arn:
        yield ok(CHECK_KEY, "AWS's keys encrypt the data")
        return
    client = deployment.client("kms")
    region = client.meta.region_name
    if f":kms:{region}:" not in arn:
        yield problem(CHECK_KEY, f"{arn} is not in {region}", f"set {PARAMETER} to a key of this region")
        return
    try:
        key = client.describe_key(KeyId=arn)["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        yield problem(CHECK_KEY, f"{arn} does not exist", f"correct {PARAMETER}, or create the key")
        return
    findings = [*_find_unusable(key), *_find_missing_rights(deployment, arn, region)]
    yield from findings
    if not findings:
        yield ok(CHECK_KEY, f"{arn} is enabled, and its policy lets CloudWatch use it")


def _find_unusable(key: Mapping[str, Any]) -> Iterator[Finding]:
    if key["KeyState"] != "Enabled":
        hint = "enable it (aws kms enable-key), or cancel its deletion first (aws kms cancel-key-deletion)"
        yield problem(CHECK_KEY, f"{key['Arn']} cannot be used: its state is {key['KeyState']}", hint)
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" or key["KeyUsage"] != "ENCRYPT_DECRYPT":
        text = f"{key['Arn']} is a {key['KeySpec']} key for {key['KeyUsage']}"
        yield problem(CHECK_KEY, text, "use a symmetric key that encrypts and decrypts")


def _find_missing_rights(deployment: Deployment, arn: str, region: str) -> Iterator[Finding]:
    text = deployment.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    policy = json.loads(text)
    logs = f"logs.{region}.amazonaws.com"
    if not allows_service(policy, logs, LOGS):
        yield problem(CHECK_KEY, f"its policy does not let {logs} use it, so no log group is created", POLICY)
    if not allows_service(policy, "cloudwatch.amazonaws.com", ALARMS):
        text = "its policy does not let cloudwatch.amazonaws.com use it, so alarms would not be sent"
        yield warning(CHECK_KEY, text, POLICY)


def allows_service(policy: Mapping[str, Any], service: str, actions: tuple[str, ...]) -> bool:
    """The policy allows a service all these actions. Conditions are not evaluated."""
    allowed = [
        pattern.lower()
        for statement in _as_list(policy["Statement"])
        if statement["Effect"] == "Allow" and _is_for(statement.get("Principal", {}), service)
        for pattern in _as_list(statement.get("Action", []))
    ]
    return all(any(fnmatchcase(action.lower(), pattern) for pattern in allowed) for action in actions)


def _is_for(principal: Any, service: str) -> bool:
    return principal == "*" or service in _as_list(principal.get("Service", []))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
