"""The pump's rounds, on fakes of the emulator's services."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.local.metrics.alarms import read_alarm
from cli.local.metrics.series import make_metric
from cli.local.metrics.sources import LOG_PAGE, LogTail, Measured, QueueGauge, Sources
from cli.local.pump import Pump, find_unmeasured
from tests.unit.cli_local.test_pump_series import make_line

QUEUE = "http://q/s-crm"
ALARM = {
    "AlarmName": "s-crm-dead",
    "Metrics": [
        {"Id": "dead", "Label": "1 letters", "Expression": "IF(FILL(visible, 0) > 0, 1, 0)"},
        {
            "Id": "visible",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/SQS",
                    "MetricName": "ApproximateNumberOfMessagesVisible",
                    "Dimensions": [{"Name": "QueueName", "Value": "s-crm"}],
                },
                "Stat": "Maximum",
                "Period": 60,
            },
        },
    ],
    "EvaluationPeriods": 1,
    "Threshold": 0,
}
UNHEALTHY = {"AlarmName": "s-unhealthy", "AlarmRule": 'ALARM("s-crm-dead")'}


def log_event(timestamp: int, message: str, stream: str = "one") -> dict[str, Any]:
    return {"timestamp": timestamp, "message": message, "logStreamName": stream}


class Logs:
    """Log events by time in milliseconds."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def filter_log_events(self, **wanted: Any) -> dict[str, Any]:
        span = range(wanted["startTime"], wanted["endTime"] + 1)
        return {"events": [e for e in self.events if e["timestamp"] in span][: wanted["limit"]]}


class Queues:
    def __init__(self) -> None:
        self.counts = [0, 0, 0]

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        return {"Attributes": dict(zip(AttributeNames, map(str, self.counts), strict=True))}


class CloudWatch:
    """What was put, and which alarms there are."""

    def __init__(self, *alarms: str) -> None:
        self.alarms = dict.fromkeys(alarms, "OK")
        self.composites: dict[str, str] = {}
        self.data: list[tuple[str, dict[str, Any]]] = []
        self.throttles: list[tuple[datetime, float]] = []

    def get_paginator(self, _operation: str) -> "CloudWatch":
        return self

    def paginate(self, **_arguments: Any) -> "CloudWatch":
        return self

    def build_full_result(self) -> dict[str, Any]:
        return {"MetricAlarms": [{"AlarmName": n, "StateValue": s} for n, s in self.alarms.items()]}

    def delete_alarms(self, *, AlarmNames: list[str]) -> None:
        for name in AlarmNames:
            del self.alarms[name]

    def put_metric_alarm(self, *, AlarmName: str, **_settings: Any) -> None:
        self.alarms.setdefault(AlarmName, "INSUFFICIENT_DATA")

    def put_composite_alarm(self, *, AlarmName: str, AlarmRule: str) -> None:
        self.composites[AlarmName] = AlarmRule

    def set_alarm_state(self, *, AlarmName: str, StateValue: str, StateReason: str) -> None:
        self.alarms[AlarmName] = StateValue

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:
        self.data += [(Namespace, datum) for datum in MetricData]

    def get_metric_data(self, **_arguments: Any) -> dict[str, Any]:
        times, values = zip(*self.throttles, strict=True) if self.throttles else ((), ())
        return {"MetricDataResults": [{"Id": "m0", "Timestamps": times, "Values": values}]}


def make_pump(**services: Any) -> tuple[Pump, Mapping[str, Any]]:
    clients = {"logs": Logs(), "sqs": Queues(), "cloudwatch": CloudWatch(), **services}
    sources = Sources(
        tails=[LogTail("/aws/lambda/s-crm", 0)],
        queues=[QueueGauge(QUEUE)],
        measured=Measured([(make_metric("AWS/Lambda", "Throttles", {"FunctionName": "s-crm"}), "Sum")], 0),
        api_id="api",
    )
    return Pump(clients, sources, [read_alarm(ALARM)], [UNHEALTHY]), clients


def find_data(cloudwatch: CloudWatch, name: str) -> list[list[float]]:
    return [datum["Values"] for _, datum in cloudwatch.data if datum["MetricName"] == name]


def test_alarms_are_made_and_those_of_before_are_gone() -> None:
    _, clients = make_pump(cloudwatch=CloudWatch("s-left-dead", "s-crm-dead"))
    assert clients["cloudwatch"].alarms == {"s-crm-dead": "OK"}
    assert clients["cloudwatch"].composites == {"s-unhealthy": 'ALARM("s-crm-dead")'}


def test_an_alarm_is_told_only_when_it_changes() -> None:
    pump, clients = make_pump()
    queues, cloudwatch = clients["sqs"], clients["cloudwatch"]
    states = []
    for now, letters in ((100, 0), (102, 1), (104, 0), (108, 0)):
        queues.counts = [letters, 0, 0]
        pump.work(now)
        states.append(cloudwatch.alarms["s-crm-dead"])
    assert states == ["OK", "ALARM", "ALARM", "OK"]


def test_ages_and_firehose_are_what_somebody_puts_into_cloudwatch() -> None:
    ages = {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage"}
    alarm = read_alarm(
        json.loads(json.dumps(ALARM).replace("ApproximateNumberOfMessagesVisible", ages["MetricName"]))
    )
    queue = make_metric(ages["Namespace"], ages["MetricName"], {"QueueName": "s-crm"})
    assert find_unmeasured([alarm, read_alarm(ALARM)]) == [(queue, "Maximum")]


def test_queues_are_measured_when_they_are_empty_too() -> None:
    pump, clients = make_pump()
    pump.work(100)
    assert find_data(clients["cloudwatch"], "ApproximateNumberOfMessagesVisible") == [[0.0]]
    assert find_data(clients["cloudwatch"], "ApproximateAgeOfOldestMessage") == [[0.0]]


def test_a_queue_is_as_old_as_it_has_not_been_empty() -> None:
    gauge, queues = QueueGauge(QUEUE), Queues()
    ages = []
    for now, counts in ((10, [0, 0, 0]), (20, [1, 0, 0]), (30, [0, 1, 0]), (40, [0, 0, 1]), (50, [1, 0, 0])):
        queues.counts = counts
        ages += [p.value for p in gauge.read(queues, now) if p.metric.name == "ApproximateAgeOfOldestMessage"]
    assert ages == [0, 0, 10, 0, 0]


def test_every_line_is_read_once_and_its_values_are_put_together() -> None:
    pump, clients = make_pump()
    clients["logs"].events = [log_event(1_000_500, make_line())]
    for now in (1000.9, 1001.1, 1003, 1005):
        pump.work(now)
    assert find_data(clients["cloudwatch"], "Delivered") == [[3.0]]
    assert find_data(clients["cloudwatch"], "LatencyMs") == [[20.0, 40.0]]


def test_a_round_that_fails_loses_no_line() -> None:
    pump, clients = make_pump()
    clients["logs"].events, counts = [log_event(1_000_500, make_line())], clients["sqs"].counts
    clients["sqs"].counts = ["a queue", "that is", "gone"]
    with pytest.raises(ValueError, match="a queue"):
        pump.work(1002)
    clients["sqs"].counts = counts
    pump.work(1004)
    pump.work(1006)
    assert find_data(clients["cloudwatch"], "Delivered") == [[3.0]]


def test_more_lines_than_a_page_holds_are_read_in_several() -> None:
    logs, tail = Logs(), LogTail("/aws/lambda/s-crm", 0)
    logs.events = [log_event(n // 3 + 1, str(n), stream=str(n // 3)) for n in range(LOG_PAGE + 5)]
    runs = [run for now in (100, 101, 102) for run in tail.read(logs, now)]
    assert [line for run in runs for line in run.lines] == [str(n) for n in range(LOG_PAGE + 5)]
    assert all(len(run.lines) == 3 for run in runs[:-1])


def test_runs_in_a_shared_log_group_are_told_apart_by_their_streams() -> None:
    logs, tail = Logs(), LogTail("/aws/lambda/s-delivery", 0)
    logs.events = [
        log_event(1, "a", stream="2026/12/01/s-EventsToCrm[$LATEST]1f"),
        log_event(1, "b", stream="2026/12/01/s-Mail[$LATEST]2f"),
        log_event(1, "c", stream="2026/12/01/[$LATEST]3f"),
    ]
    assert [run.function for run in tail.read(logs, 100)] == ["s-EventsToCrm", "s-Mail", "s-delivery"]


def test_a_run_without_a_line_of_metrics_is_an_error() -> None:
    pump, clients = make_pump()
    report = "REPORT RequestId: 1\tDuration: 12 ms\tBilled Duration: 12 ms"
    clients["logs"].events = [
        log_event(1000, "START RequestId: 1", stream="fine"),
        log_event(1000, make_line(), stream="fine"),
        log_event(1000, report, stream="fine"),
        log_event(2000, "START RequestId: 2", stream="killed"),
        log_event(2000, report, stream="killed"),
    ]
    pump.work(100)
    assert find_data(clients["cloudwatch"], "Errors") == [[0.0], [1.0]]
    assert find_data(clients["cloudwatch"], "Invocations") == [[1.0], [1.0]]
    assert find_data(clients["cloudwatch"], "Duration") == [[12.0], [12.0]]


def test_what_cloudwatch_counts_itself_is_not_put_again() -> None:
    pump, clients = make_pump()
    clients["cloudwatch"].throttles = [(datetime.fromtimestamp(99, UTC), 1.0)]
    pump.work(100)
    assert find_data(clients["cloudwatch"], "Throttles") == []
