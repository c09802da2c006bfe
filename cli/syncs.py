"""The syncs of a stack, by their slugs."""

import re

from cli.stack import CommandError, Stack
from sluice.workspace.names import pascal_name

_DEAD = "dead/sync="


def list_syncs(stack: Stack) -> list[str]:
    """The slugs of all syncs that the stack has, in order.

    The stack knows them as PascalCase. Where more than one slug makes the same (`a1` and `a-1`), the one that
    the archive has letters of is meant.
    """
    names = {name.removesuffix("Dlq") for name in stack.resources if name.endswith("Dlq")} - {"Ingest"}
    archived = {pascal_name(slug): slug for slug in _list_archived(stack)}
    return sorted(archived.get(name) or _guess_slug(name) for name in names)


def find_sync(stack: Stack, slug: str) -> str:
    """The slug, if the stack has its sync. Raises CommandError."""
    if f"{pascal_name(slug)}Dlq" not in stack.resources or pascal_name(slug) == "Ingest":
        known = ", ".join(list_syncs(stack)) or "none"
        raise CommandError(f"stack {stack.name} has no sync {slug}", f"its syncs: {known}")
    return slug


def _guess_slug(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _list_archived(stack: Stack) -> list[str]:
    pages = stack.client("s3").get_paginator("list_objects_v2")
    return [
        entry["Prefix"].removeprefix(_DEAD).removesuffix("/")
        for page in pages.paginate(Bucket=stack.archive_bucket, Prefix=_DEAD, Delimiter="/")
        for entry in page.get("CommonPrefixes", ())
    ]
