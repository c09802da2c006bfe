"""What a stack costs with nothing sent: polling, alarms, the dashboard, scheduled functions."""

from dataclasses import dataclass

from cli.cost.prices import PriceTable

HOURS = 30 * 24  # of a month
POLLERS = 5  # of a queue with a MaximumConcurrency, however little there is to do
POLL_SECONDS = 20
# Of template.yaml; a test compares.
STACK_ALARM_METRICS, SYNC_ALARM_METRICS = 24, 14
COMPOSITE_ALARMS = 5
DASHBOARDS = 1
# The reconciler's and the archiver's runs a month, GB, and seconds of a run that finds nothing (a guess).
SCHEDULED = ((720, 0.5, 3.0), (120, 1.0, 3.0))
# Metrics: of the reconciler every hour, of the archiver in four hours a day, of the others with traffic.
RECONCILER_METRICS, RECONCILER_SYNC_METRICS = 4, 1
ARCHIVER_METRICS, ARCHIVER_SHARE = 4, 4 / 24
ROUTER_METRICS, SOURCE_METRICS, SYNC_METRICS = 6, 2, 12


@dataclass(frozen=True, slots=True)
class Fixtures:
    """What a stack has, whatever is sent."""

    syncs: int
    alarm_metrics: int
    composites: int
    dashboards: int = DASHBOARDS


def list_fixtures(syncs: int) -> Fixtures:
    """Those of the template with so many syncs."""
    return Fixtures(syncs, STACK_ALARM_METRICS + syncs * SYNC_ALARM_METRICS, COMPOSITE_ALARMS)


def price_idle(fixtures: Fixtures, prices: PriceTable) -> dict[str, float]:
    """Dollars a month with nothing sent."""
    polls = (fixtures.syncs + 1) * POLLERS * HOURS * 3600 / POLL_SECONDS
    runs = sum(n for n, _, _ in SCHEDULED) * prices["lambda_request"]
    seconds = sum(n * size * length for n, size, length in SCHEDULED) * prices["lambda_gb_second"]
    return {
        "polling of the queues": polls * prices["sqs_request"],
        "alarms": fixtures.alarm_metrics * prices["alarm_metric_month"],
        "composite alarms": fixtures.composites * prices["composite_alarm_month"],
        "dashboard": fixtures.dashboards * prices["dashboard_month"],
        "metrics of scheduled functions": (
            RECONCILER_METRICS + fixtures.syncs * RECONCILER_SYNC_METRICS + ARCHIVER_METRICS * ARCHIVER_SHARE
        )
        * prices["metric_month"],
        "scheduled functions": runs + seconds,
    }


def price_metrics(syncs: int, prices: PriceTable, *, sources: int = 1) -> float:
    """Dollars a month for the metrics that are there only with traffic, in every hour of it."""
    return (ROUTER_METRICS + sources * SOURCE_METRICS + syncs * SYNC_METRICS) * prices["metric_month"]
