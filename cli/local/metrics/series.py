"""What was measured lately, and statistics over it."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

type Dimensions = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Metric:
    """What CloudWatch tells metrics apart by."""

    namespace: str
    name: str
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Point:
    """One measured value at an epoch time in seconds."""

    metric: Metric
    time: float
    value: float
    unit: str = "None"


def make_metric(namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
    return Metric(namespace, name, frozenset(dimensions.items()))


class Series:
    """The points of all metrics of the last `keep` seconds."""

    def __init__(self, keep: float) -> None:
        self._keep = keep
        self._points: dict[Metric, list[tuple[float, float]]] = defaultdict(list)

    def add(self, points: Iterable[Point], now: float) -> None:
        """Takes points in any order and forgets the old ones."""
        for point in points:
            self._points[point.metric].append((point.time, point.value))
        for metric, kept in self._points.items():
            kept.sort()
            self._points[metric] = kept[bisect_left(kept, now - self._keep, key=itemgetter(0)) :]

    def compute(self, metric: Metric, statistic: str, start: float, end: float) -> float | None:
        """A statistic over the points after `start` up to `end`; None where there are none."""
        return self.compute_all([metric], statistic, start, end)

    def compute_all(
        self, metrics: Iterable[Metric], statistic: str, start: float, end: float
    ) -> float | None:
        """The same over the points of several metrics together."""
        values: list[float] = []
        for metric in metrics:
            points = self._points.get(metric, [])
            first = bisect_right(points, start, key=itemgetter(0))
            last = bisect_right(points, end, key=itemgetter(0))
            values += [value for _, value in points[first:last]]
        return compute_statistic(statistic, values) if values else None

    def find(self, namespace: str, name: str) -> list[Metric]:
        """The metrics of this name, whatever their dimensions."""
        return [m for m in self._points if m.namespace == namespace and m.name == name]


def compute_statistic(statistic: str, values: list[float]) -> float:
    """Sum, Maximum, Minimum, Average, SampleCount, or a percentile such as p95."""
    match statistic:
        case "Sum":
            return sum(values)
        case "Maximum":
            return max(values)
        case "Minimum":
            return min(values)
        case "Average":
            return sum(values) / len(values)
        case "SampleCount":
            return len(values)
    return _compute_percentile(float(statistic.removeprefix("p")), sorted(values))


def _compute_percentile(percent: float, ordered: list[float]) -> float:
    """Between the two nearest ranks by how far it lies between them."""
    rank = percent / 100 * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)
