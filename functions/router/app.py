"""RouterFunction: a batch of ingest packs from SQS becomes archive lines and sync packs."""

from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from sluice.bootstrap.router import build_router
from sluice.messages import read_messages
from sluice.routing.report import Report

metrics = Metrics()


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Names the messages that must be received again; Lambda acknowledges all others."""
    report = build_router().route(
        read_messages(event), seconds_left=lambda: context.get_remaining_time_in_millis() / 1000
    )
    count(report)
    return report.as_partial_batch_response()


def count(report: Report) -> None:
    """The lines an invocation logs: one of its own, and one for each reason and each sync."""
    metrics.add_metric("Packs", MetricUnit.Count, report.packs)
    metrics.add_metric("PacksFailed", MetricUnit.Count, len(report.failed) + report.sent_again)
    metrics.add_metric("Accepted", MetricUnit.Count, report.accepted)
    metrics.add_metric("Duplicates", MetricUnit.Count, report.duplicates)
    metrics.add_metric("Replayed", MetricUnit.Count, report.replayed)
    if report.trouble:
        metrics.add_metadata("trouble", dict(report.trouble))
    if report.put_back:
        metrics.add_metadata("put_back", report.put_back)
    if report.unreadable:
        metrics.add_metadata("unreadable", report.unreadable)
    if report.unknown_sources:
        metrics.add_metadata("unknown_sources", sorted(report.unknown_sources))
    for name, dimension, value, number in report.list_counts():
        with single_metric(name, MetricUnit.Count, number) as metric:
            metric.add_dimension(dimension, value)
