"""The boto3 clients of a container: short timeouts and botocore's standard retries, nothing else retries AWS.

What one call may take at most is `max_attempts × (connect_timeout + read_timeout)` and botocore's back-off
between the attempts (below 1 s before the second, below 2 s before the third).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import boto3
from botocore.config import Config

from sluice import __version__
from sluice.adapters.request_json import write_json_fast

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_firehose import FirehoseClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient


class Limits(TypedDict, total=False):
    """Timeouts in seconds; `max_attempts` counts the first one."""

    connect_timeout: float
    read_timeout: float
    max_attempts: int


@overload
def build_client(service: Literal["sqs"], **limits: Unpack[Limits]) -> SQSClient: ...
@overload
def build_client(service: Literal["firehose"], **limits: Unpack[Limits]) -> FirehoseClient: ...
@overload
def build_client(service: Literal["dynamodb"], **limits: Unpack[Limits]) -> DynamoDBClient: ...
@overload
def build_client(service: Literal["s3"], **limits: Unpack[Limits]) -> S3Client: ...
@overload
def build_client(service: Literal["ssm"], **limits: Unpack[Limits]) -> SSMClient: ...
@overload
def build_client(service: Literal["secretsmanager"], **limits: Unpack[Limits]) -> SecretsManagerClient: ...
@overload
def build_client(service: Literal["lambda", "cloudwatch"], **limits: Unpack[Limits]) -> Any: ...
def build_client(service: Any, **limits: Unpack[Limits]) -> Any:
    """A client of one AWS service; by default 1 s to connect, 3 s to read, 3 attempts in all."""
    client = boto3.client(
        service,
        config=Config(
            connect_timeout=limits.get("connect_timeout", 1),
            read_timeout=limits.get("read_timeout", 3),
            retries={"mode": "standard", "total_max_attempts": limits.get("max_attempts", 3)},
            parameter_validation=False,  # the adapters' tests run with it; containers need not
            tcp_keepalive=True,
            user_agent=f"sluice/{__version__}",  # botocore makes its own anew, twice, for every call
        ),
    )
    write_json_fast(client)
    return client
