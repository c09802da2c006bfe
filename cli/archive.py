"""Reads what a stack wrote to its bucket: events, deliveries and dead letters, hour by hour.

Firehose files a line under the hour in which it got it, which is the event's hour or, after a delay, a later
one; so a search goes on for `LATE_HOURS` behind its end.
"""

import gzip
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

import orjson

from cli.stack import Stack

LATE_HOURS = 1
_READERS = 16
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Archive:
    """A stack's bucket; `objects` and `scanned` (bytes as stored) count what was read."""

    stack: Stack
    objects: int = 0
    scanned: int = 0
    _s3: Any = field(init=False)

    def __post_init__(self) -> None:
        self._s3 = self.stack.client("s3")

    def read_events(
        self, since: datetime, until: datetime, *, newest_first: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Archive lines of events (`docs/architecture.md`) filed from `since` on; a repeat is left out.

        `newest_first` goes by the times at which they were filed, backwards. If an event was judged twice,
        with different verdicts, only the line that is read first is taken.
        """
        seen: set[tuple[str, int]] = set()
        for line in self._read_hours("events", since, until, newest_first=newest_first):
            key = line["pack_id"], line["n"]
            if key not in seen:
                seen.add(key)
                yield line

    def read_deliveries(self, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Lines of the delivery log: one an item and attempt, where a crash was in between, more."""
        return self._read_hours("deliveries", since, until, newest_first=False)

    def read_letters(self, sync: str, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Dead letters of a sync, of the days of death from `since` to `until`."""
        day = find_start(self.stack, f"dead/sync={sync}", since).date()
        while day <= until.date():
            yield from self._read_prefix(f"dead/sync={sync}/dt={day:%Y-%m-%d}/")
            day += timedelta(days=1)

    def find_event(self, message_id: str, since: datetime, until: datetime) -> dict[str, Any] | None:
        """The line of a message id that was filed last, its verdict whatever it is."""
        for line in self.read_events(since, until, newest_first=True):
            if line["message_id"] == message_id:
                return line
        return None

    def _read_hours(
        self, folder: str, since: datetime, until: datetime, *, newest_first: bool
    ) -> Iterator[dict[str, Any]]:
        hours = list(list_hours(find_start(self.stack, folder, since), until))
        for hour in reversed(hours) if newest_first else hours:
            prefix = f"{folder}/dt={hour:%Y-%m-%d}/hr={hour:%H}/"
            yield from self._read_prefix(prefix, newest_first=newest_first)

    def _read_prefix(self, prefix: str, *, newest_first: bool = False) -> Iterator[dict[str, Any]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.stack.archive_bucket, Prefix=prefix
        )
        keys: Iterable[str] = (entry["Key"] for page in pages for entry in page.get("Contents", ()))
        if newest_first:  # Firehose names its objects by the time at which it wrote them
            keys = sorted(keys, reverse=True)
        with ThreadPoolExecutor(_READERS) as pool:
            for some in batched(keys, _READERS, strict=False):  # no more of them in memory
                for content in pool.map(self._read, some):
                    self.objects += 1
                    self.scanned += len(content)
                    text = gzip.decompress(content) if content[:2] == _GZIP else content
                    lines = text.split(b"\n")
                    yield from map(orjson.loads, filter(None, reversed(lines) if newest_first else lines))

    def _read(self, key: str) -> bytes:
        content: bytes = self._s3.get_object(Bucket=self.stack.archive_bucket, Key=key)["Body"].read()
        return content


def find_start(stack: Stack, folder: str, since: datetime) -> datetime:
    """`since`, or the first day of which `folder` has anything, where that is later: before it nothing needs
    to be listed. A folder that has nothing starts now."""
    listed = stack.client("s3").list_objects_v2(
        Bucket=stack.archive_bucket, Prefix=f"{folder}/dt=", MaxKeys=1
    )
    days = [entry["Key"].removeprefix(f"{folder}/dt=")[:10] for entry in listed.get("Contents", ())]
    first = datetime.fromisoformat(days[0]).replace(tzinfo=UTC) if days else datetime.now(UTC)
    return max(since, first)


def list_hours(since: datetime, until: datetime) -> Iterator[datetime]:
    """The UTC hours that hold what was filed between two times, and `LATE_HOURS` more."""
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour <= until.astimezone(UTC) + timedelta(hours=LATE_HOURS):
        yield hour
        hour += timedelta(hours=1)
