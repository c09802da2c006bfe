"""Bills by the model: for a load that somebody thinks of, and for what Sluice counted of a stack."""

from dataclasses import replace
from math import ceil

from cli.cost.bill import MONTH_SECONDS, Bill, Dollars
from cli.cost.fixed import list_fixtures, price_idle, price_metrics
from cli.cost.model import Load, price_additions, price_pipeline, trace_load
from cli.cost.prices import PriceTable
from cli.stack import CommandError, Stack
from cli.status.series import Ask, MetricReader, Range, add_up
from cli.syncs import list_syncs

_COUNTS = {
    "requests": ("Requests", "ingest"),
    "accepted": ("Accepted", "router"),
    "duplicates": ("Duplicates", "router"),
    "blocked": ("Blocked", "router"),
    "routed": ("Routed", "router"),
    "attempts": ("Attempts", "delivery"),
    "packs": ("Packs", "delivery"),
}


def bill_load(load: Load, prices: PriceTable) -> Bill:
    """The month of a load."""
    syncs = ceil(load.syncs)
    idle = price_idle(list_fixtures(syncs, load.secrets), prices)
    flow = trace_load(load)
    hours = min(load.busy_seconds / 3600, load.requests)
    return Bill(
        title=(
            f"{load.events:,.0f} events of {load.bytes:,.0f} bytes a month, "
            f"{load.per_request:,.4g} a request, {load.syncs:,.4g} syncs"
        ),
        basis="Computed by the model; nothing was measured.",
        notes=(
            f"Evenly spread over {_tell_share(load.burst)}: {load.requests:,.0f} runs of ingest,"
            f" {flow.router_runs:,.0f} of the router, {flow.delivery_runs:,.0f} of delivery.",
        ),
        events=load.events,
        seconds=MONTH_SECONDS,
        pipeline=price_pipeline(load, prices),
        additions=price_additions(load, prices),
        fixed={**idle, "metrics, with traffic": price_metrics(syncs, prices, hours=hours)},
        idle=idle,
    )


def _tell_share(burst: float) -> str:
    return "the month" if burst == 1 else f"{100 / burst:,.3g} % of the month"


def bill_counts(stack: Stack, span: Range, prices: PriceTable) -> Bill:
    """What a stack would have cost on AWS by its own counts; for one without the services' metrics."""
    load = count_load(stack, span)
    syncs = len(list_syncs(stack))
    idle = price_idle(list_fixtures(syncs), prices)
    months = MONTH_SECONDS / span.seconds
    month = bill_load(
        replace(load, events=load.events * months), prices
    )  # how often functions run is by rate
    return replace(
        month,
        title=f"{stack.name}: {load.events:,.0f} events",
        basis=(
            "Counted by Sluice's own metrics, priced by the model: an event is taken for"
            f" {load.bytes:,.0f} bytes and a call for {load.call_ms:,.0f} ms,"
            " and the times of functions are the model's, as this machine is not Lambda."
        ),
        notes=(),
        events=load.events,
        seconds=span.seconds,
        pipeline=_divide(month.pipeline, months),
        additions=_divide(month.additions, months),
        fixed={**idle, "metrics, with traffic": price_metrics(syncs, prices)},
        idle=idle,
    )


def _divide(dollars: Dollars, by: float) -> Dollars:
    return {hop: None if each is None else each / by for hop, each in dollars.items()}


def count_load(stack: Stack, span: Range) -> Load:
    """The load that the metrics of a stack add up to. Raises CommandError where nothing was counted."""
    metrics = MetricReader(stack)
    wanted = set(_COUNTS.values())
    asks = [
        Ask(metric, "Sum", span.period)
        for metric in metrics.list_own()
        if (metric.name, metric.get("service")) in wanted
    ]
    values = metrics.read(asks, span.since, span.until)
    counts = {
        key: sum(
            add_up(points) or 0.0
            for ask, points in values.items()
            if (ask.metric.name, ask.metric.get("service")) == of
        )
        for key, of in _COUNTS.items()
    }
    events = counts["accepted"] + counts["duplicates"] + counts["blocked"]
    if not events:
        raise CommandError(
            f"stack {stack.name} counted no events in this time",
            "send some, take a longer --since, or compute without a stack: --what-if events=1e6",
        )
    known = Load()
    return replace(
        known,
        events=events,
        syncs=counts["routed"] / events,
        per_request=events / counts["requests"] if counts["requests"] else known.per_request,
        attempts=max(counts["attempts"] / counts["routed"], 1.0) if counts["routed"] else 1.0,
        per_pack=counts["attempts"] / counts["packs"]
        if counts["packs"] and counts["attempts"]
        else known.per_pack,
    )
