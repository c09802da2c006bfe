"""CloudWatch's metrics over a range of time. A thousand that are asked for cost $0.01."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from cli.stack import CommandError, Stack

BUCKETS = 24
DAY = 86_400
MAX_QUERIES = 500  # in one GetMetricData
# The periods a range is cut into; older data is kept in coarser ones (15 days, then 63 days).
_PERIODS = (60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, DAY)
_KEPT = ((timedelta(days=63), 3600), (timedelta(days=15), 300))


@dataclass(frozen=True, slots=True)
class Metric:
    """What CloudWatch tells metrics apart by."""

    name: str
    dimensions: frozenset[tuple[str, str]]
    namespace: str

    def get(self, dimension: str) -> str:
        """The dimension's value, "" where the metric has no such dimension."""
        return dict(self.dimensions).get(dimension, "")


@dataclass(frozen=True, slots=True)
class Ask:
    """A statistic of a metric: Sum, Maximum, p95 and so on; `period` is in seconds."""

    metric: Metric
    statistic: str
    period: int


type Values = Mapping[Ask, list[tuple[datetime, float]]]


@dataclass(frozen=True, slots=True)
class Range:
    """Times in UTC, the first on a boundary of `period`, the seconds of one of its (about 24) parts."""

    since: datetime
    until: datetime
    period: int

    @property
    def seconds(self) -> float:
        return (self.until - self.since).total_seconds()

    @property
    def whole(self) -> int:
        """The longest period, a day at most, that CloudWatch computes a percentile over."""
        return min(DAY, -(-int(self.seconds) // self.period) * self.period)

    def list_starts(self) -> list[datetime]:
        step = timedelta(seconds=self.period)
        return [self.since + step * n for n in range(-(-int(self.seconds) // self.period))]


def make_range(since: datetime, until: datetime, now: datetime) -> Range:
    """The range between two times, widened to the boundary before `since`."""
    least = next((period for age, period in _KEPT if now - since > age), 60)
    wanted = (until - since).total_seconds() / BUCKETS
    period = next((p for p in _PERIODS if p >= max(wanted, least)), DAY)
    return Range(datetime.fromtimestamp(since.timestamp() // period * period, UTC), until, period)


def make_metric(namespace: str, name: str, **dimensions: str) -> Metric:
    return Metric(name, frozenset(dimensions.items()), namespace)


class MetricReader:
    """CloudWatch for one stack: what Sluice publishes stands in a namespace of the stack's own."""

    def __init__(self, stack: Stack) -> None:
        self._cloudwatch = stack.client("cloudwatch")
        self._namespace = f"Sluice/{stack.name}"  # as template.yaml has it; a test compares

    def make_own(self, name: str, **dimensions: str) -> Metric:
        """A metric that Sluice publishes."""
        return make_metric(self._namespace, name, **dimensions)

    def list_own(self) -> set[Metric]:
        """The stack's own metrics that had a value in the last two weeks."""
        pages = self._cloudwatch.get_paginator("list_metrics").paginate(Namespace=self._namespace)
        return {
            self.make_own(found["MetricName"], **{d["Name"]: d["Value"] for d in found["Dimensions"]})
            for page in pages
            for found in page["Metrics"]
        }

    def read(self, asks: Iterable[Ask], since: datetime, until: datetime) -> Values:
        """The values of every metric, oldest first; none where it has no data. Keeps the order of `asks`."""
        values: dict[Ask, list[tuple[datetime, float]]] = {ask: [] for ask in asks}
        for some in batched(values, MAX_QUERIES, strict=False):
            pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[_dump_ask(n, ask) for n, ask in enumerate(some)],
                StartTime=since,
                EndTime=until,
                ScanBy="TimestampAscending",
            )
            for page in pages:
                for result in page["MetricDataResults"]:
                    _check_answer(result)
                    found = zip(result["Timestamps"], result["Values"], strict=True)
                    values[some[int(result["Id"][1:])]] += found
        return values


def _check_answer(result: Mapping[str, Any]) -> None:
    """Raises CommandError for a metric that could not be read, which is not the same as one without data."""
    status = result.get("StatusCode", "Complete")
    if status == "InternalError":
        raise CommandError("CloudWatch could not read every metric", "run it again in a minute")
    if status == "Forbidden":
        raise CommandError("your credentials may not read every metric", "allow cloudwatch:GetMetricData")


def add_up(points: Iterable[tuple[datetime, float]]) -> float | None:
    """The sum, None where there is nothing to add: what was not measured is not 0."""
    found = [value for _, value in points]
    return sum(found) if found else None


def find_highest(points: Iterable[tuple[datetime, float]]) -> float | None:
    return max((value for _, value in points), default=None)


def _dump_ask(n: int, ask: Ask) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in sorted(ask.metric.dimensions)]
    metric = {
        "Namespace": ask.metric.namespace,
        "MetricName": ask.metric.name,
        "Dimensions": dimensions,
    }
    return {"Id": f"m{n}", "MetricStat": {"Metric": metric, "Period": ask.period, "Stat": ask.statistic}}
