"""Dead-letter queues, an archive and a clock; letters as delivery writes them, packs as SQS moves them."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.archiver.drain import Archiver, DeadLetterQueue, Drained
from sluice.delivery.dead_letters import Letter, dump_letter, dump_letters, name_letters
from sluice.packs import IngestPack, Item, SyncPack, dump_ingest_pack, dump_item, dump_sync_pack
from sluice.times import format_time
from tests.fakes.archive import FakeArchive
from tests.fakes.queues import FakeQueues

DLQ, INGEST_DLQ = "https://sqs/1/stack-AllToCrm-dlq", "https://sqs/1/stack-ingest-dlq"
DAY = 86_400
NOW = 1_800_000_000.0


def make_letter(n: int = 1, **over: Any) -> Letter:
    event = {"type": "track", "event": "Order Completed", "messageId": f"m-{n}", "userId": f"u-{n}"}
    return {
        "v": 1,
        "sync": "all-to-crm",
        "event_type": "custom_event",
        "message_id": f"m-{n}",
        "reason": "rejected",
        "detail": "",
        "status": 400,
        "attempts": 1,
        "first_seen": format_time(NOW - 60),
        "first_attempt_at": format_time(NOW - 50),
        "died_at": format_time(NOW),
        "event": event,
        "payload": event,
        "request": {"method": "POST", "url": "https://crm.example/", "headers": {}, "items": 1, "body": ""},
        "response": {"status": 400, "body": "no", "truncated": False},
        **over,
    }


def make_sync_pack(*ns: int, **over: Any) -> str:
    """The body of a pack of the sync with these events."""
    items = [Item("custom_event", make_letter(n)["event"]) for n in ns or (1,)]
    pack = SyncPack(
        **{"sync": "all-to-crm", "items": [], "attempt": 3, "first_seen": format_time(NOW), **over}
    )
    return dump_sync_pack(pack, [dump_item(item.type, orjson.dumps(item.event)) for item in items])


def make_ingest_pack(*ns: int) -> str:
    events = [make_letter(n)["event"] for n in ns or (1,)]
    pack = IngestPack("pack-1", 0, "web", format_time(NOW), {}, "key", events)
    return dump_ingest_pack(pack, [orjson.dumps(event) for event in events])


@dataclass
class World:
    now: float = NOW
    archive: FakeArchive = field(default_factory=FakeArchive)
    queues: FakeQueues = field(init=False)

    def __post_init__(self) -> None:
        self.queues = FakeQueues(clock=lambda: self.now)

    def die(self, *letters: Letter, archived: bool = True) -> None:
        """As delivery does it: one object for the letters of a pack, then a message each."""
        if archived:
            self.archive.put(name_letters(letters), dump_letters(letters))
        self.queues.send(DLQ, [dump_letter(letter) for letter in letters])

    def drain(self, *, seconds: float = 60, clock: Any = None) -> dict[str, Drained]:
        archiver = Archiver(
            self.queues, self.archive, keep_seconds=7 * DAY, clock=clock or (lambda: self.now)
        )
        dlqs = [DeadLetterQueue(DLQ, "all-to-crm"), DeadLetterQueue(INGEST_DLQ, "")]
        return archiver.drain(dlqs, seconds=seconds)

    def waiting(self, url: str = DLQ) -> int:
        return len(self.queues.messages.get(url, []))

    def visible(self, url: str = DLQ) -> int:
        return sum(message.visible_at <= self.now for message in self.queues.messages.get(url, []))
