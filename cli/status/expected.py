"""The metrics that a stack's functions publish, by name.

CloudWatch has a metric's values at once, and lists a new metric only after up to 15 minutes.
"""

from collections.abc import Iterable, Iterator

from cli.redriven import OPERATOR, REDRIVEN
from cli.status.names import Names
from cli.status.series import Metric, MetricReader
from sluice.reasons import BLOCKED, DROPPED, SKIPPED, Reason

INGEST, ROUTER, DELIVERY = "ingest", "router", "delivery"
ROUTER_SUMS = ("Accepted", "Duplicates", "Replayed")
ROUTER_REASONS = {"Blocked": BLOCKED, "Dropped": DROPPED, "Skipped": SKIPPED}
SYNC_SUMS = {
    "Routed": ROUTER,
    "Delivered": DELIVERY,
    "Retried": DELIVERY,
    "Dead": DELIVERY,
    REDRIVEN: OPERATOR,
}
LATENCY = "LatencyMs"


def expect_metrics(metrics: MetricReader, names: Names) -> Iterator[Metric]:
    """What sources and the router count."""
    for source in names.sources:
        yield metrics.make_own("Accepted", source=source, service=INGEST)
        for reason in BLOCKED:
            yield metrics.make_own("Blocked", source=source, reason=reason, service=INGEST)
    for name in ROUTER_SUMS:
        yield metrics.make_own(name, service=ROUTER)
    for name, reasons in ROUTER_REASONS.items():
        for reason in reasons:
            yield metrics.make_own(name, reason=reason, service=ROUTER)
    for sync in names.syncs:
        yield metrics.make_own("Routed", sync=sync, service=ROUTER)


def expect_sync_metrics(metrics: MetricReader, slugs: Iterable[str]) -> Iterator[Metric]:
    """What is counted of each sync, but for the reasons of its deaths."""
    for slug in slugs:
        for name, service in {**SYNC_SUMS, LATENCY: DELIVERY}.items():
            yield metrics.make_own(name, sync=slug, service=service)


def expect_traffic(metrics: MetricReader, names: Names) -> Iterator[Metric]:
    """What a bill is computed from."""
    for name in ("Accepted", "Duplicates"):
        yield metrics.make_own(name, service=ROUTER)
    for reason in BLOCKED:
        yield metrics.make_own("Blocked", reason=reason, service=ROUTER)
    for sync in names.syncs:
        yield metrics.make_own("Routed", sync=sync, service=ROUTER)
        for name in ("Attempts", "Retried", "Postponed"):
            yield metrics.make_own(name, sync=sync, service=DELIVERY)


def expect_deaths(metrics: MetricReader, slugs: Iterable[str]) -> Iterator[Metric]:
    """What items of these syncs may have died of."""
    for slug in slugs:
        for reason in Reason:
            yield metrics.make_own("Dead", sync=slug, reason=reason, service=DELIVERY)
