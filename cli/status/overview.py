"""The overview of a stack over a range: numbers by source and by sync. What was not measured is None."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cli.redriven import REDRIVEN
from cli.stack import CommandError, Stack
from cli.status.ages import read_ages
from cli.status.alarms import ActiveAlarm, read_alarms
from cli.status.concurrency import Concurrency, read_concurrency
from cli.status.expected import (
    DELIVERY,
    INGEST,
    LATENCY,
    ROUTER,
    ROUTER_REASONS,
    ROUTER_SUMS,
    SYNC_SUMS,
    expect_deaths,
    expect_metrics,
    expect_sync_metrics,
)
from cli.status.names import read_names
from cli.status.queues import Depth, SyncNow, measure_depth, read_sync
from cli.status.series import Ask, Metric, MetricReader, Range, Values, add_up, find_highest
from cli.syncs import list_syncs
from sluice.workspace.names import pascal_name


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """A source's events as ingest took them; `blocked` by reason."""

    accepted: float | None
    blocked: dict[str, float]


@dataclass(frozen=True, slots=True)
class RouterCounts:
    """All events as the router judged them; a duplicate is known here first. `dropped` are those that a
    function or a suppression ended, `skipped` deliveries that consent or `integrations` forbid, by reason."""

    accepted: float | None
    duplicates: float | None
    replayed: float | None
    blocked: dict[str, float]
    dropped: dict[str, float]
    skipped: dict[str, float]


@dataclass(frozen=True, slots=True)
class SyncCounts:
    """A sync's items. `p50`, `p95`: milliseconds from receipt to delivery, over more than a day those of the
    worst day. `volume` is what was delivered in each part of the range. `oldest`: the age in
    seconds of the oldest event that waits, None where nothing does or it is not known. `redriven` are
    letters that went back."""

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

    @property
    def open(self) -> float | None:
        """Items of the range that still wait. Below 0 where more ended than came: events from before it."""
        if self.matched is None:
            return None
        return self.matched + (self.redriven or 0.0) - (self.delivered or 0.0) - (self.dead or 0.0)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that `status` shows; `asked` is how many metrics it took.

    `counted_until` is the end of the last minute that CloudWatch has figures of, by stage, None where it has
    none of the last 20 minutes; queues are measured now. `alarms` are those that are on, None where they may
    not be read.
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
    counted_until: dict[str, datetime | None] = field(default_factory=dict)


def read_overview(stack: Stack, wanted: Sequence[str], span: Range, now: datetime) -> Overview:
    """Reads the stack. Raises CommandError for a sync that it does not have."""
    metrics = MetricReader(stack)
    names = read_names(stack)
    known = metrics.list_own() | {*expect_metrics(metrics, names)}
    slugs = choose_syncs(stack, known, wanted)
    known |= {*expect_sync_metrics(metrics, slugs)}
    asks = [*ask_sources(known, span), *ask_syncs(known, slugs, span)]
    values = dict(metrics.read(asks, span.since, span.until))
    deaths = [Ask(metric, "Sum", span.period) for metric in find_unknown_deaths(metrics, slugs, values, span)]
    values |= metrics.read(deaths, span.since, span.until)
    states = {slug: read_sync(stack, slug) for slug in slugs}
    ages = read_ages(stack, metrics, known, states, now)
    return Overview(
        stack=stack.name,
        range=span,
        sources=count_sources(metrics, known, values, span),
        router=count_router(metrics, values, span),
        syncs={
            slug: replace(count_sync(metrics, slug, values, span), oldest=ages.oldest[slug]) for slug in slugs
        },
        now=states,
        ingest=measure_depth(stack, stack.find("IngestQueue")),
        ingest_dlq=measure_depth(stack, stack.find("IngestDlq")),
        asked=len(asks) + len(deaths) + ages.asked,
        concurrency=read_concurrency(stack, (state.max_concurrency for state in states.values())),
        alarms=read_alarms(stack),
        counted_until=ages.counted_until,
    )


def find_unknown_deaths(
    metrics: MetricReader, slugs: Iterable[str], values: Values, span: Range
) -> list[Metric]:
    """The metrics of deaths by reason, of the syncs that have more deaths than reasons for them."""
    counts = {slug: count_sync(metrics, slug, values, span) for slug in slugs}
    short = [slug for slug, sync in counts.items() if (sync.dead or 0.0) > sum(sync.reasons.values())]
    asked = {ask.metric for ask in values}
    return [metric for metric in expect_deaths(metrics, short) if metric not in asked]


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
        if service in (INGEST, ROUTER) and not has_sync and metric.name in (*ROUTER_SUMS, *ROUTER_REASONS):
            yield Ask(metric, "Sum", span.period)


def ask_syncs(known: Iterable[Metric], slugs: Sequence[str], span: Range) -> Iterable[Ask]:
    for metric in known:
        if metric.get("sync") not in slugs:
            continue
        if metric.name in SYNC_SUMS:
            yield Ask(metric, "Sum", span.period)
        elif metric.name == LATENCY:
            yield Ask(metric, "p50", span.whole)
            yield Ask(metric, "p95", span.whole)


def count_sources(
    metrics: MetricReader, known: Iterable[Metric], values: Values, span: Range
) -> dict[str, SourceCounts]:
    names = sorted({m.get("source") for m in known if m.get("service") == INGEST and m.get("source")})
    return {
        name: SourceCounts(
            accepted=_add(values, metrics.make_own("Accepted", source=name, service=INGEST), span),
            blocked=_count_reasons(values, "Blocked", source=name),
        )
        for name in names
    }


def count_router(metrics: MetricReader, values: Values, span: Range) -> RouterCounts:
    accepted, duplicates, replayed = (
        _add(values, metrics.make_own(name, service=ROUTER), span) for name in ROUTER_SUMS
    )
    return RouterCounts(
        accepted,
        duplicates,
        replayed,
        *(_count_reasons(values, name, service=ROUTER, source="") for name in ROUTER_REASONS),
    )


def count_sync(metrics: MetricReader, slug: str, values: Values, span: Range) -> SyncCounts:
    """Everything but the age of the oldest event."""
    own = {
        name: metrics.make_own(name, sync=slug, service=service)
        for name, service in {**SYNC_SUMS, LATENCY: DELIVERY}.items()
    }
    sums = {name: _add(values, own[name], span) for name in SYNC_SUMS}
    delivered = dict(values.get(Ask(own["Delivered"], "Sum", span.period), ()))
    return SyncCounts(
        matched=sums["Routed"],
        delivered=sums["Delivered"],
        retried=sums["Retried"],
        dead=sums["Dead"],
        reasons=_count_reasons(values, "Dead", sync=slug),
        p50=find_highest(values.get(Ask(own[LATENCY], "p50", span.whole), ())),
        p95=find_highest(values.get(Ask(own[LATENCY], "p95", span.whole), ())),
        volume=[delivered.get(start, 0.0) for start in span.list_starts()] if delivered else [],
        redriven=sums[REDRIVEN],
    )


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
