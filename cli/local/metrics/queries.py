"""CloudWatch Metrics Insights as far as the template's alarms use it: a metric grouped by a dimension."""

import re
from dataclasses import dataclass

from cli.local.metrics.expressions import UnknownSyntax
from cli.local.metrics.series import Metric, Series

_QUERY = re.compile(
    r'SELECT (?P<function>MAX|MIN|SUM|AVG|COUNT)\((?P<metric>\w+)\) FROM SCHEMA\("(?P<namespace>[^"]+)",'
    r" (?P<schema>\w+(?:, \w+)*)\) GROUP BY (?P<by>\w+) ORDER BY (?P=function)\(\)(?: ASC| DESC)?"
)
_STATISTICS = {"MAX": "Maximum", "MIN": "Minimum", "SUM": "Sum", "AVG": "Average", "COUNT": "SampleCount"}


@dataclass(frozen=True, slots=True)
class Query:
    """A statistic of a metric for each value of the dimension `by`.

    The metrics that it finds have exactly the dimensions of `schema`, as in CloudWatch.
    """

    namespace: str
    metric: str
    statistic: str
    schema: frozenset[str]
    by: str

    def compute(self, series: Series, start: float, end: float) -> dict[str, float]:
        """By the dimension's value, after `start` up to `end` (epoch seconds); without those of no data."""
        groups: dict[str, list[Metric]] = {}
        for metric in series.find(self.namespace, self.metric):
            dimensions = dict(metric.dimensions)
            if dimensions.keys() == self.schema:
                groups.setdefault(dimensions[self.by], []).append(metric)
        found = {name: series.compute_all(some, self.statistic, start, end) for name, some in groups.items()}
        return {name: value for name, value in found.items() if value is not None}


def is_query(expression: str) -> bool:
    return expression.lstrip().upper().startswith("SELECT ")


def compile_query(expression: str) -> Query:
    """Raises UnknownSyntax for more than this understands."""
    found = _QUERY.fullmatch(" ".join(expression.split()))
    if found is None or found["by"] not in found["schema"].split(", "):
        raise UnknownSyntax(expression)
    return Query(
        found["namespace"],
        found["metric"],
        _STATISTICS[found["function"]],
        frozenset(found["schema"].split(", ")),
        found["by"],
    )
