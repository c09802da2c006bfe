"""The program that gives the local stack its metrics and alarms: `python -m cli.local.pump`.

The emulator takes EMF lines for plain text, has no metrics of queues and no metric math. So every other
second this reads logs and queues, puts what it finds into CloudWatch, computes the template's alarms and sets
their state; their actions and the composite alarms above them are the emulator's own.
"""

import json
import logging
import os
import select
import signal
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from itertools import batched
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.local.clients import make_client
from cli.local.metrics.alarms import UNKNOWN, Alarm, judge
from cli.local.metrics.definitions import Stack, read_alarms
from cli.local.metrics.series import Metric, Point, Series, make_metric
from cli.local.metrics.sources import AGE, LogTail, Measured, QueueGauge, Sources
from cli.local.settings import REGION, STACK_NAME, LocalSettings, read_settings

MINUTE = 5.0  # seconds that a minute of an alarm's period lasts here, so that one sees it go off and end
PAUSE, LONGEST_PAUSE = 2.0, 15.0  # seconds between two rounds
SHARE = 0.1  # of the time that the pump is at work, so that it slows nobody
CATCHING_UP = 0.5  # the same while more lines wait than one round reads
PATIENCE = 15  # failed rounds after which the emulator counts as gone
ACCOUNT = "000000000000"
MAX_DATA, MAX_VALUES = 500, 150  # PutMetricData takes 1,000 metrics, each with 150 values
MAX_DELETED = 100  # by one DeleteAlarms
FIREHOSE = "AWS/Firehose"
FUNCTION_LOGS = "/aws/lambda/"
SERVICES = ("cloudwatch", "logs", "sqs")

log = logging.getLogger("pump")


class Pump:
    """`work` is one round. Once made, the stack has its alarms and none of removed syncs."""

    def __init__(
        self,
        clients: Mapping[str, Any],
        sources: Sources,
        alarms: list[Alarm],
        composites: list[dict[str, Any]],
    ) -> None:
        self._clients = clients
        self._sources = sources
        self._unsent: deque[tuple[str, list[dict[str, Any]]]] = deque()
        self._alarms = alarms
        longest = max((alarm.range for alarm in alarms), default=1)
        self._series = Series(keep=longest * MINUTE + 60)
        self._states = self._put_alarms(composites)
        self._contributors: dict[str, tuple[str, ...]] = {}

    @property
    def is_behind(self) -> bool:
        """Whether more lines were waiting than the last round read."""
        return any(tail.is_behind for tail in self._sources.tails)

    @property
    def positions(self) -> dict[str, int]:
        """Up to where each log group is read and published, in epoch milliseconds."""
        return {tail.group: tail.read_until for tail in self._sources.tails}

    def work(self, now: float) -> None:
        """Reads what is new, publishes it, and tells the alarms that changed.

        What could not be published is the first thing that the next round publishes.
        """
        points = self._sources.read(self._clients, now)
        self._series.add([*points, *self._sources.own], now)
        self._unsent += _make_calls(points)
        while self._unsent:
            namespace, data = self._unsent[0]
            self._clients["cloudwatch"].put_metric_data(Namespace=namespace, MetricData=data)
            self._unsent.popleft()
        for alarm in self._alarms:
            former = self._states.get(alarm.name, UNKNOWN)
            found = judge(alarm, self._series, now, MINUTE, former)
            if found.state != former or found.contributors != self._contributors.get(alarm.name, ()):
                self._clients["cloudwatch"].set_alarm_state(
                    AlarmName=alarm.name, StateValue=found.state, StateReason=found.reason
                )
                self._states[alarm.name] = found.state
                self._contributors[alarm.name] = found.contributors
                log.info("%s is %s: %s", alarm.name, found.state, found.reason)

    def _put_alarms(self, composites: list[dict[str, Any]]) -> dict[str, str]:
        """Their states as they are known."""
        cloudwatch = self._clients["cloudwatch"]
        for alarm in self._alarms:
            cloudwatch.put_metric_alarm(**name_as_query(alarm.settings))
        for composite in composites:
            cloudwatch.put_composite_alarm(**composite)
        pages = cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        known = pages.build_full_result()
        self._delete_others(known, {c["AlarmName"] for c in composites})
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in known.get("MetricAlarms", [])}

    def _delete_others(self, known: Mapping[str, Any], composites: set[str]) -> None:
        """CloudWatch deletes one composite at a time, and no alarm that the rule of another one names."""
        cloudwatch = self._clients["cloudwatch"]
        above = [c["AlarmName"] for c in known.get("CompositeAlarms", []) if c["AlarmName"] not in composites]
        for name in above:
            cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="FALSE", ActionsEnabled=False)
        for name in above:
            cloudwatch.delete_alarms(AlarmNames=[name])
        own = {alarm.name for alarm in self._alarms}
        left = [
            alarm["AlarmName"] for alarm in known.get("MetricAlarms", []) if alarm["AlarmName"] not in own
        ]
        for names in batched(left, MAX_DELETED, strict=False):
            cloudwatch.delete_alarms(AlarmNames=list(names))


def build_pump(settings: LocalSettings, now: float) -> Pump:
    """The pump of the stack that is deployed. It goes on where the one before it ended.

    A log group that no pump has read yet is read from its beginning.
    """
    clients = {service: make_client(service, settings.endpoint_url) for service in SERVICES}
    cloudformation = make_client("cloudformation", settings.endpoint_url)
    template = cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    physical = json.loads(settings.stack_file.read_text())["resources"]
    pseudo = {
        "AWS::StackName": STACK_NAME,
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
    }
    alarms, composites = read_alarms(Stack(template["Resources"], physical, pseudo))

    def list_made(kind: str) -> list[str]:
        found = template["Resources"].items()
        return [physical[name] for name, made in found if made["Type"] == kind and name in physical]

    functions = list_made("AWS::Lambda::Function") + list_made("AWS::Serverless::Function")
    throttles = [
        (make_metric("AWS/Lambda", "Throttles", {"FunctionName": name}), "Sum") for name in functions
    ]
    positions = read_positions(settings.pump_file)
    sources = Sources(
        tails=[
            LogTail(group, positions.get(group, 0))
            for group in list_made("AWS::Logs::LogGroup")
            if group.startswith(FUNCTION_LOGS)
        ],
        queues=[QueueGauge(url) for url in list_made("AWS::SQS::Queue")],
        measured=Measured([*throttles, *find_unmeasured(alarms)], int(now)),
        api_id=physical["HttpApi"],
    )
    return Pump(clients, sources, alarms, composites)


def name_as_query(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of PutMetricAlarm with a metric named as the only one of several.

    The emulator judges an alarm on a single metric itself, whatever its dimensions, periods and missing data.
    """
    if "MetricName" not in settings:
        return dict(settings)
    rest = dict(settings)
    metric = {name: rest.pop(name) for name in ("Namespace", "MetricName", "Dimensions")}
    stat = {"Metric": metric, "Period": rest.pop("Period"), "Stat": rest.pop("Statistic")}
    return rest | {"Metrics": [{"Id": "metric", "MetricStat": stat, "ReturnData": True}]}


def find_unmeasured(alarms: Iterable[Alarm]) -> list[tuple[Metric, str]]:
    """What alarms watch and this machine never gets to see: somebody may put it into CloudWatch."""
    watched = {watched for alarm in alarms for watched in alarm.metrics}
    return sorted(
        ((metric, stat) for metric, stat in watched if metric.namespace == FIREHOSE or metric.name == AGE),
        key=str,
    )


def run(settings: LocalSettings, wait: Callable[[float], bool]) -> None:
    """Rounds until the emulator is gone, or `wait` says that the pump is to end: never within a round."""
    pump, failed, ends = None, 0, False
    while failed < PATIENCE and not ends:
        started = time.monotonic()
        try:
            pump = pump or build_pump(settings, time.time())
            pump.work(time.time())
            write_positions(settings.pump_file, pump.positions)
            failed = 0
        except (BotoCoreError, ClientError) as problem:
            failed += 1
            log.warning("round failed: %s", problem)
        is_behind = pump is not None and pump.is_behind
        ends = wait(choose_pause(time.monotonic() - started, is_behind=is_behind))


def choose_pause(took: float, *, is_behind: bool) -> float:
    """Seconds until the next round, so that rounds take a share of the time only, and figures stay young."""
    share = CATCHING_UP if is_behind else SHARE
    return min(max(PAUSE, took / share - took), LONGEST_PAUSE)


def read_positions(path: Path) -> dict[str, int]:
    """`Pump.positions` as they were written last; empty for a new stack."""
    if not path.exists():
        return {}
    positions: dict[str, int] = json.loads(path.read_text())
    return positions


def write_positions(path: Path, positions: Mapping[str, int]) -> None:
    """Replaces the file as a whole: a pump that is killed leaves the old one or the new one."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(positions))
    draft.replace(path)


def catch_end() -> Callable[[float], bool]:
    """Makes SIGTERM something to wait for: true where it came, at once or within the seconds given."""
    signalled, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGTERM, lambda *_: None)

    def wait(seconds: float) -> bool:
        return bool(select.select([signalled], [], [], seconds)[0])

    return wait


def _group(points: Iterable[Point]) -> dict[tuple[Metric, float, str], list[float]]:
    grouped: dict[tuple[Metric, float, str], list[float]] = defaultdict(list)
    for point in points:
        grouped[point.metric, point.time, point.unit].append(point.value)
    return grouped


def _make_calls(points: Iterable[Point]) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """What to publish: namespace and data of each PutMetricData."""
    data: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (metric, moment, unit), values in _group(points).items():
        for part in batched(values, MAX_VALUES, strict=False):
            data[metric.namespace].append(_describe(metric, moment, unit, list(part)))
    for namespace, found in data.items():
        for some in batched(found, MAX_DATA, strict=False):
            yield namespace, list(some)


def _describe(metric: Metric, moment: float, unit: str, values: list[float]) -> dict[str, Any]:
    return {
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(metric.dimensions)],
        "Timestamp": moment,
        "Values": values,
        "Unit": unit,
    }


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    run(read_settings(), catch_end())
