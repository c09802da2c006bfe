"""ReconcilerFunction, every hour: events without an end, and queues that nobody empties, become metrics."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from sluice.bootstrap.reconciler import build_reconciler, read_stuck
from sluice.reconciling.reconcile import Report

metrics = Metrics()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Looks at the hour that is due at the event's `time`: a run that comes late looks at its own hour."""
    reconciler = build_reconciler()
    report = reconciler.reconcile(datetime.fromisoformat(event["time"]))
    count(report, reconciler.syncs)
    for sync, age in read_stuck().items():
        with single_metric("QueueAgeExceeded", MetricUnit.Seconds, age) as metric:
            metric.add_dimension("sync", sync)
    return {"hour": report.hour, "checked": report.checked, "unaccounted": report.unaccounted}


def count(report: Report, syncs: list[str]) -> None:
    """The lines a run logs: one of its own with some of the ids, and one for each sync that misses events.

    A metric costs money in every hour in which it has a value, so there is one; the rest is in its line.
    """
    metrics.add_metric("Unaccounted", MetricUnit.Count, report.unaccounted.total())
    for name, counts in (("checked", report.checked), ("waiting", report.waiting)):
        metrics.add_metadata(name, {sync: counts[sync] for sync in sorted({*syncs, *counts})})
    metrics.add_metadata("replayed_lines", report.replayed)
    metrics.add_metadata("hour", report.hour)
    metrics.add_metadata("one_in", report.one_in)
    if report.unreadable:
        metrics.add_metadata("unreadable", report.unreadable)
    if report.ids:
        metrics.add_metadata("unaccounted_ids", report.ids)
    for sync, events in sorted(report.unaccounted.items()):
        if events:
            with single_metric("Unaccounted", MetricUnit.Count, events) as metric:
                metric.add_dimension("sync", sync)
