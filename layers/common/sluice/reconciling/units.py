"""The units a run looks for: sync, event type and message id, of all ids or a sample of them.

The sample is by a hash of the message id, so that it is the same in the archive, in the log and in `dead/`.
When more are found than fit, half of the ids are let go, as often as it takes: a finer sample is part of the
coarser one, so what was found before still counts.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson

MOST_UNITS = 250_000
"""Some 400 bytes each: 100 MB of the function's 512."""

# Stands before anything that a client wrote, so the first one in a line is the line's own.
_MESSAGE_ID = re.compile(rb'"message_id":(?:"((?:[^"\\]|\\.)*)"|([^,}]*))')

type Unit = tuple[str, str, bytes]
"""Sync, event type, and the message id as it is written in JSON."""


@dataclass(slots=True)
class Units:
    """`waiting` has the units whose end was not found, with the time their next attempt is due (or "").

    `one_in` says how many ids there are for each that is looked for.
    """

    one_in: int = 1
    most: int = MOST_UNITS
    waiting: dict[Unit, str] = field(default_factory=dict)

    def pick(self, line: bytes) -> bytes | None:
        """The message id in a line, as JSON; None for one outside of the sample, or in no line of ours."""
        match = _MESSAGE_ID.search(line)
        if match is None:
            return None
        message_id: bytes = match[1] if match[1] is not None else match[2]
        return message_id if crc32(message_id) % self.one_in == 0 else None

    def add(self, unit: Unit) -> None:
        """Looks for a unit from now on; one that is there already is not counted twice."""
        self.waiting.setdefault(unit, "")
        while len(self.waiting) > self.most:
            self.one_in *= 2
            self.waiting = {
                unit: due for unit, due in self.waiting.items() if crc32(unit[2]) % self.one_in == 0
            }

    def postpone(self, unit: Unit, due: str) -> None:
        """A unit that is looked for waits for another attempt, the latest of those that are known."""
        if unit in self.waiting:
            self.waiting[unit] = max(self.waiting[unit], due)


def show_id(message_id: bytes) -> str:
    """A message id as people know it."""
    text: Any = orjson.loads(b'"%b"' % message_id)
    return str(text)
