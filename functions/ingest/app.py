"""IngestFunction: HTTP API → packs on the ingest queue."""

from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from sluice.bootstrap.ingest import build_ingest
from sluice.ingest.serve import Outcome

metrics = Metrics()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answers one request. Never raises for what a client sent: that would be a 5xx."""
    outcome = build_ingest().serve(event)
    count(outcome)
    return outcome.answer.to_gateway()


def count(outcome: Outcome) -> None:
    """The one line an invocation logs: requests, and what became of their events."""
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    metrics.add_metadata("status", outcome.answer.status)
    if outcome.refused:
        metrics.add_metric("Refused", MetricUnit.Count, 1)
        metrics.add_metadata("refused", outcome.refused)
    if outcome.over_quota:
        with single_metric("QuotaExceeded", MetricUnit.Count, 1) as metric:
            metric.add_dimension("source", outcome.over_quota)
    if outcome.is_unchecked:
        with single_metric("QuotaUnchecked", MetricUnit.Count, 1) as metric:
            metric.add_dimension("source", outcome.source)
    if outcome.source:
        metrics.add_dimension("source", outcome.source)
        metrics.add_metric("Accepted", MetricUnit.Count, outcome.accepted)
    if outcome.times_replaced:
        metrics.add_metric("TimesReplaced", MetricUnit.Count, outcome.times_replaced)
    for reason, events in outcome.blocked.items():
        with single_metric("Blocked", MetricUnit.Count, events) as metric:
            metric.add_dimension("source", outcome.source)
            metric.add_dimension("reason", reason)
