"""Everything that holds data is encrypted: with keys of AWS, or with the key that KmsKeyArn names."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest

from tests.template.deployer import SAM_TYPES, SCHEMAS
from tests.template.expand import resolve_conditions
from tests.template.permissions import as_list, find_statements, to_text

KEY = {"Ref": "KmsKeyArn"}
BY_AWS: dict[str, Any] = {  # what a resource of a type has without a key
    "AWS::DynamoDB::Table": {"SSESpecification": {"SSEEnabled": True}},
    "AWS::KinesisFirehose::DeliveryStream": {
        "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"}
    },
    "AWS::Logs::LogGroup": {},
    "AWS::S3::Bucket": {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        }
    },
    "AWS::SNS::Topic": {},
    "AWS::SQS::Queue": {"SqsManagedSseEnabled": True},
}
BY_KEY: dict[str, Any] = {
    "AWS::DynamoDB::Table": {
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    },
    "AWS::KinesisFirehose::DeliveryStream": {
        "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": KEY}
    },
    "AWS::Logs::LogGroup": {"KmsKeyId": KEY},
    "AWS::S3::Bucket": {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {
                    "BucketKeyEnabled": True,
                    "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
                }
            ]
        }
    },
    "AWS::SNS::Topic": {"KmsMasterKeyId": KEY},
    "AWS::SQS::Queue": {"SqsManagedSseEnabled": False, "KmsMasterKeyId": KEY},
}
WITHOUT_DATA = {  # types that could be encrypted with a key, and hold no events
    "AWS::Lambda::Function",  # environment variables: names and numbers
    "AWS::Lambda::EventSourceMapping",  # filter criteria, of which the template has none
}
# Callers of Firehose and CloudWatch Logs need no right: they use a grant, and the key's policy.
CALLER_NEEDS_KEY = {"dynamodb", "s3", "secretsmanager", "sqs", "ssm"}
ENCRYPTION = re.compile("kms|encrypt|sse", re.IGNORECASE)


def list_encryption(resources: Any, conditions: dict[str, bool]) -> list[tuple[str, str, Any]]:
    """Logical id, type, and the properties that are about encryption."""
    return [
        (name, kind, {key: value for key, value in properties.items() if ENCRYPTION.search(key)})
        for name, resource in resources.items()
        for kind in [SAM_TYPES.get(resource["Type"], resource["Type"])]
        for properties in [resolve_conditions(resource.get("Properties", {}), conditions)]
    ]


@pytest.mark.parametrize(("has_key", "wanted"), [(False, BY_AWS), (True, BY_KEY)])
def test_what_holds_data_is_encrypted_with_the_chosen_key(
    resources: Any, has_key: bool, wanted: dict[str, Any]
) -> None:
    listed = list_encryption(resources, {"HasKmsKey": has_key})
    assert {kind for _, kind, _ in listed} > set(wanted)
    for name, kind, found in listed:
        assert found == wanted.get(kind, {}), name


def test_every_type_that_can_have_a_key_is_encrypted_or_holds_no_data(resources: Any) -> None:
    files = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text())
    can = set()
    for kind in {SAM_TYPES.get(resource["Type"], resource["Type"]) for resource in resources.values()}:
        schema = json.loads((SCHEMAS / "resources" / f"{files[kind]}.json").read_text())
        if any(ENCRYPTION.search(key) for key in schema["properties"]):
            can.add(kind)
    assert can == set(BY_KEY) | WITHOUT_DATA


def test_without_a_key_nothing_mentions_it(resources: Any) -> None:
    assert "KmsKeyArn" not in json.dumps(resolve_conditions(resources, {}))


def test_a_role_may_use_the_key_through_the_services_whose_data_it_touches(resources: Any) -> None:
    needed = defaultdict(set)
    granted = {}
    for name, resource in resolve_conditions(resources, {"HasKmsKey": True}).items():
        if resource["Type"] not in ("AWS::IAM::Role", "AWS::IAM::Policy"):
            continue
        roles = [role["Ref"] for role in resource["Properties"].get("Roles", [])] or [name]
        for statement in find_statements(resource):
            actions = as_list(statement["Action"])
            if actions[0].startswith("kms:"):
                assert statement["Resource"] == KEY
                via = statement["Condition"]["StringEquals"]["kms:ViaService"]
                granted[name] = (set(actions), {to_text(service) for service in as_list(via)})
            else:
                needed[roles[0]].update(actions)
    assert set(granted) == set(needed)
    for role, actions in needed.items():
        services = {action.partition(":")[0] for action in actions} & CALLER_NEEDS_KEY
        writes = any(
            action.partition(":")[0] in ("s3", "sqs") and re.match(r"\w+:(Put|Send)", action)
            for action in actions
        )
        rights = {"kms:Decrypt", "kms:GenerateDataKey"} if writes else {"kms:Decrypt"}
        assert granted[role] == (rights, {f"{one}.${{AWS::Region}}.amazonaws.com" for one in services}), role
