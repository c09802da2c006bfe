"""Judges an alarm by what was measured, as CloudWatch documents it.

Of the data points in the evaluation range, which is longer than the evaluation periods, the newest count;
where there are fewer than periods, the alarm's setting for missing data says what stands in for the rest.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.local.metrics.expressions import compile_expression
from cli.local.metrics.queries import compile_query, is_query
from cli.local.metrics.series import Metric, Series, make_metric

ALARM, OK, UNKNOWN = "ALARM", "OK", "INSUFFICIENT_DATA"
FURTHER_PERIODS = 2  # how much longer the evaluation range is than the periods
_COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

type Compute = Callable[[Series, float, float], Mapping[str, float]]
"""The values of a time between two, by contributor; an alarm that is not a query has one, named ""."""


@dataclass(frozen=True)
class Alarm:
    """A metric alarm: on where `needed` of `periods` data points, `minutes` long each, breach the threshold.

    `metrics` are those that it names, each with its statistic; `settings` the arguments of PutMetricAlarm.
    """

    name: str
    compute: Compute
    metrics: tuple[tuple[Metric, str], ...]
    minutes: float
    periods: int
    needed: int
    breaches: Callable[[float], bool]
    missing: str
    settings: Mapping[str, Any]

    @property
    def range(self) -> float:
        """Minutes that its evaluation looks back."""
        return self.minutes * (self.periods + FURTHER_PERIODS)


def read_alarm(properties: Mapping[str, Any]) -> Alarm:
    """The alarm of a template's properties, in which nothing is left to resolve."""
    compute, metrics, seconds = _read_computation(properties)
    periods, threshold = int(properties["EvaluationPeriods"]), float(properties["Threshold"])
    compare = _COMPARISONS[properties["ComparisonOperator"]]
    return Alarm(
        name=properties["AlarmName"],
        compute=compute,
        metrics=metrics,
        minutes=seconds / 60,
        periods=periods,
        needed=int(properties.get("DatapointsToAlarm", periods)),
        breaches=lambda value: compare(value, threshold),
        missing=properties.get("TreatMissingData", "missing"),
        settings=properties,
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """`contributors` are the time series of a query that are on, by the value of its dimension."""

    state: str
    reason: str
    contributors: tuple[str, ...] = ()


def judge(alarm: Alarm, series: Series, now: float, minute: float, former: str) -> Judgement:
    """The state now, after the state `former`. A minute of a period lasts `minute` seconds.

    A query's alarm is on while one of its contributors is.
    """
    period = alarm.minutes * minute
    points = [
        alarm.compute(series, now - (n + 1) * period, now - n * period)
        for n in range(alarm.periods + FURTHER_PERIODS)
    ]
    names = sorted({name for values in points for name in values}) or [""]
    states = {name: decide([values.get(name) for values in points], alarm, former) for name in names}
    on = [name for name in names if states[name] == ALARM]
    if names != [""]:
        state = ALARM if on else (OK if OK in states.values() else former)
        each = ", ".join(f"{name} {_find_newest(points, name):g}" for name in on)
        reason = f"{len(on)} out of {len(names)} time series evaluated to {ALARM}" + (each and f": {each}")
        return Judgement(state, reason, tuple(on))
    if on:
        newest = _find_newest(points, "")
        shown = "no data" if newest is None else f"the value is {newest:g}"
        return Judgement(ALARM, f"Threshold Crossed: {shown}")
    return Judgement(states[""], "Threshold not crossed" if states[""] == OK else "No data")


def decide(values: list[float | None], alarm: Alarm, former: str) -> str:
    """The state of a series with these data points of the evaluation range, the newest first."""
    real = [value for value in values if value is not None][: alarm.periods]
    breaching = sum(map(alarm.breaches, real))
    lacking = alarm.periods - len(real)
    match alarm.missing:
        case "breaching":
            return ALARM if breaching + lacking >= alarm.needed else OK
        case "notBreaching":
            return ALARM if breaching >= alarm.needed else OK
        case "ignore":
            if breaching >= alarm.needed:
                return ALARM
            return OK if len(real) - breaching > alarm.periods - alarm.needed else former
    if not real:
        return UNKNOWN
    return ALARM if breaching >= min(alarm.needed, len(real)) else OK


def _find_newest(points: list[Mapping[str, float]], name: str) -> float | None:
    return next((values[name] for values in points if name in values), None)


def _read_computation(
    properties: Mapping[str, Any],
) -> tuple[Compute, tuple[tuple[Metric, str], ...], int]:
    """How values come about, the metrics that they come from, and the period in seconds."""
    if "MetricName" in properties:
        metric = _read_metric(properties)
        stat = properties.get("Statistic") or properties["ExtendedStatistic"]
        return _compute_metric(metric, stat), ((metric, stat),), int(properties["Period"])
    [result] = [query for query in properties["Metrics"] if query.get("ReturnData", True)]
    if is_query(result["Expression"]):
        return compile_query(result["Expression"]).compute, (), int(result["Period"])
    stats = {query["Id"]: query["MetricStat"] for query in properties["Metrics"] if "MetricStat" in query}
    metrics = {name: (_read_metric(stat["Metric"]), stat["Stat"]) for name, stat in stats.items()}
    periods = {int(stat["Period"]) for stat in stats.values()}
    return _compute_math(result["Expression"], metrics), tuple(metrics.values()), max(periods)


def _compute_metric(metric: Metric, stat: str) -> Compute:
    def compute(series: Series, start: float, end: float) -> dict[str, float]:
        value = series.compute(metric, stat, start, end)
        return {} if value is None else {"": value}

    return compute


def _compute_math(text: str, metrics: Mapping[str, tuple[Metric, str]]) -> Compute:
    expression = compile_expression(text)

    def compute(series: Series, start: float, end: float) -> dict[str, float]:
        found = {name: series.compute(*metric, start, end) for name, metric in metrics.items()}
        value = expression(found)
        return {} if value is None else {"": value}

    return compute


def _read_metric(properties: Mapping[str, Any]) -> Metric:
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in properties["Dimensions"]}
    return make_metric(properties["Namespace"], properties["MetricName"], dimensions)
