"""S3: each compiled workspace that ever decided, so that what it decided can be explained later."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

FOLDER = "workspaces/"
_KEPT_ALREADY = {"PreconditionFailed", "ConditionalRequestConflict"}  # the second: by another, just now


def name_workspace(digest: str) -> str:
    """The key of the compiled workspace that archive lines name by this digest."""
    return f"{FOLDER}{digest}.json"


def keep_workspace(client: S3Client, bucket: str, workspace: Mapping[str, Any]) -> None:
    """Writes the compiled workspace where it is not kept yet. What S3 refuses is logged and goes on without.

    It holds digests of keys and references to secrets, never a key or a secret.
    """
    try:
        client.put_object(
            Bucket=bucket,
            Key=name_workspace(workspace["digest"]),
            Body=orjson.dumps(workspace),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"].get("Code") if isinstance(error, ClientError) else ""
        if code not in _KEPT_ALREADY:
            logger.warning("S3 did not keep workspace %s: %s", workspace["digest"], error)
