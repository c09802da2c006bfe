"""Reads the lines that name one event out of everything that a stack wrote in some hours.

Only lines that hold the id's text are parsed, so that a day of a busy stack takes as long as reading it.
"""

import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from cli.archive import find_start, list_hours
from cli.cost.model import GB
from cli.cost.prices import PriceTable
from cli.replay.history import Stored, cut_windows
from cli.stack import Stack

GET_USD = 0.40e-6  # a GET, S3 Standard, us-east-1, 2026-11-22
_READERS = 16
_GZIP = b"\x1f\x8b"
_HOUR = timedelta(hours=1)

type Line = dict[str, Any]


@dataclass(slots=True)
class Scan:
    """What was read so far: objects, bytes as stored, requests to list them."""

    stack: Stack
    message_id: str
    objects: int = 0
    scanned: int = 0
    lists: int = 0
    advance: Callable[[int], None] = field(default=lambda _bytes: None)

    def find_events(self, since: datetime, until: datetime) -> list[Line]:
        """The event's archive lines in the order of their receipt, those of replays last; what a crash
        repeated is there once. A replay's line has the time of the oldest event in its pack."""
        lines = self._find([f"events/{name}" for name in name_hours(self._start("events", since), until)])
        found = {
            (line["pack_id"], line["n"], line["verdict"]): line for line in lines if self._is_about(line)
        }
        return sorted(found.values(), key=lambda line: (line.get("replay") or "", line["received_at"]))

    def find_attempts(self, since: datetime, until: datetime) -> list[Line]:
        """The event's lines of the delivery log, in order of time; what a crash repeated is there once."""
        start = self._start("deliveries", since)
        lines = self._find([f"deliveries/{name}" for name in name_hours(start, until)])
        found = {orjson.dumps(line): line for line in lines if self._is_about(line)}
        return sorted(found.values(), key=lambda line: (line["at"], line["attempt"]))

    def find_letters(self, sync: str, since: datetime, until: datetime) -> list[Line]:
        """The event's dead letters of a sync that died on these days, in order of death."""
        folder = f"dead/sync={sync}"
        folders = [f"{folder}/dt={day}/" for day in list_days(self._start(folder, since), until)]
        found = {
            (line["event_type"], line["attempts"], line["died_at"]): line
            for line in self._find(folders)
            if self._is_about(line)
        }
        return sorted(found.values(), key=lambda line: line["died_at"])

    def find_unrouted(self, since: datetime, until: datetime) -> list[Line]:
        """Packs that hold the event and never came past the router, as far as they left IngestDlq already."""
        start = self._start("dead/ingest", since)
        folders = [f"dead/ingest/dt={day}/" for day in list_days(start, until)]
        return [line for line in self._find(folders) if self.message_id in line["message_ids"]]

    def price(self, prices: PriceTable) -> tuple[float, float]:
        """Dollars for the requests, and for the bytes where they leave AWS (nothing within the region)."""
        requests = self.lists * prices["s3_put"] + self.objects * GET_USD
        return requests, self.scanned / GB * prices["egress_gb"]

    def _start(self, folder: str, since: datetime) -> datetime:
        self.lists += 1
        return find_start(self.stack, folder, since)

    def _is_about(self, line: Line) -> bool:
        return bool(line["message_id"] == self.message_id)

    def _find(self, folders: list[str]) -> Iterator[Line]:
        """Lines that hold the id's text anywhere; whoever writes lines writes texts as orjson does."""
        needle = orjson.dumps(self.message_id)[1:-1]
        with ThreadPoolExecutor(_READERS) as pool:
            for window in cut_windows(entry for listed in pool.map(self._list, folders) for entry in listed):
                for entry, content in zip(window, pool.map(self._read, window), strict=True):
                    self.objects += 1
                    self.scanned += entry.size
                    self.advance(entry.size)
                    if needle in content:
                        yield from (orjson.loads(text) for text in content.split(b"\n") if needle in text)

    def _list(self, prefix: str) -> list[Stored]:
        pages = self.stack.client("s3").get_paginator("list_objects_v2")
        listed = []
        for page in pages.paginate(Bucket=self.stack.archive_bucket, Prefix=prefix):
            self.lists += 1
            listed += [Stored(entry["Key"], entry["Size"]) for entry in page.get("Contents", ())]
        return listed

    def _read(self, entry: Stored) -> bytes:
        s3 = self.stack.client("s3")
        content: bytes = s3.get_object(Bucket=self.stack.archive_bucket, Key=entry.key)["Body"].read()
        return gzip.decompress(content) if content[:2] == _GZIP else content


def name_hours(since: datetime, until: datetime) -> list[str]:
    """The folders of what was written between two times.

    From the hour before: Firehose files a line under the time of the oldest that it writes with it. And an
    hour more behind: where Firehose is late, it files what it gets then.
    """
    return [f"dt={hour:%Y-%m-%d}/hr={hour:%H}/" for hour in list_hours(since - _HOUR, until)]


def list_days(since: datetime, until: datetime) -> list[str]:
    first, last = since.date().toordinal(), until.date().toordinal()
    return [datetime.fromordinal(day).strftime("%Y-%m-%d") for day in range(first, last + 1)]
