"""The pump's rounds, on fakes of the emulator's services."""

import json
import os
import re
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.local.metrics.alarms import read_alarm
from cli.local.metrics.series import make_metric
from cli.local.metrics.sources import LOG_PAGE, LogTail, Measured, QueueGauge, Sources
from cli.local.pump import (
    LONGEST_PAUSE,
    PAUSE,
    Pump,
    catch_end,
    choose_pause,
    find_unmeasured,
    name_as_query,
    read_positions,
    write_positions,
)
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
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
UNHEALTHY = {"AlarmName": "s-unhealthy", "AlarmRule": 'ALARM("s-crm-dead")'}


def refuse(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "Operation")


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

    def __init__(self, *alarms: str, composites: Mapping[str, str] | None = None) -> None:
        self.alarms = dict.fromkeys(alarms, "OK")
        self.composites = dict(composites or {})
        self.refused_data = 0
        self.data: list[tuple[str, dict[str, Any]]] = []
        self.throttles: list[tuple[datetime, float]] = []

    def get_paginator(self, _operation: str) -> "CloudWatch":
        return self

    def paginate(self, **_arguments: Any) -> "CloudWatch":
        return self

    def build_full_result(self) -> dict[str, Any]:
        return {
            "MetricAlarms": [{"AlarmName": n, "StateValue": s} for n, s in self.alarms.items()],
            "CompositeAlarms": [{"AlarmName": n, "StateValue": "OK"} for n in self.composites],
        }

    def delete_alarms(self, *, AlarmNames: list[str]) -> None:
        """As CloudWatch: one composite at a time, and no alarm that a composite's rule names."""
        if sum(name in self.composites for name in AlarmNames) > 1:
            raise refuse("only one composite alarm delete is allowed in single request")
        for name in AlarmNames:
            if any(f'"{name}"' in rule for rule in self.composites.values()):
                raise refuse(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
        for name in AlarmNames:
            del (self.composites if name in self.composites else self.alarms)[name]

    def put_metric_alarm(self, *, AlarmName: str, **_settings: Any) -> None:
        self.alarms.setdefault(AlarmName, "INSUFFICIENT_DATA")

    def put_composite_alarm(self, *, AlarmName: str, AlarmRule: str, ActionsEnabled: bool = True) -> None:
        for name in re.findall('"(.+?)"', AlarmRule):
            if name not in {**self.alarms, **self.composites}:
                raise refuse(f"Could not save the composite alarm as {name} does not exist")
        self.composites[AlarmName] = AlarmRule

    def set_alarm_state(self, *, AlarmName: str, StateValue: str, StateReason: str) -> None:
        self.alarms[AlarmName] = StateValue

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:
        if self.refused_data:
            self.refused_data -= 1
            raise refuse("Rate exceeded")
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


def test_a_removed_sync_leaves_no_alarm_although_composites_named_it() -> None:
    """The rule of one that stays named it, and two that go name each other's."""
    composites = {
        UNHEALTHY["AlarmName"]: 'ALARM("s-crm-dead") OR ALARM("s-left-any")',
        "s-left-any": 'ALARM("s-left-dead") OR ALARM("s-left-more")',
        "s-left-more": 'ALARM("s-left-slow")',
    }
    cloudwatch = CloudWatch("s-crm-dead", "s-left-dead", "s-left-slow", composites=composites)
    make_pump(cloudwatch=cloudwatch)
    assert cloudwatch.alarms == {"s-crm-dead": "OK"}
    assert cloudwatch.composites == {"s-unhealthy": 'ALARM("s-crm-dead")'}


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


def test_what_could_not_be_published_comes_with_the_next_round() -> None:
    pump, clients = make_pump()
    clients["logs"].events = [log_event(1_000_500, make_line())]
    clients["cloudwatch"].refused_data = 1
    with pytest.raises(ClientError):
        pump.work(1002)
    pump.work(1004)
    assert find_data(clients["cloudwatch"], "Delivered") == [[3.0]]


def test_the_next_pump_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    pump, clients = make_pump()
    clients["logs"].events = [log_event(1_000_500, make_line()), log_event(1_003_500, make_line())]
    pump.work(1002)
    write_positions(tmp_path / "pump.json", pump.positions)
    sources = Sources(
        [LogTail(*found) for found in read_positions(tmp_path / "pump.json").items()],
        (),
        Measured((), 0),
        "api",
    )
    next_pump = Pump(clients, sources, [], [])
    next_pump.work(1010)
    assert find_data(clients["cloudwatch"], "Delivered") == [[3.0], [3.0]]


def test_a_new_stack_has_no_positions(tmp_path: Path) -> None:
    assert read_positions(tmp_path / "pump.json") == {}


def test_an_alarm_on_one_metric_is_put_so_that_the_emulator_does_not_judge_it() -> None:
    settings = {
        "AlarmName": "a",
        "Namespace": "N",
        "MetricName": "M",
        "Dimensions": [],
        "Statistic": "Maximum",
        "Period": 300,
        "Threshold": 1,
    }
    stat = {
        "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": []},
        "Period": 300,
        "Stat": "Maximum",
    }
    put = name_as_query(settings)
    assert put == {
        "AlarmName": "a",
        "Threshold": 1,
        "Metrics": [{"Id": "metric", "MetricStat": stat, "ReturnData": True}],
    }
    assert name_as_query(put) == put


def test_a_full_page_means_that_the_pump_is_behind() -> None:
    pump, clients = make_pump()
    clients["logs"].events = [log_event(n + 1, "line", stream=str(n)) for n in range(LOG_PAGE + 5)]
    behind = []
    for now in (100, 101):
        pump.work(now)
        behind.append(pump.is_behind)
    assert behind == [True, False]


def test_the_pump_takes_a_tenth_of_the_time_and_half_of_it_while_it_is_behind() -> None:
    assert choose_pause(1.0, is_behind=False) == pytest.approx(9)
    assert choose_pause(4.0, is_behind=True) == 4
    assert choose_pause(0.01, is_behind=False) == choose_pause(0.01, is_behind=True) == PAUSE


@pytest.mark.parametrize("is_behind", [True, False])
def test_figures_get_no_older_however_long_a_round_takes(is_behind: bool) -> None:
    assert choose_pause(60.0, is_behind=is_behind) == LONGEST_PAUSE


def test_a_signal_ends_the_wait_of_the_pump_and_not_its_round() -> None:
    handler, descriptor = signal.getsignal(signal.SIGTERM), signal.set_wakeup_fd(-1)
    try:
        wait = catch_end()
        assert not wait(0)
        os.kill(os.getpid(), signal.SIGTERM)
        assert wait(60)
    finally:
        signal.set_wakeup_fd(descriptor)
        signal.signal(signal.SIGTERM, handler)


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
