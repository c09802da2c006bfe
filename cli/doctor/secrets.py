"""Every secret that a destination or a function names: it exists, and it can be read and decrypted."""

import re
from collections.abc import Iterator

from botocore.exceptions import ClientError

from cli.doctor.deployment import Deployment
from cli.doctor.findings import DENIED, Finding, explain, ok, problem, warning
from cli.doctor.key import PARAMETER as KEY_PARAMETER
from cli.local.overlay import find_secrets

CHECK_SECRETS = "secrets"
_MISSING = ("ParameterNotFound", "ResourceNotFoundException")
_UNREADABLE = (
    "DecryptionFailure",
    "InvalidKeyId",
    "InvalidRequestException",  # Secrets Manager: the secret is marked for deletion
    "KMSInvalidStateException",
    "DisabledException",
)
_OF_KEY = re.compile(r"\bkms\b|ciphertext", re.IGNORECASE)
AWS_KEYS = ("alias/aws/ssm", "alias/aws/secretsmanager")


def check_secrets(deployment: Deployment) -> Iterator[Finding]:
    """A finding for each secret that a destination or a function could not read. No value is kept."""
    stack = deployment.stack
    wanted = {
        (reference.partition(":")[0], f"{stack}/destinations/{destination}/{reference.partition(':')[2]}"): (
            f"destination {destination}"
        )
        for destination, reference in find_secrets(dict(deployment.workspace))
    }
    for function, names in deployment.function_secrets.items():
        wanted |= {("ssm", f"{stack}/functions/{name}"): f"function {function}" for name in names}
    findings = [
        finding for key, owner in sorted(wanted.items()) for finding in _check(deployment, key, owner)
    ]
    yield from findings
    if not findings:
        yield ok(CHECK_SECRETS, f"{len(wanted)} exist and can be read" if wanted else "no secret is needed")


def _check(deployment: Deployment, key: tuple[str, str], owner: str) -> Iterator[Finding]:
    store, path = key
    name, reads = (f"/{path}", _read_parameter) if store == "ssm" else (path, _read_secret)
    try:
        encryption = reads(deployment, name)
    except ClientError as error:
        yield _explain(error, store, name, owner)
        return
    if encryption and encryption not in AWS_KEYS and not _is_key_of_stack(deployment, encryption):
        text = f"{name} ({owner}) is encrypted with a KMS key of your own, {encryption}"
        hint = (
            f"its key policy must allow kms:Decrypt to the roles {deployment.stack}-*;"
            f" or use the key of {KEY_PARAMETER}, or AWS's"
        )
        yield warning(CHECK_SECRETS, text, hint)


def _is_key_of_stack(deployment: Deployment, key: str) -> bool:
    """The key, by ARN, id or alias, is the one that the functions' roles may use."""
    arn = deployment.parameter(KEY_PARAMETER)
    if arn and key.startswith(("alias/", "arn:")) and key != arn:
        try:
            key = deployment.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"]
        except ClientError:  # a right of its own: without it the key counts as another one
            return False
    return bool(arn) and key in (arn, arn.rpartition("/")[2])


def _read_parameter(deployment: Deployment, name: str) -> str:
    """The key of an encrypted parameter, where that is known. Raises ClientError where it is unreadable."""
    client = deployment.client("ssm")
    parameter = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    if parameter["Type"] != "SecureString":
        return ""
    filters = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    try:
        found = client.describe_parameters(ParameterFilters=filters)["Parameters"]
    except ClientError:  # a right of its own: without it nothing is said of the key
        found = []
    return str(found[0].get("KeyId", "")) if found else ""


def _read_secret(deployment: Deployment, name: str) -> str:
    client = deployment.client("secretsmanager")
    client.get_secret_value(SecretId=name)
    try:
        return str(client.describe_secret(SecretId=name).get("KmsKeyId", ""))
    except ClientError:  # as above
        return ""


def _explain(error: ClientError, store: str, name: str, owner: str) -> Finding:
    details = error.response["Error"]
    if details["Code"] in _MISSING:
        if store == "ssm":
            command = f"aws ssm put-parameter --type SecureString --name {name} --value …"
        else:
            command = f"aws secretsmanager create-secret --name {name} --secret-string …"
        return problem(CHECK_SECRETS, f"{name} ({owner}) does not exist", command)
    if details["Code"] in DENIED and _OF_KEY.search(details["Message"]):
        text = f"{name} ({owner}) is encrypted with a KMS key that you may not use, so it was not read"
        return warning(CHECK_SECRETS, text, "allow kms:Decrypt to you, and to the roles of the functions")
    if details["Code"] in _UNREADABLE or "KMS" in details["Code"] or _OF_KEY.search(details["Message"]):
        text = f"{name} ({owner}) cannot be decrypted: {details['Code']}"
        return problem(CHECK_SECRETS, text, "check that its KMS key exists and is enabled")
    finding = explain(CHECK_SECRETS, error)
    return Finding(finding.check, finding.level, f"{name} ({owner}): {finding.text}", finding.hint)
