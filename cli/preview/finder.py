"""Where the events of a preview come from: a file, standard input, or a stack's archive."""

import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from cli.archive import Archive
from cli.preview.incoming import ACCEPTED, Entrance, Incoming, read_archive_line, read_text
from cli.preview.texts import count_events
from cli.stack import CommandError, open_stack
from cli.times import parse_when
from sluice.times import parse_time


class Finder:
    """Finds the events that the options name."""

    def __init__(self, event: str, message_id: str, around: str, since: str, stack: str) -> None:
        """Raises CommandError where the options contradict each other, or a time is invalid."""
        if event and message_id:
            raise CommandError("--event and --message-id are two events", "keep one of them")
        self.event, self.message_id, self.stack = event, message_id, stack
        self.now = time.time()
        self.since, self.until = self._read_range(around, since)
        self.told = ""

    def find_one(self, collect_ip: str) -> list[Incoming]:
        """The events of the file, or the archived one. Raises CommandError where there is none."""
        if self.event:
            return self.read_file(collect_ip)
        if not self.message_id:
            raise CommandError(
                "which event?", "--event FILE, --event - for standard input, or --message-id ID"
            )
        archive = Archive(open_stack(self.stack))
        line = archive.find_event(self.message_id, self.since, self.until)
        if line is None:
            raise CommandError(
                f"no event {self.message_id!r} in the archive of {archive.stack.name}"
                f" {self._tell_range()}: looked through {archive.objects:,} objects,"
                f" {archive.scanned:,} bytes",
                "look elsewhere with --since 7d or --around TIME; an event is there within minutes",
            )
        return [read_archive_line(line, f"the archive of {archive.stack.name}")]

    def find_sample(self, sources: frozenset[str], limit: int) -> list[Incoming]:
        """The events of the file, or the newest accepted ones of the sources; `told` says which.

        A replay archives its events once more: those lines are ignored, so that each event counts once.
        """
        if self.message_id:
            found = self.find_one("client")
            self.told = f"{count_events(len(found))} of {found[0].origin}"
            return found
        if self.event:
            found = self.read_file("client")
            self.told = f"{count_events(len(found))} of {_name_file(self.event)}"
            return found
        archive = Archive(open_stack(self.stack))
        found = list(islice(self._list_accepted(archive, sources), limit))
        self.told = f"{count_events(len(found))}, the newest in the archive of {archive.stack.name}"
        self.told += f" {self._tell_range()}"
        return found

    def read_file(self, collect_ip: str) -> list[Incoming]:
        name = _name_file(self.event)
        try:
            content = sys.stdin.buffer.read() if self.event == "-" else Path(self.event).read_bytes()
        except OSError as error:
            raise CommandError(f"{name} cannot be read: {error.strerror}") from error
        return read_text(content, name, Entrance(self.now, lambda: str(uuid.uuid4()), collect_ip))

    def _list_accepted(self, archive: Archive, sources: frozenset[str]) -> Iterator[Incoming]:
        for line in archive.read_events(self.since, self.until, newest_first=True):
            if "replay" not in line and line["verdict"] == ACCEPTED and line["source"] in sources:
                yield read_archive_line(line, f"the archive of {archive.stack.name}")

    def _read_range(self, around: str, since: str) -> tuple[datetime, datetime]:
        if around:
            epoch = parse_time(around)
            if epoch is None:
                raise CommandError(f"--around {around!r} is not an ISO 8601 time", "2026-11-22T09:15:00Z")
            middle, hour = datetime.fromtimestamp(epoch, UTC), timedelta(hours=1)
            return middle - hour, middle + hour
        until = datetime.fromtimestamp(self.now, UTC)
        return parse_when(since, until), until

    def _tell_range(self) -> str:
        return f"from {self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"


def _name_file(event: str) -> str:
    return "standard input" if event == "-" else event
