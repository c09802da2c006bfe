"""What the pump measures: points from log lines, statistics over a window."""

import json

import pytest

from cli.local.metrics.emf import read_line, read_request
from cli.local.metrics.series import Point, Series, make_metric

DELIVERED = make_metric("Sluice", "Delivered", {"sync": "crm", "service": "delivery"})


def make_line(**fields: object) -> str:
    """As Powertools prints one."""
    directive = {
        "Namespace": "Sluice",
        "Dimensions": [["sync", "service"]],
        "Metrics": [{"Name": "Delivered", "Unit": "Count"}, {"Name": "LatencyMs", "Unit": "Milliseconds"}],
    }
    line = {
        "_aws": {"Timestamp": 1_000_500, "CloudWatchMetrics": [directive]},
        "sync": "crm",
        "service": "delivery",
        "Delivered": [3.0],
        "LatencyMs": [20.0, 40.0],
        **fields,
    }
    return json.dumps(line)


def test_a_line_gives_every_value_of_every_metric_with_its_dimensions() -> None:
    latency = make_metric("Sluice", "LatencyMs", {"sync": "crm", "service": "delivery"})
    assert list(read_line(make_line())) == [
        Point(DELIVERED, 1000.5, 3.0, "Count"),
        Point(latency, 1000.5, 20.0, "Milliseconds"),
        Point(latency, 1000.5, 40.0, "Milliseconds"),
    ]


@pytest.mark.parametrize("text", ["START RequestId: 1", '{"level": "INFO"}', '{"_aws": broken', '["_aws"]'])
def test_a_line_without_metrics_gives_none(text: str) -> None:
    assert list(read_line(text)) == []


@pytest.mark.parametrize(("status", "failed"), [(200, 0.0), (401, 0.0), (503, 1.0)])
def test_a_request_counts_as_the_gateway_would_count_it(status: int, failed: float) -> None:
    points = {p.metric.name: p.value for p in read_request(make_line(Requests=[1.0], status=status), "api")}
    assert (points["Count"], points["5xx"]) == (1.0, failed)


def test_only_a_line_of_ingest_is_a_request() -> None:
    assert list(read_request(make_line(), "api")) == []


def make_series(*values: tuple[float, float]) -> Series:
    series = Series(keep=100)
    series.add([Point(DELIVERED, time, value) for time, value in values], now=100)
    return series


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", 60),
        ("Maximum", 30),
        ("Minimum", 10),
        ("Average", 20),
        ("SampleCount", 3),
        ("p50", 20),
        ("p95", 29),
    ],
)
def test_a_statistic_is_over_the_points_of_the_window(statistic: str, expected: float) -> None:
    series = make_series((99, 30), (91, 10), (95, 20), (90, 1000), (100.1, 1000))
    assert series.compute(DELIVERED, statistic, 90, 100) == pytest.approx(expected)


def test_a_window_without_points_has_no_value() -> None:
    assert make_series((50, 1)).compute(DELIVERED, "Sum", 90, 100) is None
    assert Series(keep=100).compute(DELIVERED, "Sum", 90, 100) is None


def test_old_points_are_forgotten() -> None:
    series = make_series((50, 1))
    series.add([], now=151)
    assert series.compute(DELIVERED, "Sum", 0, 200) is None
