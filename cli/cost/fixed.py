"""What a stack costs with nothing sent: polling, alarms, the dashboard, scheduled functions."""

from dataclasses import dataclass

from cli.cost.prices import PriceTable
from cli.cost.rates import POLL_SECONDS, POLLERS
from cli.resources import count_composites

GB = 1e9
HOURS = 30 * 24  # of a month
# Of template.yaml; a test compares.
STACK_ALARM_METRICS, SYNC_ALARM_METRICS = 16, 3
DASHBOARDS = 0  # one with the parameter WithDashboard
# The reconciler's and the archiver's runs a month, GB, and seconds of a run that finds nothing (a guess).
RECONCILER_RUNS, ARCHIVER_RUNS = 720, 120
SCHEDULED = ((RECONCILER_RUNS, 0.5, 3.0), (ARCHIVER_RUNS, 1.0, 3.0))
# What such a run logs, Lambda's own lines included; a test measures the reconciler's with three syncs.
RECONCILER_LOG_BYTES, RECONCILER_SYNC_LOG_BYTES, ARCHIVER_LOG_BYTES = 590, 30, 610
# Metrics: of the reconciler every hour (of a sync only where events are missing), of the archiver in four
# hours a day, of the others with traffic.
RECONCILER_METRICS = 1
ARCHIVER_METRICS, ARCHIVER_SHARE = 1, 4 / 24
ROUTER_METRICS, SOURCE_METRICS, SYNC_METRICS = 5, 2, 10


@dataclass(frozen=True, slots=True)
class Fixtures:
    """What a stack has, whatever is sent."""

    syncs: int
    alarm_metrics: int
    composites: int
    dashboards: int = DASHBOARDS
    secrets: float = 0


def list_fixtures(syncs: int, secrets: float = 0) -> Fixtures:
    """Those of the template with so many syncs, and so many secrets in Secrets Manager."""
    alarm_metrics = STACK_ALARM_METRICS + syncs * SYNC_ALARM_METRICS
    return Fixtures(syncs, alarm_metrics, count_composites(syncs), secrets=secrets)


def price_idle(fixtures: Fixtures, prices: PriceTable) -> dict[str, float]:
    """Dollars a month with nothing sent."""
    polls = (fixtures.syncs + 1) * POLLERS * HOURS * 3600 / POLL_SECONDS
    runs = sum(n for n, _, _ in SCHEDULED) * prices["lambda_request"]
    seconds = sum(n * size * length for n, size, length in SCHEDULED) * prices["lambda_gb_second"]
    lists = RECONCILER_RUNS * prices["s3_put"]  # of an hour's events; LIST is priced as PUT
    ages = RECONCILER_RUNS * (fixtures.syncs + 1) * prices["metric_read"]  # of the queues
    log_bytes = (
        RECONCILER_RUNS * (RECONCILER_LOG_BYTES + fixtures.syncs * RECONCILER_SYNC_LOG_BYTES)
        + ARCHIVER_RUNS * ARCHIVER_LOG_BYTES
    )
    return {
        "polling of the queues": polls * prices["sqs_request"],
        "alarms": fixtures.alarm_metrics * prices["alarm_metric_month"],
        "composite alarms": fixtures.composites * prices["composite_alarm_month"],
        "dashboard": fixtures.dashboards * prices["dashboard_month"],
        "metrics of scheduled functions": (RECONCILER_METRICS + ARCHIVER_METRICS * ARCHIVER_SHARE)
        * prices["metric_month"],
        "scheduled functions": runs + seconds + lists + ages,
        "logs of scheduled functions": log_bytes / GB * prices["log_gb"],
        "secrets": fixtures.secrets * prices["secret_month"],
    }


def price_metrics(syncs: int, prices: PriceTable, *, sources: int = 1, hours: float = HOURS) -> float:
    """Dollars for the metrics that are there only with traffic, in so many hours of a month."""
    metrics = ROUTER_METRICS + sources * SOURCE_METRICS + syncs * SYNC_METRICS
    return metrics * prices["metric_month"] * hours / HOURS
