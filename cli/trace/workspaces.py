"""The workspaces that decided, by their digests: as the router kept them in the bucket, or the folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from botocore.exceptions import ClientError

from cli.stack import Stack
from cli.workspace_files import InvalidWorkspace, load_workspace
from sluice.adapters.workspace_shelf import FOLDER, name_workspace

_ABSENT = {"NoSuchKey", "404"}
RECENT = 20  # workspaces that are looked through for sources


@dataclass(frozen=True, slots=True)
class Explainer:
    """A compiled workspace to explain with; `origin` is `stack`, or `folder` where the stack has not kept it.

    `decided` is the digest of the one that decided. `compiled` is None where there is none to explain with.
    """

    decided: str
    compiled: Mapping[str, Any] | None
    origin: str | None

    @property
    def is_exact(self) -> bool:
        return self.compiled is not None and self.compiled["digest"] == self.decided


def find_workspace(stack: Stack, digest: str, folder: Path) -> Explainer:
    """The workspace of a digest; the folder as it is now where the stack has not kept it."""
    try:
        kept = stack.client("s3").get_object(Bucket=stack.archive_bucket, Key=name_workspace(digest))
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise
    else:
        return Explainer(digest, orjson.loads(kept["Body"].read()), "stack")
    try:
        return Explainer(digest, load_workspace(folder), "folder")
    except (InvalidWorkspace, OSError):
        return Explainer(digest, None, None)


def list_sources(stack: Stack) -> list[str]:
    """The sources of the workspaces that the stack's router ran with lately, in order."""
    s3, bucket = stack.client("s3"), stack.archive_bucket
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER)
    kept = [entry for page in pages for entry in page.get("Contents", ())]
    kept.sort(key=lambda entry: entry["LastModified"], reverse=True)
    bodies = (s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read() for entry in kept[:RECENT])
    return sorted({source for body in bodies for source in orjson.loads(body)["sources"]})
