"""Judges an alarm by what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.local.metrics.expressions import Expression, compile_expression
from cli.local.metrics.series import Metric, Series, make_metric

ALARM, OK = "ALARM", "OK"


@dataclass(frozen=True)
class Alarm:
    """A metric alarm that computes: `metrics` by the expression's ids, each with its statistic.

    `settings` are the arguments of PutMetricAlarm. What is missing never breaches, and the value must be
    above the threshold: the template's tests see to both.
    """

    name: str
    label: str
    expression: Expression
    metrics: Mapping[str, tuple[Metric, str]]
    minutes: float
    periods: int
    threshold: float
    settings: Mapping[str, Any]


def read_alarm(properties: Mapping[str, Any]) -> Alarm:
    """The alarm of a template's properties, in which nothing is left to resolve."""
    [result] = [query for query in properties["Metrics"] if "Expression" in query]
    stats = {query["Id"]: query["MetricStat"] for query in properties["Metrics"] if "MetricStat" in query}
    return Alarm(
        name=properties["AlarmName"],
        label=result["Label"],
        expression=compile_expression(result["Expression"]),
        metrics={name: (_read_metric(stat["Metric"]), stat["Stat"]) for name, stat in stats.items()},
        minutes=max(int(stat["Period"]) for stat in stats.values()) / 60,
        periods=int(properties["EvaluationPeriods"]),
        threshold=float(properties["Threshold"]),
        settings=properties,
    )


def judge(alarm: Alarm, series: Series, now: float, minute: float) -> tuple[str, str]:
    """State and reason now. A minute of the alarm's period lasts `minute` seconds."""
    period = alarm.minutes * minute
    values = [_compute(alarm, series, now - n * period, period) for n in range(alarm.periods)]
    if all(value is not None and value > alarm.threshold for value in values):
        return ALARM, f"Threshold Crossed: the value is {values[0]:g} ({alarm.label})"
    return OK, f"Threshold not crossed ({alarm.label})"


def _compute(alarm: Alarm, series: Series, end: float, period: float) -> float | None:
    return alarm.expression(
        {
            name: series.compute(metric, statistic, end - period, end)
            for name, (metric, statistic) in alarm.metrics.items()
        }
    )


def _read_metric(properties: Mapping[str, Any]) -> Metric:
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in properties["Dimensions"]}
    return make_metric(properties["Namespace"], properties["MetricName"], dimensions)
