"""AWS clients of the local stack: the emulator and its credentials, whatever is configured."""

from typing import Any

import boto3
from botocore.config import Config

from cli.local.settings import REGION


def make_client(service: str, endpoint_url: str) -> Any:
    """A boto3 client that can reach nothing but this endpoint."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}, read_timeout=30),
    )
