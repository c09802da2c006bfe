"""S3: the archive bucket, for what delivery itself writes there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

logger = logging.getLogger(__name__)


class ArchiveBucket:
    """One bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def put(self, key: str, body: bytes) -> bool:
        """Writes an object of JSON lines, over one of the same key. False where S3 did not confirm it."""
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/x-ndjson"
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("S3 did not take %s: %s", key, error)
            return False
        return True
