"""JSON inside JSON: a message body is a JSON string in the request that sends it.

An event goes to several syncs, so it is escaped once and its escaped form is spliced into every body.
"""

from dataclasses import dataclass

import orjson


@dataclass(slots=True, frozen=True)
class Quoted:
    """A text as a JSON string literal, quotes included; `size` is the text's own length in UTF-8 bytes."""

    literal: bytes
    size: int

    @property
    def text(self) -> str:
        return str(orjson.loads(self.literal))


def escape(text: bytes) -> bytes:
    """UTF-8 text as it stands between the quotes of a JSON string; escaped parts join to an escaped whole."""
    return orjson.dumps(text.decode())[1:-1]
