"""What waits now: packs in a sync's queue, letters in its DLQ, its breaker, and whether it is paused."""

from dataclasses import dataclass
from typing import Any

from cli.stack import Stack
from sluice.adapters.breaker_row import KIND, PROBING
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
    """The state of one sync; `breaker` is None while it is closed."""

    queue: Depth
    dlq: Depth
    paused: bool
    breaker: Breaker | None


def measure_depth(stack: Stack, url: str) -> Depth:
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)
    return Depth(*(int(answer["Attributes"][name]) for name in _COUNTS))


def read_sync(stack: Stack, slug: str, breakers: dict[str, Breaker]) -> SyncNow:
    mapping = stack.client("lambda").get_event_source_mapping(
        UUID=stack.find(f"{pascal_name(slug)}DeliveryMapping")
    )
    return SyncNow(
        queue=measure_depth(stack, stack.queue_url(slug)),
        dlq=measure_depth(stack, stack.dlq_url(slug)),
        paused=mapping["State"] in ("Disabled", "Disabling"),
        breaker=breakers.get(slug),
    )


def list_breakers(stack: Stack) -> dict[str, Breaker]:
    """The breakers that are not closed, by the slugs of their syncs."""
    pages = (
        stack.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=stack.find("ControlTable"),
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": KIND}},
        )
    )
    return {row["id"]["S"]: _parse_row(row) for page in pages for row in page["Items"]}


def _parse_row(row: dict[str, Any]) -> Breaker:
    return Breaker(
        probing=row["state"]["S"] == PROBING,
        opened_at=float(row["opened_at"]["N"]),
        until=float(row["until"]["N"]),
        reason=row["reason"]["S"],
        failures=int(row["failures"]["N"]),
    )
