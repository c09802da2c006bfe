"""What waits now: packs in a sync's queue, letters in its DLQ, its breaker, and whether it is paused."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.stack import Stack
from cli.status.concurrency import count_concurrency
from sluice.adapters.breaker_row import PROBING, make_key
from sluice.workspace.names import pascal_name

_PREFIX = "ApproximateNumberOfMessages"
_COUNTS = [_PREFIX, f"{_PREFIX}Delayed", f"{_PREFIX}NotVisible"]


@dataclass(frozen=True, slots=True)
class Depth:
    """What SQS says a queue holds, give or take what it did in the last minute."""

    ready: int
    delayed: int
    in_flight: int

    @property
    def total(self) -> int:
        return self.ready + self.delayed + self.in_flight


@dataclass(frozen=True, slots=True)
class Breaker:
    """A breaker that is not closed. Times are epoch seconds."""

    probing: bool
    opened_at: float
    until: float
    reason: str
    failures: int


@dataclass(frozen=True, slots=True)
class SyncNow:
    """The state of one sync; `breaker` is None while it is closed. It runs `max_concurrency` at once.

    `paused_since` is when a paused sync was last changed: when it was paused, usually.
    """

    queue: Depth
    dlq: Depth
    paused: bool
    breaker: Breaker | None
    max_concurrency: int = 0
    paused_since: datetime | None = None


def measure_depth(stack: Stack, url: str) -> Depth:
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)
    return Depth(*(int(answer["Attributes"][name]) for name in _COUNTS))


def read_sync(stack: Stack, slug: str) -> SyncNow:
    mapping = stack.client("lambda").get_event_source_mapping(
        UUID=stack.find(f"{pascal_name(slug)}DeliveryMapping")
    )
    paused = mapping["State"] in ("Disabled", "Disabling")
    return SyncNow(
        queue=measure_depth(stack, stack.queue_url(slug)),
        dlq=measure_depth(stack, stack.dlq_url(slug)),
        paused=paused,
        breaker=_read_breaker(stack, slug),
        max_concurrency=count_concurrency(mapping),
        paused_since=mapping.get("LastModified") if paused else None,
    )


def _read_breaker(stack: Stack, slug: str) -> Breaker | None:
    answer = stack.client("dynamodb").get_item(TableName=stack.find("ControlTable"), Key=make_key(slug))
    return _parse_row(answer["Item"]) if "Item" in answer else None


def _parse_row(row: dict[str, Any]) -> Breaker:
    return Breaker(
        probing=row["state"]["S"] == PROBING,
        opened_at=float(row["opened_at"]["N"]),
        until=float(row["until"]["N"]),
        reason=row["reason"]["S"],
        failures=int(row["failures"]["N"]),
    )
