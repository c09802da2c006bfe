"""How old things are: the oldest event that waits for each sync, and the newest figures of each stage."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.stack import Stack
from cli.status.expected import DELIVERY, INGEST, ROUTER
from cli.status.queues import SyncNow
from cli.status.series import Ask, Metric, MetricReader, Values, make_metric

MINUTE = timedelta(minutes=1)
LATEST = timedelta(minutes=20)  # retries come every 15 minutes at the latest: then their age is counted again
AGE = "ApproximateAgeOfOldestMessage"


@dataclass(frozen=True, slots=True)
class Ages:
    """`oldest` by sync, in seconds: None where nothing waits or it is not known.

    `counted_until` is the end of the last minute for which CloudWatch has figures of ingest, the router and
    delivery; None where it has none of the last 20 minutes. `asked` is how many metrics it took.
    """

    oldest: dict[str, float | None]
    counted_until: dict[str, datetime | None]
    asked: int


def read_ages(
    stack: Stack, metrics: MetricReader, known: Iterable[Metric], states: Mapping[str, SyncNow], now: datetime
) -> Ages:
    """`states` are the syncs to look at, `known` the metrics that the stack may have."""
    waiting = {
        slug: (
            metrics.make_own("OldestWaitingSeconds", sync=slug, service=DELIVERY),
            make_metric("AWS/SQS", AGE, QueueName=stack.queue_url(slug).rpartition("/")[2]),
        )
        for slug in states
    }
    counted = {
        INGEST: [m for m in known if (m.name, m.get("service"), m.get("reason")) == ("Accepted", INGEST, "")],
        ROUTER: [metrics.make_own("Accepted", service=ROUTER)],
        DELIVERY: [seen for seen, _ in waiting.values()],
    }
    asks = [_ask(metric) for pair in waiting.values() for metric in pair]
    asks += [_ask(metric) for service in (INGEST, ROUTER) for metric in counted[service]]
    values = dict(metrics.read(asks, now - LATEST, now))
    until = {service: _find_end(values, found, now) for service, found in counted.items()}
    asked = len(asks)
    for slug, state in states.items():
        if state.paused_since and state.queue.total:  # what deliveries saw before the pause has waited on
            older = [_ask(metric) for metric in waiting[slug]]
            values |= metrics.read(older, state.paused_since - LATEST, now)
            asked += len(older)
    oldest = {
        slug: _find_oldest(*waiting[slug], values, state, now) if state.queue.total else None
        for slug, state in states.items()
    }
    return Ages(oldest, until, asked)


def _find_oldest(seen: Metric, sqs: Metric, values: Values, state: SyncNow, now: datetime) -> float | None:
    """The older of what deliveries left waiting, which has waited on since, and of what SQS measured last.

    Packs that are sent again are young for SQS. Of those that a paused sync has not received, only SQS knows.
    """
    ages = [age + _count_seconds(minute, now) for minute, age in values[_ask(seen)] if age]
    for minute, age in values[_ask(sqs)][-1:]:
        ages.append(age + (_count_seconds(minute, now) if state.paused else 0.0))
    return max(ages, default=None)


def _count_seconds(minute: datetime, now: datetime) -> float:
    """Since the end of a minute."""
    return max((now - minute - MINUTE).total_seconds(), 0.0)


def _find_end(values: Values, metrics: Iterable[Metric], now: datetime) -> datetime | None:
    ends = [values[_ask(metric)][-1][0] + MINUTE for metric in metrics if values[_ask(metric)]]
    return min(max(ends), now) if ends else None


def _ask(metric: Metric) -> Ask:
    return Ask(metric, "Maximum", 60)
