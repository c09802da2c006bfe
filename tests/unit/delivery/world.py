"""A sync with everything around it faked: queues, archive, secrets, destination, clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.delivery.deliver import Delivery
from sluice.delivery.ports import Places, Ports
from sluice.delivery.report import Report
from sluice.delivery.sync import compile_sync
from sluice.destinations.declaration import Outside
from sluice.packs import Item, SyncPack, dump_item, dump_sync_pack
from sluice.times import format_time
from sluice.workspace.models import Alarms
from tests.fakes.archive import FakeArchive
from tests.fakes.pauses import FakePauses
from tests.fakes.queues import FakeQueues, Stored
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.streams import FakeStream
from tests.fakes.tables import FakeDedupTable, FakeNotes
from tests.fakes.vendor import FakeVendor

QUEUE, DLQ = "https://sqs/stack-Crm", "https://sqs/stack-Crm-dlq"
NOW = 1_800_000_000.0


def make_event(n: int = 1, **over: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Order Completed", "messageId": f"m-{n}", "userId": f"u-{n}", **over}


def make_workspace(
    settings: dict[str, Any] | None = None, *, kind: str = "http", **over: Any
) -> dict[str, Any]:
    sync = {
        "source": "web",
        "destination": "crm",
        "event_types": [{"type": "custom_event", "filter": None, "mappings": None}],
        "retry": {"for": 14_400, "first": 5, "max": 900, "attempts": None},
        "alarms": Alarms().model_dump(),
        "batch_size": None,
        "concurrency": 4,
        **over,
    }
    defaults = {"url": "https://crm.example/events"} if kind == "http" else {}
    return {
        "destinations": {"crm": {"kind": kind, "settings": {**defaults, **(settings or {})}}},
        "syncs": {"crm": sync},
    }


def make_pack(*events: dict[str, Any], type: str = "custom_event", **over: Any) -> str:
    items = [dump_item(type, orjson.dumps(event)) for event in events or (make_event(),)]
    fields: dict[str, Any] = {"sync": "crm", "attempt": 1, "first_seen": format_time(NOW), **over}
    return dump_sync_pack(SyncPack(items=[], **fields), items)


@dataclass
class World:
    workspace: dict[str, Any] = field(default_factory=make_workspace)
    now: float = NOW
    left: float = 60.0
    draw: Callable[[], float] = lambda: 0.5
    vendor: FakeVendor = field(default_factory=FakeVendor)
    archive: FakeArchive = field(default_factory=FakeArchive)
    log: FakeStream = field(default_factory=FakeStream)
    pauses: FakePauses = field(default_factory=FakePauses)
    claims: FakeDedupTable = field(default_factory=FakeDedupTable)
    notes: FakeNotes = field(default_factory=FakeNotes)
    secrets: FakeSecretStore = field(default_factory=FakeSecretStore)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queues = FakeQueues(clock=lambda: self.now)
        self.ports = Ports(
            queues=self.queues,
            archive=self.archive,
            log=self.log,
            pauses=self.pauses,
            claims=self.claims,
            notes=self.notes,
            secrets=self.secrets,
            outside=Outside(self.vendor, self.sleep),
            now=lambda: self.now,
            draw=self.draw,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def build(self) -> Delivery:
        return Delivery(compile_sync(self.workspace, "crm"), Places(QUEUE, DLQ), self.ports)

    def run(self, *bodies: str, receives: int = 1) -> Report:
        """One invocation over these bodies, and what Lambda does after it."""
        self.queues.send(QUEUE, bodies)
        for message in self.queues.messages[QUEUE]:
            message.receive_count = receives - 1
        return self.poll()

    def poll(self, delivery: Delivery | None = None) -> Report:
        received = self.queues.receive(QUEUE)
        report = (delivery or self.build()).deliver([m.as_message() for m in received], lambda: self.left)
        self.queues.delete(QUEUE, [m.receipt_handle for m in received if m.id not in report.failed])
        return report

    @property
    def waiting(self) -> list[Stored]:
        return self.queues.messages.get(QUEUE, [])

    @property
    def waiting_packs(self) -> list[dict[str, Any]]:
        return [orjson.loads(message.body) for message in self.waiting]

    @property
    def letters(self) -> list[dict[str, Any]]:
        return [orjson.loads(message.body) for message in self.queues.messages.get(DLQ, [])]


def ids_of(pack: dict[str, Any]) -> list[str]:
    return [item["event"]["messageId"] for item in pack["items"]]


def make_items(count: int) -> Sequence[Item]:
    return [Item("custom_event", make_event(n)) for n in range(count)]
