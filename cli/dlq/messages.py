"""What a message of a dead-letter queue holds, whichever of its two forms it has."""

from dataclasses import dataclass
from typing import Any

import orjson

from cli.dlq.queues import Dlq
from cli.replay.select import name_event
from sluice.archiver.letters import read_forwarded, read_ingest_pack, read_letter, read_sync_pack, write_lines
from sluice.archiver.ports import Received
from sluice.packs import Event

type Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """`letter` is set for a single event, `events` are those of a whole pack; neither for what is not a pack.

    `is_routed`: it goes to a sync without being looked at by the router again.
    """

    received: Received
    lines: list[Line]
    letter: Line | None
    events: list[Event]
    is_routed: bool = True

    @property
    def names(self) -> list[str]:
        """The names of the events in it."""
        return [name_event(event) for event in self.events]

    @property
    def message_ids(self) -> list[str]:
        return [str(event.get("messageId", "")) for event in self.events]

    @property
    def reason(self) -> str:
        return str(self.lines[0]["reason"]) if self.lines else ""


def read_message(dlq: Dlq, received: Received) -> DeadMessage:
    """Never fails: what cannot be read is a message without events."""
    lines = [orjson.loads(orjson.dumps(line)) for line in write_lines(received, dlq.sync)]
    letter = read_letter(received.body) if dlq.sync else None
    if letter is not None:
        return DeadMessage(received, lines, letter, [letter["event"]] if letter["event"] else [])
    if not dlq.sync:
        unrouted = read_ingest_pack(received.body)
        events = unrouted.events if unrouted else read_forwarded(received.body)
        return DeadMessage(received, lines, None, events, is_routed=unrouted is None)
    pack = read_sync_pack(received.body, dlq.sync)
    return DeadMessage(received, lines, None, [item.event for item in pack.items] if pack else [])
