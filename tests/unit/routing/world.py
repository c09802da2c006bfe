"""A router with everything around it faked: ingest queue, tables, event stream, sync queues, clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.packs import IngestPack, dump_ingest_pack, parse_sync_pack
from sluice.routing.govern import ApplyFunctions, FindSuppressed
from sluice.routing.report import Report
from sluice.routing.route import Router
from sluice.times import format_time
from tests.fakes.queues import FakeQueues, Stored
from tests.fakes.streams import FakeStream
from tests.fakes.tables import FakeDedupTable

BASE = "https://sqs/1/stack-"
INGEST, INGEST_DLQ = BASE + "ingest", BASE + "ingest-dlq"
NOW = 1_800_000_000.0
MAX_RECEIVES = 20

TRACK = {"field": "type", "op": "equals", "value": "track"}
ORDERS = {"field": "event", "op": "in", "value": ["Order Completed", "Order Refunded"]}


class Crash(BaseException):
    """The process dies here; nothing of ours catches it."""


def make_event(n: int = 1, **over: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Order Completed", "messageId": f"m-{n}", "userId": f"u-{n}", **over}


def make_pack(*events: dict[str, Any], **over: Any) -> IngestPack:
    told = list(events) or [make_event()]
    fields: dict[str, Any] = {
        "pack_id": "pack-1",
        "part": 0,
        "source": "web",
        "received_at": format_time(NOW),
        "client": {"ip": "198.51.100.7", "user_agent": "tests"},
        "dedup_key": "-".join(str(event.get("messageId")) for event in told),
        **over,
    }
    return IngestPack(events=told, **fields)


def dump_pack(pack: IngestPack) -> str:
    return dump_ingest_pack(pack, [orjson.dumps(event) for event in pack.events])


def make_type(name: str, event_filter: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": name, "filter": event_filter, "mappings": None}


def make_sync(name: str, *types: dict[str, Any], **over: Any) -> dict[str, Any]:
    told = list(types) or [make_type("custom_event")]
    base = {"name": name, "source": "web", "destination": "crm", "retired": False}
    return {**base, "event_types": told, "batch_size": None, **over}


def make_workspace(dedup: str = "request", **syncs: dict[str, Any]) -> dict[str, Any]:
    """Syncs by slug, written with underscores."""
    told = {slug.replace("_", "-"): sync for slug, sync in syncs.items()}
    return {
        "digest": "0123456789ab",
        "sources": {"web": {"dedup": dedup}, "app": {"dedup": dedup}},
        "destinations": {"crm": {"kind": "sandbox", "settings": {}}},
        "syncs": told or {"all-to-crm": make_sync("AllToCrm")},
    }


@dataclass
class World:
    workspace: dict[str, Any] = field(default_factory=make_workspace)
    dedup_hours: int = 24
    now: float = NOW
    left: Callable[[], float] = lambda: 60.0
    table: FakeDedupTable = field(default_factory=FakeDedupTable)
    stream: FakeStream = field(default_factory=FakeStream)
    find_suppressed: FindSuppressed | None = None
    start_functions: Callable[[Callable[[], float]], ApplyFunctions] | None = None

    def __post_init__(self) -> None:
        self.queues = FakeQueues(clock=lambda: self.now)
        self.delete = self.queues.delete  # SQS's own, whatever a test does to the router's

    def post(self, *packs: IngestPack) -> None:
        self.queues.send(INGEST, [dump_pack(pack) for pack in packs])

    def run(self) -> Report | None:
        """One invocation with all that is visible, as the source mapping does it; None if it crashed."""
        received = self._receive()
        router = Router(
            self.workspace,
            claims=self.table,
            archive=self.stream,
            queues=self.queues,
            ingest_queue_url=INGEST,
            dedup_hours=self.dedup_hours,
            clock=lambda: self.now,
            find_suppressed=self.find_suppressed,
            start_functions=self.start_functions,
        )
        messages = [m.as_message() for m in received]
        try:
            report = router.route(messages, seconds_left=self.left)
        except Crash:
            return None
        failed = {
            entry["itemIdentifier"] for entry in report.as_partial_batch_response()["batchItemFailures"]
        }
        self.delete(INGEST, [m.receipt_handle for m in received if m.id not in failed])
        return report

    def _receive(self) -> list[Stored]:
        """What was received too often goes to the dead-letter queue instead, as SQS does it."""
        received = self.queues.receive(INGEST, limit=100)
        dead = [m for m in received if m.receive_count > MAX_RECEIVES]
        self.delete(INGEST, [m.receipt_handle for m in dead])
        self.queues.send(INGEST_DLQ, [m.body for m in dead])
        return [m for m in received if m not in dead]

    def redrive(self) -> None:
        """Moves the dead letters back, under new message ids."""
        dead = self.queues.receive(INGEST_DLQ, limit=100)
        self.delete(INGEST_DLQ, [m.receipt_handle for m in dead])
        self.queues.send(INGEST, [m.body for m in dead])

    def waiting(self) -> int:
        return len(self.queues.messages.get(INGEST, []))

    def sent(self, name: str = "AllToCrm") -> list[tuple[str, str]]:
        """(event type, message id) of all items in a sync's queue."""
        packs = [parse_sync_pack(m.body) for m in self.queues.messages.get(BASE + name, [])]
        return [(item.type, item.message_id) for pack in packs for item in pack.items]

    def verdicts(self) -> list[tuple[str, str]]:
        """(message id, verdict) of all archive lines."""
        return [(line["message_id"], line["verdict"]) for line in self.stream.lines()]
