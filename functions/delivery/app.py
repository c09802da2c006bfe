"""A sync's DeliveryFunction: a batch of sync packs from SQS becomes requests to its destination."""

from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from sluice.bootstrap.delivery import build_delivery
from sluice.delivery.report import Report
from sluice.messages import read_messages

metrics = Metrics()
UNITS = {
    "AuthRejected": MetricUnit.Count,
    "BreakerOpen": MetricUnit.Count,
    "FailureRateExceeded": MetricUnit.Percent,
    "RetryRateExceeded": MetricUnit.Percent,
    "LatencyExceeded": MetricUnit.Percent,
    "WaitingExceeded": MetricUnit.Seconds,
}


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Names the messages that must be received again; Lambda acknowledges all others."""
    delivery = build_delivery()
    report = delivery.deliver(
        read_messages(event),
        remaining=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    count(report, delivery.sync.slug)
    return report.as_partial_batch_response()


def count(report: Report, sync: str) -> None:
    """The lines an invocation logs: one of its own, and one for each reason that items died of."""
    metrics.add_dimension("sync", sync)
    for name, number in report.count().items():
        metrics.add_metric(name, MetricUnit.Count, number)
    for name, value in report.find_trouble().items():
        metrics.add_metric(name, UNITS[name], value)
    metrics.add_metric("OldestWaitingSeconds", MetricUnit.Seconds, report.oldest)
    for latency in report.latencies:
        metrics.add_metric("LatencyMs", MetricUnit.Milliseconds, latency)
    if report.copies:
        metrics.add_metadata("copies", report.copies)
    if report.trouble:
        metrics.add_metadata("trouble", report.trouble)
    for reason, items in report.dead.items():
        with single_metric("Dead", MetricUnit.Count, items) as metric:
            metric.add_dimension("sync", sync)
            metric.add_dimension("reason", reason)
