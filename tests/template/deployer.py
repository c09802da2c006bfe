"""The rights that deploying template.yaml takes, as IAM policies; docs/operations.md shows them.

What each resource type takes comes from AWS's own resource schemas, which cfn-lint ships: the permissions of
their create, read, update and delete handlers. Rights for features that the template does not use
are left out. As a module: `python -m tests.template.deployer` writes the policies into docs/operations.md.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import cfnlint

from tests.template.expand import TEMPLATE, expand_template

DOCUMENT = TEMPLATE.parent / "docs" / "operations.md"
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
SAM_TYPES = {  # what the SAM transform makes of its own types
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
}
HANDLERS = ("create", "read", "update", "delete")
UNUSED = (  # rights for features of these types that template.yaml does not use
    "ec2:*",  # functions in a VPC
    "elasticfilesystem:*",
    "s3files:*",
    "s3tables:*",
    "kinesis:*",
    "kms:ListAliases",  # the template takes a key by its ARN
    "firehose:TagDeliveryStream",  # log groups that write to Firehose
    "firehose:UntagDeliveryStream",
    "s3:REST.PUT.OBJECT",
    "s3:getObject",  # an API from a file in S3
    "s3:DeleteObject",
    "s3:PutObjectAcl",
    "s3:PutBucketAcl",
    "s3:*Analytics*",
    "s3:*Inventory*",
    "s3:*Metadata*",
    "s3:*Metrics*",
    "s3:*Replication*",
    "s3:*Website*",
    "s3:*CORS",
    "s3:*Cors",
    "s3:*Accelerate*",
    "s3:*IntelligentTieringC*",
    "s3:*ObjectLock*",
    "s3:*Abac*",
    "s3:PutBucketNotification",
    "s3:PutBucketLogging",
    "s3:PutBucketVersioning",
    "dynamodb:*Item",
    "dynamodb:Scan",
    "dynamodb:Query",
    "dynamodb:*Import*",
    "dynamodb:*Replica*",
    "dynamodb:EnableKinesis*",
    "dynamodb:DisableKinesis*",
    "dynamodb:UpdateKinesis*",
    "dynamodb:UpdateContributorInsights",
    "dynamodb:PutResourcePolicy",
    "dynamodb:DeleteResourcePolicy",
    "iam:*UserPolicy",
    "iam:*GroupPolicy",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
    "iam:*RolePermissionsBoundary",
    "iam:CreateServiceLinkedRole",
    "lambda:PutFunctionCodeSigningConfig",
    "lambda:DeleteFunctionCodeSigningConfig",
    "lambda:PutRuntimeManagementConfig",
    "lambda:PutFunctionScalingConfig",
    "lambda:PassCapacityProvider",
    "lambda:AssociateRuntimeAlias",
    "lambda:PublishVersion",
    "logs:*DataProtectionPolicy",
    "logs:*IndexPolicy",
    "logs:*IndexPolicies",
    "logs:PutLogGroupDeletionProtection",
    "logs:PutBearerTokenAuthentication",
    "sns:PutDataProtectionPolicy",
    "iam:PassRole",  # granted below, for two services only
    "s3:GetObject",  # granted below, for SAM's bucket only
    "s3:GetObjectVersion",
)
ARN = "arn:aws:{}:REGION:ACCOUNT:"
RESOURCES: Mapping[
    str, list[str]
] = {  # by service: what belongs to the stack. `*` where IAM knows no narrower
    "apigateway": ["arn:aws:apigateway:REGION::/apis*", "arn:aws:apigateway:REGION::/tags/*"],
    "cloudwatch": [
        ARN.format("cloudwatch") + "alarm:STACK-*",
        "arn:aws:cloudwatch::ACCOUNT:dashboard/STACK",
    ],
    "dynamodb": [ARN.format("dynamodb") + "table/STACK-*"],
    "events": [ARN.format("events") + "rule/STACK-*"],
    "firehose": [ARN.format("firehose") + "deliverystream/STACK-*"],
    "iam": ["arn:aws:iam::ACCOUNT:role/STACK-*"],
    "lambda": [
        ARN.format("lambda") + "function:STACK-*",
        ARN.format("lambda") + "layer:STACK-*",
        ARN.format("lambda") + "event-source-mapping:*",
    ],
    "logs": [
        ARN.format("logs") + f"log-group:{group}*"
        for group in ("/aws/lambda/STACK-", "/aws/kinesisfirehose/STACK-", "/aws/vendedlogs/apis/STACK")
    ],
    "s3": ["arn:aws:s3:::STACK-*"],
    "sns": [ARN.format("sns") + "STACK-*"],
    "sqs": [ARN.format("sqs") + "STACK-*"],
}
WITHOUT_RESOURCE = (  # IAM grants these for `*` only
    "cloudwatch:DeleteAlarms",  # for composite alarms, as the next two
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutCompositeAlarm",
    "lambda:*EventSourceMapping",
    "logs:Describe*",
    "logs:*ResourcePolicy",
    "logs:*LogDelivery",
    "logs:ListLogDeliveries",
    "sns:*SubscriptionAttributes",
    "sns:Unsubscribe",
)
# No schema names these. API Gateway's developer guide, "Configure logging for HTTP APIs".
ACCESS_LOGS = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}
STACKS = ("CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet", "DescribeStackEvents", "DescribeStacks",
          "ExecuteChangeSet", "GetTemplate", "GetTemplateSummary", "ListStackResources")  # fmt: skip
FIXED: list[dict[str, Any]] = [
    {
        "Sid": "Stack",
        "Effect": "Allow",
        "Action": [f"cloudformation:{action}" for action in STACKS],
        "Resource": [
            ARN.format("cloudformation") + "stack/STACK/*",
            ARN.format("cloudformation") + "stack/aws-sam-cli-managed-default/*",
            "arn:aws:cloudformation:REGION:aws:transform/*",
        ],
    },
    {
        "Sid": "SamBucket",  # `resolve_s3`: SAM makes it once an account and region
        "Effect": "Allow",
        "Action": [
            "s3:CreateBucket",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutObject",
        ],
        "Resource": ["arn:aws:s3:::aws-sam-cli-managed-default-*"],
    },
    {
        "Sid": "PassRoles",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": RESOURCES["iam"],
        "Condition": {
            "StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "firehose.amazonaws.com"]}
        },
    },
]

# No schema names these. DynamoDB's developer guide, "DynamoDB encryption at rest: usage notes", asks for them
# where a table gets a key.
CHOOSE_KEY = {
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}
GRANTS = ("kms:*Grant",)  # for services only
DOCTOR: list[dict[str, Any]] = [  # what `sluice doctor` reads besides
    {
        "Sid": "Doctor",
        "Effect": "Allow",
        "Action": [
            "lambda:GetFunctionConfiguration",
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "ssm:GetParameter",
        ],
        "Resource": [
            ARN.format("lambda") + "function:STACK-*",
            ARN.format("secretsmanager") + "secret:STACK/*",
            ARN.format("ssm") + "parameter/STACK/*",
        ],
    },
    {
        "Sid": "DoctorAccount",
        "Effect": "Allow",
        "Action": ["lambda:GetAccountSettings", "ssm:DescribeParameters"],
        "Resource": "*",
    },
]


DOCTOR_KEY = {"kms:GetKeyPolicy"}


def list_types(template: Mapping[str, Any]) -> set[str]:
    """The types of an expanded template as CloudFormation makes them."""
    found = {resource["Type"] for resource in template["Resources"].values()}
    return {SAM_TYPES.get(kind, kind) for kind in found}


def read_actions(kinds: Iterable[str]) -> set[str]:
    """Every right that AWS's handlers of these types may need, used features or not."""
    files = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text())
    actions: set[str] = set()
    for kind in kinds:
        schema = json.loads((SCHEMAS / "resources" / f"{files[kind]}.json").read_text())
        handlers = schema.get("handlers", {})
        actions.update(
            action for name in HANDLERS for action in handlers.get(name, {}).get("permissions", ())
        )
    return actions


def build_policies(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Policies by name: a managed policy has 6,144 characters at most, and not everyone has a key."""
    needed = {action for action in read_actions(list_types(template)) if not is_listed(action, UNUSED)}
    by_service = defaultdict(list)
    anywhere = []
    of_key = sorted({one for one in needed if one.startswith("kms:")} | CHOOSE_KEY | DOCTOR_KEY)
    for action in sorted((needed | ACCESS_LOGS) - set(of_key)):
        if is_listed(action, WITHOUT_RESOURCE):
            anywhere.append(action)
        else:
            by_service[action.partition(":")[0]].append(action)
    statements = [
        {
            "Sid": service.capitalize(),
            "Effect": "Allow",
            "Action": actions,
            "Resource": RESOURCES[service],
        }
        for service, actions in sorted(by_service.items())
    ]
    without = {"Sid": "WithoutResource", "Effect": "Allow", "Action": anywhere, "Resource": "*"}
    half = next(i for i, one in enumerate(statements) if one["Sid"] == "Lambda")
    return {
        "STACK-deploy-1": {"Version": "2012-10-17", "Statement": [*FIXED, *statements[:half]]},
        "STACK-deploy-2": {"Version": "2012-10-17", "Statement": [*statements[half:], without, *DOCTOR]},
        "STACK-deploy-key": {"Version": "2012-10-17", "Statement": list(_allow_key(of_key))},
    }


def _allow_key(actions: Iterable[str]) -> Iterator[dict[str, Any]]:
    grants = [action for action in actions if is_listed(action, GRANTS)]
    others = [action for action in actions if action not in grants]
    yield {"Sid": "Key", "Effect": "Allow", "Action": others, "Resource": "KEY"}
    for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    yield {
        "Sid": "KeyGrants",
        "Effect": "Allow",
        "Action": grants,
        "Resource": "KEY",
        "Condition": for_services,
    }


def is_listed(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in patterns)


def render_policies(policies: Mapping[str, Any]) -> str:
    """Markdown: each policy under its name, one statement a line."""
    blocks = []
    for name, policy in policies.items():
        lines = ",\n".join(f"    {json.dumps(statement)}" for statement in policy["Statement"])
        body = f'{{\n  "Version": "2012-10-17",\n  "Statement": [\n{lines}\n  ]\n}}'
        blocks.append(f"`{name}`:\n\n```json\n{body}\n```\n")
    return "\n" + "\n".join(blocks) + "\n"


START, END = "<!-- policies: python -m tests.template.deployer -->\n", "<!-- end of policies -->\n"


def replace_policies(document: str, policies: Mapping[str, Any]) -> str:
    """The document with the policies between its two marker comments."""
    marked = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
    replaced, count = marked.subn(lambda _: START + render_policies(policies) + END, document)
    if count != 1:
        raise ValueError(f"expected {START!r} … {END!r} once in the document")
    return replaced


if __name__ == "__main__":
    wanted = build_policies(expand_template(TEMPLATE.read_text()))
    DOCUMENT.write_text(replace_policies(DOCUMENT.read_text(), wanted))
