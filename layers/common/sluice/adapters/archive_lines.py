"""S3: the archive bucket read line by line, however large its objects are."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_GZIP = b"\x1f\x8b"
_BUFFER = 256 * 1024


class ArchiveLines:
    """One bucket. Objects are read one by one and unpacked on the way, in a few hundred KB of memory."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def read_lines(self, prefix: str) -> Iterator[bytes]:
        """The lines of every object below the prefix, each without its line feed, in the order of the keys.

        Raises botocore's errors: what cannot be read must not look like what is not there.
        """
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                yield from self._read_object(entry["Key"])

    def _read_object(self, key: str) -> Iterator[bytes]:
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        with closing(body):
            raw = io.BufferedReader(cast("Any", body), _BUFFER)
            # By the first bytes: what delivery writes itself is plain, as is what stand-ins for Firehose do.
            packed = raw.peek(2)[:2] == _GZIP
            lines = gzip.GzipFile(fileobj=raw) if packed else raw
            for line in lines:
                if text := line.rstrip(b"\r\n"):
                    yield text
