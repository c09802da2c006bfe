"""Reads the emulator: functions' logs, queues' attributes, and what it counts of functions itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.local.metrics.emf import read_line, read_request
from cli.local.metrics.invocations import read_invocation
from cli.local.metrics.series import Point, make_metric

PREFIX = "ApproximateNumberOfMessages"
GAUGES = [PREFIX, f"{PREFIX}NotVisible", f"{PREFIX}Delayed"]
LOG_PAGE = 10_000  # the most that one FilterLogEvents gives
LATE = 0.5  # seconds within which a line with an earlier time may still appear


@dataclass
class Invocation:
    """The lines that a run of a function logged, at an epoch time in seconds."""

    function: str
    time: float
    lines: list[str] = field(default_factory=list)


@dataclass
class LogTail:
    """Every run in the log of a function once. The emulator writes each at once, to a stream of its own."""

    function: str
    read_until: int
    """Epoch milliseconds up to which it was read."""

    def read(self, logs: Any, now: float) -> list[Invocation]:
        until = int((now - LATE) * 1000)
        if until <= self.read_until:
            return []
        page = logs.filter_log_events(
            logGroupName=f"/aws/lambda/{self.function}",
            startTime=self.read_until + 1,
            endTime=until,
            limit=LOG_PAGE,
        )
        events = page["events"]
        if len(events) == LOG_PAGE:  # there may be more: those of the last millisecond come again
            until = events[-1]["timestamp"] - 1
            events = [event for event in events if event["timestamp"] <= until]
        self.read_until = until
        streams: dict[str, Invocation] = {}
        for event in events:
            empty = Invocation(self.function, event["timestamp"] / 1000)
            streams.setdefault(event["logStreamName"], empty).lines.append(event["message"])
        return list(streams.values())


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
            "ApproximateAgeOfOldestMessage": age,
        }
        for name, value in values.items():
            unit = "Seconds" if name.startswith("ApproximateAge") else "Count"
            yield Point(make_metric("AWS/SQS", name, dimensions), now, value, unit)


@dataclass
class FunctionCounts:
    """Throttles of functions, which the emulator counts as AWS does; each second once."""

    functions: Sequence[str]
    read_until: int
    """Epoch seconds up to which it was read."""
    names: tuple[str, ...] = ("Throttles",)

    def read(self, cloudwatch: Any, now: float) -> Iterator[Point]:
        until = int(now)
        if until <= self.read_until or not self.functions:
            return
        wanted = [(function, name) for function in self.functions for name in self.names]
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=[_ask(f"m{n}", function, name) for n, (function, name) in enumerate(wanted)],
            StartTime=self.read_until,
            EndTime=until,
        )
        self.read_until = until
        for result in answer["MetricDataResults"]:
            function, name = wanted[int(result["Id"][1:])]
            metric = make_metric("AWS/Lambda", name, {"FunctionName": function})
            for time, value in zip(result["Timestamps"], result["Values"], strict=True):
                yield Point(metric, time.timestamp(), value, "Count")


@dataclass
class Sources:
    """All that is read of one stack. `own` are points that CloudWatch has already."""

    tails: Sequence[LogTail]
    queues: Sequence[QueueGauge]
    counts: FunctionCounts
    api_id: str
    own: list[Point] = field(default_factory=list)

    def read(self, clients: Mapping[str, Any], now: float) -> list[Point]:
        """What is new and not in CloudWatch yet; what it had stands in `own`."""
        points: list[Point] = []
        for tail in self.tails:
            for run in tail.read(clients["logs"], now):
                points += read_invocation(run.function, run.time, run.lines)
                for line in run.lines:
                    points += [*read_line(line), *read_request(line, self.api_id)]
        for queue in self.queues:
            points += queue.read(clients["sqs"], now)
        self.own = list(self.counts.read(clients["cloudwatch"], now))
        return points


def _ask(identifier: str, function: str, name: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": name,
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
    }
    return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 1, "Stat": "Sum"}}
