"""A sync's limits, watched by a container: what it publishes when one of them is exceeded."""

from collections import Counter

import pytest

from sluice.delivery.limits import Limits, read_limits
from sluice.delivery.report import Report
from sluice.delivery.watch import WINDOW, Watch
from sluice.workspace.models import Alarms

LIMITS = Limits(failure_rate=5, retry_rate=50, min_attempts=20, latency_p95=60, oldest_waiting=3600)


def make_run(delivered: int = 0, retried: int = 0, dead: int = 0, **over) -> Report:
    return Report(delivered=delivered, retried=retried, dead=Counter({"rejected": dead}), **over)


def judge(*runs: Report, apart: float = 1.0) -> dict[str, float]:
    watch = Watch(LIMITS)
    found = {}
    for n, run in enumerate(runs):
        found = watch.judge(run, 1000 + n * apart)
    return found


def test_a_run_within_the_limits_publishes_nothing():
    assert judge(make_run(100, latencies=[10.0], ages={"m": 3600})) == {}


@pytest.mark.parametrize(
    ("run", "found"),
    [
        (make_run(94, dead=6), {"FailureRateExceeded": 6}),
        (make_run(95, dead=5), {}),
        (make_run(0, dead=19), {}),  # too few to speak of a rate
        (make_run(9, retried=11), {"RetryRateExceeded": 55}),
        (make_run(10, retried=10), {}),
        (make_run(retried=15, dead=5), {"FailureRateExceeded": 25, "RetryRateExceeded": 75}),
        (make_run(ages={"a": 3601, "b": 2}), {"WaitingExceeded": 3601}),
        (make_run(1, latencies=[60_001.0]), {"LatencyExceeded": 100}),
        (make_run(20, latencies=[60_001.0] + [1.0] * 19), {}),
        (make_run(19, latencies=[60_001.0] + [1.0] * 18), {"LatencyExceeded": pytest.approx(100 / 19)}),
    ],
)
def test_what_is_above_its_limit_is_published_with_its_value(run, found):
    assert judge(run) == found


def test_runs_of_the_last_five_minutes_count_together():
    few = make_run(9, dead=1)
    assert judge(few) == {}
    assert judge(few, few, apart=WINDOW - 1) == {"FailureRateExceeded": 10}
    assert judge(few, few, apart=WINDOW) == {}


def test_what_is_over_is_forgotten_to_the_last_event():
    watch = Watch(LIMITS)
    watch.judge(make_run(10, retried=30, dead=30, latencies=[70_000.0] * 10), 1000)
    assert watch.judge(make_run(100, latencies=[1.0] * 99), 1000 + WINDOW) == {}


def test_the_limits_are_those_of_the_workspace():
    assert read_limits({"alarms": Alarms(retry_rate=80, oldest_waiting="4h").model_dump()}) == Limits(
        5, 80, 20, 60, 14_400
    )
