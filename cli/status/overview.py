"""The overview of a stack over a range: numbers by source and by sync. What was not measured is None."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cli.redriven import OPERATOR, REDRIVEN
from cli.stack import CommandError, Stack
from cli.status.alarms import ActiveAlarm, read_alarms
from cli.status.concurrency import Concurrency, read_concurrency
from cli.status.names import Names, read_names
from cli.status.queues import Depth, SyncNow, measure_depth, read_sync
from cli.status.series import (
    Ask,
    Metric,
    MetricReader,
    Range,
    Values,
    add_up,
    find_highest,
    make_metric,
)
from cli.syncs import list_syncs
from sluice.reasons import BLOCKED
from sluice.workspace.names import pascal_name

_INGEST, _ROUTER, _DELIVERY = "ingest", "router", "delivery"
LATEST = timedelta(minutes=20)  # retries come every 15 minutes at the latest: then their age is told anew
_SYNC_SUMS = {
    "Routed": _ROUTER,
    "Delivered": _DELIVERY,
    "Retried": _DELIVERY,
    "Dead": _DELIVERY,
    REDRIVEN: OPERATOR,
}
_ROUTER_SUMS = ("Accepted", "Duplicates", "Replayed")
_BY_REASON = ("Blocked", "Skipped")
_AGE = "ApproximateAgeOfOldestMessage"


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """A source's events as ingest took them; `blocked` by reason."""

    accepted: float | None
    blocked: dict[str, float]


@dataclass(frozen=True, slots=True)
class RouterCounts:
    """All events as the router judged them; a duplicate is known here first. `skipped` are deliveries that
    consent or `integrations` forbid, by reason."""

    accepted: float | None
    duplicates: float | None
    replayed: float | None
    blocked: dict[str, float]
    skipped: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SyncCounts:
    """A sync's items. `p50`, `p95`: milliseconds from receipt to delivery, over more than a day those of the
    worst day. `volume` is what was delivered in each part of the range. `oldest`: the age in
    seconds of the oldest event that waits, None where nothing does or it is not known. `redriven` are
    letters that went back: matched + redriven = delivered + dead + what waits."""

    matched: float | None
    delivered: float | None
    retried: float | None
    dead: float | None
    reasons: dict[str, float]
    p50: float | None
    p95: float | None
    volume: list[float]
    oldest: float | None = None
    redriven: float | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that `status` shows; `asked` is how many metrics it took.

    `measured_until` is the end of the last minute that any metric has; queues are measured now. `alarms` are
    those that are on, None where they may not be read.
    """

    stack: str
    range: Range
    sources: dict[str, SourceCounts]
    router: RouterCounts
    syncs: dict[str, SyncCounts]
    now: dict[str, SyncNow]
    ingest: Depth
    ingest_dlq: Depth
    asked: int = field(default=0)
    concurrency: Concurrency | None = None
    alarms: list[ActiveAlarm] | None = None
    measured_until: datetime | None = None


def read_overview(stack: Stack, wanted: Sequence[str], span: Range, now: datetime) -> Overview:
    """Reads the stack. Raises CommandError for a sync that it does not have."""
    metrics = MetricReader(stack)
    names = read_names(stack)
    known = metrics.list_own() | {*expect_metrics(metrics, names)}
    slugs = choose_syncs(stack, known, wanted)
    known |= {*expect_sync_metrics(metrics, slugs)}
    asks = [*ask_sources(known, span), *ask_syncs(known, slugs, span)]
    values = metrics.read(asks, span.since, span.until)
    latest = [Ask(metric, "Maximum", 60) for slug in slugs for metric in list_ages(stack, metrics, slug)]
    ages = metrics.read(latest, now - LATEST, now)
    states = {slug: read_sync(stack, slug) for slug in slugs}
    return Overview(
        stack=stack.name,
        range=span,
        sources=count_sources(metrics, known, values, span),
        router=count_router(metrics, values, span),
        syncs={
            slug: replace(
                count_sync(metrics, slug, values, span),
                oldest=find_oldest(list_ages(stack, metrics, slug), ages, now)
                if states[slug].queue.total
                else None,
            )
            for slug in slugs
        },
        now=states,
        ingest=measure_depth(stack, stack.find("IngestQueue")),
        ingest_dlq=measure_depth(stack, stack.find("IngestDlq")),
        asked=len(asks) + len(latest),
        concurrency=read_concurrency(stack, (state.max_concurrency for state in states.values())),
        alarms=read_alarms(stack),
        measured_until=find_last(values, now),
    )


def expect_metrics(metrics: MetricReader, names: Names) -> Iterator[Metric]:
    """What sources and the router count. ListMetrics may take 15 minutes to know a new metric."""
    for source in names.sources:
        yield metrics.make_own("Accepted", source=source, service=_INGEST)
        for reason in BLOCKED:
            yield metrics.make_own("Blocked", source=source, reason=reason, service=_INGEST)
    for name in _ROUTER_SUMS:
        yield metrics.make_own(name, service=_ROUTER)
    for reason in BLOCKED:
        yield metrics.make_own("Blocked", reason=reason, service=_ROUTER)
    for sync in names.syncs:
        yield metrics.make_own("Routed", sync=sync, service=_ROUTER)


def expect_sync_metrics(metrics: MetricReader, slugs: Iterable[str]) -> Iterator[Metric]:
    for slug in slugs:
        for name, service in {**_SYNC_SUMS, "LatencyMs": _DELIVERY}.items():
            yield metrics.make_own(name, sync=slug, service=service)


def find_last(values: Values, now: datetime) -> datetime | None:
    """The end of the last period that has a value, which is not after now."""
    ends = [points[-1][0] + timedelta(seconds=ask.period) for ask, points in values.items() if points]
    return min(max(ends), now) if ends else None


def choose_syncs(stack: Stack, known: Iterable[Metric], wanted: Sequence[str]) -> list[str]:
    """The stack's syncs, or those that were asked for; slugs as the metrics spell them, where they do."""
    spelt = {pascal_name(slug): slug for metric in known if (slug := metric.get("sync"))}
    slugs = [spelt.get(pascal_name(slug), slug) for slug in list_syncs(stack)]
    if unknown := [slug for slug in wanted if slug not in slugs]:
        raise CommandError(
            f"stack {stack.name} has no sync {unknown[0]}", f"its syncs: {', '.join(slugs) or 'none'}"
        )
    return [slug for slug in slugs if not wanted or slug in wanted]


def ask_sources(known: Iterable[Metric], span: Range) -> Iterable[Ask]:
    """Everything that ingest and the router counted."""
    for metric in known:
        service, has_sync = metric.get("service"), metric.get("sync")
        if service in (_INGEST, _ROUTER) and not has_sync and metric.name in (*_ROUTER_SUMS, *_BY_REASON):
            yield Ask(metric, "Sum", span.period)


def ask_syncs(known: Iterable[Metric], slugs: Sequence[str], span: Range) -> Iterable[Ask]:
    for metric in known:
        if metric.get("sync") not in slugs:
            continue
        if metric.name in _SYNC_SUMS:
            yield Ask(metric, "Sum", span.period)
        elif metric.name == "LatencyMs":
            yield Ask(metric, "p50", span.whole)
            yield Ask(metric, "p95", span.whole)


def list_ages(stack: Stack, metrics: MetricReader, slug: str) -> tuple[Metric, Metric]:
    """The age of what waits: as deliveries saw it, retries included, and as SQS does, a paused sync's too."""
    queue = stack.queue_url(slug).rpartition("/")[2]
    return (
        metrics.make_own("OldestWaitingSeconds", sync=slug, service=_DELIVERY),
        make_metric("AWS/SQS", _AGE, QueueName=queue),
    )


def count_sources(
    metrics: MetricReader, known: Iterable[Metric], values: Values, span: Range
) -> dict[str, SourceCounts]:
    names = sorted({m.get("source") for m in known if m.get("service") == _INGEST and m.get("source")})
    return {
        name: SourceCounts(
            accepted=_add(values, metrics.make_own("Accepted", source=name, service=_INGEST), span),
            blocked=_count_reasons(values, "Blocked", source=name),
        )
        for name in names
    }


def count_router(metrics: MetricReader, values: Values, span: Range) -> RouterCounts:
    accepted, duplicates, replayed = (
        _add(values, metrics.make_own(name, service=_ROUTER), span) for name in _ROUTER_SUMS
    )
    return RouterCounts(
        accepted,
        duplicates,
        replayed,
        _count_reasons(values, "Blocked", service=_ROUTER, source=""),
        _count_reasons(values, "Skipped", service=_ROUTER, source=""),
    )


def count_sync(metrics: MetricReader, slug: str, values: Values, span: Range) -> SyncCounts:
    """Everything but the age of the oldest event."""
    own = {
        name: metrics.make_own(name, sync=slug, service=service)
        for name, service in {**_SYNC_SUMS, "LatencyMs": _DELIVERY}.items()
    }
    sums = {name: _add(values, own[name], span) for name in _SYNC_SUMS}
    delivered = dict(values.get(Ask(own["Delivered"], "Sum", span.period), ()))
    return SyncCounts(
        matched=sums["Routed"],
        delivered=sums["Delivered"],
        retried=sums["Retried"],
        dead=sums["Dead"],
        reasons=_count_reasons(values, "Dead", sync=slug),
        p50=find_highest(values.get(Ask(own["LatencyMs"], "p50", span.whole), ())),
        p95=find_highest(values.get(Ask(own["LatencyMs"], "p95", span.whole), ())),
        volume=[delivered.get(start, 0.0) for start in span.list_starts()] if delivered else [],
        redriven=sums[REDRIVEN],
    )


def find_oldest(metrics: tuple[Metric, Metric], ages: Values, now: datetime) -> float | None:
    """The highest of the last quarter of an hour's values, of the pair that `list_ages` gives.

    What delivery saw has waited on since: it is told again when the event is tried again.
    """
    seen, sqs = (ages[Ask(metric, "Maximum", 60)][-15:] for metric in metrics)
    waited = [(minute, age and age + max((now - minute).total_seconds() - 60, 0.0)) for minute, age in seen]
    waiting = [find_highest(points) for points in (waited, sqs)]
    return max((age for age in waiting if age is not None), default=None)


def _add(values: Values, metric: Metric, span: Range) -> float | None:
    return add_up(values.get(Ask(metric, "Sum", span.period), ()))


def _count_reasons(values: Values, name: str, **dimensions: str) -> dict[str, float]:
    """By reason, the most frequent first; a dimension of "" must not be there."""
    found = {
        ask.metric.get("reason"): add_up(points) or 0.0
        for ask, points in values.items()
        if ask.metric.name == name
        and ask.metric.get("reason")
        and all(ask.metric.get(key) == value for key, value in dimensions.items())
    }
    return {reason: n for reason, n in sorted(found.items(), key=lambda item: -item[1]) if n}
