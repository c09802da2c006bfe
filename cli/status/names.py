"""The names of sources and syncs, from the newest workspace that the stack has kept."""

from dataclasses import dataclass

import orjson
from botocore.exceptions import ClientError

from cli.stack import Stack
from sluice.adapters.workspace_shelf import FOLDER

_UNREADABLE = ("AccessDenied", "AccessDeniedException", "NoSuchKey")


@dataclass(frozen=True, slots=True)
class Names:
    """Slugs, as the metrics spell them."""

    sources: tuple[str, ...] = ()
    syncs: tuple[str, ...] = ()


def read_names(stack: Stack) -> Names:
    """Empty where the router has kept no workspace yet, or where it may not be read."""
    s3, bucket = stack.client("s3"), stack.archive_bucket
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER)
        kept = [entry for page in pages for entry in page.get("Contents", ())]
        if not kept:
            return Names()
        newest = max(kept, key=lambda entry: entry["LastModified"])["Key"]
        workspace = orjson.loads(s3.get_object(Bucket=bucket, Key=newest)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNREADABLE:
            return Names()
        raise
    return Names(tuple(workspace["sources"]), tuple(workspace["syncs"]))
