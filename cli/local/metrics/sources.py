"""Reads the emulator: functions' logs, queues' attributes, and what its CloudWatch has already."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.local.metrics.emf import read_line, read_request
from cli.local.metrics.invocations import read_invocation
from cli.local.metrics.series import Metric, Point, make_metric

PREFIX = "ApproximateNumberOfMessages"
AGE = "ApproximateAgeOfOldestMessage"
GAUGES = [PREFIX, f"{PREFIX}NotVisible", f"{PREFIX}Delayed"]
LOG_PAGE = 10_000  # the most that one FilterLogEvents gives
LATE = 0.5  # seconds within which a line with an earlier time may still appear
_SHARED_STREAM = re.compile(r"[\d/]+/(?P<function>[\w-]+)\[")


@dataclass
class Invocation:
    """The lines that a run of a function logged, at an epoch time in seconds."""

    function: str
    time: float
    lines: list[str] = field(default_factory=list)


@dataclass
class LogTail:
    """Every run in a log group once. The emulator writes each at once, to a stream of its own.

    In a group that functions share the stream says which function ran; the others are named after theirs.
    """

    group: str
    read_until: int
    """Epoch milliseconds up to which it was read."""
    is_behind: bool = False
    """Whether there may have been more than the last `read` took."""

    def read(self, logs: Any, now: float) -> list[Invocation]:
        until = int((now - LATE) * 1000)
        if until <= self.read_until:
            return []
        page = logs.filter_log_events(
            logGroupName=self.group,
            startTime=self.read_until + 1,
            endTime=until,
            limit=LOG_PAGE,
        )
        events = page["events"]
        self.is_behind = len(events) == LOG_PAGE
        if self.is_behind:  # there may be more: those of the last millisecond come again
            until = events[-1]["timestamp"] - 1
            events = [event for event in events if event["timestamp"] <= until]
        self.read_until = until
        streams: dict[str, Invocation] = {}
        for event in events:
            empty = Invocation(self._find_function(event["logStreamName"]), event["timestamp"] / 1000)
            streams.setdefault(event["logStreamName"], empty).lines.append(event["message"])
        return list(streams.values())

    def _find_function(self, stream: str) -> str:
        shared = _SHARED_STREAM.match(stream)
        return shared["function"] if shared else self.group.rpartition("/")[2]


@dataclass
class QueueGauge:
    """A queue's counts, and for how long it was not empty: the age of its oldest message is not to be had."""

    url: str
    filled_since: float | None = None

    def read(self, sqs: Any, now: float) -> Iterator[Point]:
        counts = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=GAUGES)["Attributes"]
        visible, in_flight, delayed = (float(counts[name]) for name in GAUGES)
        if visible or in_flight:
            self.filled_since = now if self.filled_since is None else self.filled_since
        else:
            self.filled_since = None
        age = 0.0 if self.filled_since is None else now - self.filled_since
        dimensions = {"QueueName": self.url.rpartition("/")[2]}
        values = {
            f"{PREFIX}Visible": visible,
            f"{PREFIX}NotVisible": in_flight,
            f"{PREFIX}Delayed": delayed,
            AGE: age,
        }
        for name, value in values.items():
            unit = "Seconds" if name == AGE else "Count"
            yield Point(make_metric("AWS/SQS", name, dimensions), now, value, unit)


@dataclass
class Measured:
    """What CloudWatch has already; each second once, with the statistic that an alarm asks for.

    Throttles of functions the emulator counts as AWS does. What it never measures (Firehose, ages of many
    days) is there if somebody puts it there, to see an alarm go off.
    """

    metrics: Sequence[tuple[Metric, str]]
    read_until: int
    """Epoch seconds up to which it was read."""

    def read(self, cloudwatch: Any, now: float) -> Iterator[Point]:
        until = int(now)
        if until <= self.read_until or not self.metrics:
            return
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=[_ask(f"m{n}", *wanted) for n, wanted in enumerate(self.metrics)],
            StartTime=self.read_until,
            EndTime=until,
        )
        self.read_until = until
        for result in answer["MetricDataResults"]:
            metric, _ = self.metrics[int(result["Id"][1:])]
            for time, value in zip(result["Timestamps"], result["Values"], strict=True):
                yield Point(metric, time.timestamp(), value)


@dataclass
class Sources:
    """All that is read of one stack. `own` are points that CloudWatch has already."""

    tails: Sequence[LogTail]
    queues: Sequence[QueueGauge]
    measured: Measured
    api_id: str
    own: list[Point] = field(default_factory=list)
    _kept: list[Point] = field(default_factory=list)

    def read(self, clients: Mapping[str, Any], now: float) -> list[Point]:
        """What is new and not in CloudWatch yet; what it had stands in `own`.

        Where something cannot be read, what was read before it comes with the next round.
        """
        points = self._kept
        for tail in self.tails:
            for run in tail.read(clients["logs"], now):
                points += read_invocation(run.function, run.time, run.lines)
                for line in run.lines:
                    points += [*read_line(line), *read_request(line, self.api_id)]
        for queue in self.queues:
            points += queue.read(clients["sqs"], now)
        self.own = list(self.measured.read(clients["cloudwatch"], now))
        self._kept = []
        return points


def _ask(identifier: str, wanted: Metric, statistic: str) -> dict[str, Any]:
    metric = {
        "Namespace": wanted.namespace,
        "MetricName": wanted.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(wanted.dimensions)],
    }
    return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 1, "Stat": statistic}}
