"""S3: the archive bucket, for what functions write and read there themselves."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sluice.archiver.ports import ArchiveUnreadable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

READERS = 8  # objects read at once; boto3 keeps ten connections


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

    def list_keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in order. Raises ArchiveUnreadable."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                yield from (entry["Key"] for entry in page.get("Contents", ()))
        except (BotoCoreError, ClientError) as error:
            raise ArchiveUnreadable(f"{prefix}: {error}") from error

    def read_all(self, keys: Iterable[str]) -> Iterator[bytes]:
        """The objects of these keys in order, a few of them read ahead. Raises ArchiveUnreadable."""
        with ThreadPoolExecutor(READERS) as pool:
            for some in batched(keys, READERS, strict=False):
                yield from pool.map(self._read, some)

    def _read(self, key: str) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise ArchiveUnreadable(f"{key}: {error}") from error
