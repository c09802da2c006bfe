"""The objects that a replay reads, in the order of their keys, a window of them at a time."""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from cli.archive import find_start
from cli.replay.plan import Plan
from cli.stack import Stack

WINDOW_OBJECTS = 64
WINDOW_BYTES = 8 * 1024 * 1024  # as stored; compressed, JSON is about ten times that
_GZIP = b"\x1f\x8b"
_READERS = 16

type Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """An object of the archive bucket; `size` is in bytes as stored."""

    key: str
    size: int


def list_prefixes(stack: Stack, plan: Plan, syncs: Sequence[str], now: datetime) -> list[str]:
    """Where the events of the plan lie, or the letters of these syncs, in the order of the bucket's keys."""
    since, until = datetime.fromisoformat(plan.since), datetime.fromisoformat(plan.until)
    hour, day = timedelta(hours=1), timedelta(days=1)
    if plan.dead or plan.ingest:
        # A pack that SQS moved is filed under the day when it was sent, which `died_at` says, too.
        folders = ["dead/ingest"] if plan.ingest else [f"dead/sync={sync}" for sync in sorted(syncs)]
        return [
            f"{folder}/dt={at:%Y-%m-%d}/"
            for folder in folders
            for at in _steps(find_start(stack, folder, since), min(until, now + hour), day)
        ]
    # From the hour before: Firehose files all lines of an object under the time of the oldest of them.
    start, last = find_start(stack, "events", since - hour), min(until + plan.late_hours * hour, now + hour)
    return [f"events/dt={at:%Y-%m-%d}/hr={at:%H}/" for at in _steps(start, last, hour)]


def list_objects(stack: Stack, prefixes: Sequence[str], after: str = "") -> Iterator[Stored]:
    """The objects under prefixes that are in order, from the key behind `after` on."""
    pages = stack.client("s3").get_paginator("list_objects_v2")
    for prefix in prefixes:
        if prefix < after and not after.startswith(prefix):
            continue
        start = {"StartAfter": after} if after.startswith(prefix) else {}
        for page in pages.paginate(Bucket=stack.archive_bucket, Prefix=prefix, **start):
            yield from (Stored(entry["Key"], entry["Size"]) for entry in page.get("Contents", ()))


def cut_windows(objects: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Consecutive objects, as many as may be in memory at once."""
    window: list[Stored] = []
    size = 0
    for entry in objects:
        if window and (len(window) == WINDOW_OBJECTS or size + entry.size > WINDOW_BYTES):
            yield window
            window, size = [], 0
        window.append(entry)
        size += entry.size
    if window:
        yield window


def read_lines(stack: Stack, window: Sequence[Stored]) -> Iterator[Line]:
    """The lines of the objects, in order."""
    s3 = stack.client("s3")

    def read(entry: Stored) -> bytes:
        content: bytes = s3.get_object(Bucket=stack.archive_bucket, Key=entry.key)["Body"].read()
        return gzip.decompress(content) if content[:2] == _GZIP else content

    with ThreadPoolExecutor(_READERS) as pool:
        for content in pool.map(read, window):
            yield from map(orjson.loads, content.splitlines())


def _steps(since: datetime, until: datetime, step: timedelta) -> Iterator[datetime]:
    """Whole hours or days in UTC that hold what is between two times."""
    at = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if step >= timedelta(days=1):
        at = at.replace(hour=0)
    while at <= until.astimezone(UTC):
        yield at
        at += step
