"""Letters in `dead/`, where they stay for as long as the archive does."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cli.archive import Archive, find_start
from cli.dlq.queues import Dlq
from cli.replay.history import list_objects, read_lines
from cli.stack import Stack
from sluice.archiver.letters import identify
from sluice.times import parse_time

type Line = dict[str, Any]


def read_archived(stack: Stack, dlq: Dlq, since: datetime, until: datetime) -> Iterator[Line]:
    """The letters that died between two times, each once: a crash may have written one twice."""
    lines = (
        Archive(stack).read_letters(dlq.sync, since, until)
        if dlq.sync
        else _read_unrouted(stack, since, until)
    )
    seen: set[tuple[Any, ...]] = set()
    for line in lines:
        key = identify(line) if dlq.sync else (line["pack_id"], line.get("body"))
        at = parse_time(line["died_at"])
        if at is not None and since.timestamp() <= at < until.timestamp() and key not in seen:
            seen.add(key)
            yield line


def _read_unrouted(stack: Stack, since: datetime, until: datetime) -> Iterator[Line]:
    start = find_start(stack, "dead/ingest", since)
    days = [f"dead/ingest/dt={day}/" for day in _list_days(start, until)]
    for entry in list_objects(stack, days):
        yield from read_lines(stack, [entry])


def _list_days(since: datetime, until: datetime) -> Iterator[str]:
    for ordinal in range(since.toordinal(), until.toordinal() + 1):
        yield datetime.fromordinal(ordinal).strftime("%Y-%m-%d")
