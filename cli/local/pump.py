"""The program that gives the local stack its metrics and alarms: `python -m cli.local.pump`.

The emulator takes EMF lines for plain text, has no metrics of queues and no metric math. So every other
second this reads logs and queues, puts what it finds into CloudWatch, computes the template's alarms and sets
their state; their actions and the composite alarms above them are the emulator's own.
"""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.local.clients import make_client
from cli.local.metrics.alarms import Alarm, judge
from cli.local.metrics.definitions import Stack, read_alarms
from cli.local.metrics.series import Metric, Point, Series, make_metric
from cli.local.metrics.sources import AGE, LogTail, Measured, QueueGauge, Sources
from cli.local.settings import REGION, STACK_NAME, LocalSettings, read_settings

MINUTE = 5.0  # seconds that a minute of an alarm's period lasts here, so that one sees it go off and end
PAUSE = 2.0
SHARE = 0.1  # of the time, at most, that the pump may be at work
PATIENCE = 15  # failed rounds after which the emulator counts as gone
ACCOUNT = "000000000000"
MAX_DATA, MAX_VALUES = 500, 150  # PutMetricData takes 1,000 metrics, each with 150 values
FIREHOSE = "AWS/Firehose"
FUNCTION_LOGS = "/aws/lambda/"
SERVICES = ("cloudwatch", "logs", "sqs")

log = logging.getLogger("pump")


class Pump:
    """`work` is one round. Alarms exist, and those of syncs that left do not, once it was made."""

    def __init__(
        self,
        clients: Mapping[str, Any],
        sources: Sources,
        alarms: list[Alarm],
        composites: list[dict[str, Any]],
    ) -> None:
        self._clients = clients
        self._sources = sources
        self._alarms = alarms
        longest = max((alarm.minutes * alarm.periods for alarm in alarms), default=1)
        self._series = Series(keep=longest * MINUTE + 60)
        self._states = self._put_alarms(composites)

    def work(self, now: float) -> None:
        """Reads what is new, publishes it, and tells the alarms that changed."""
        points = self._sources.read(self._clients, now)
        self._put_metrics(points)
        self._series.add([*points, *self._sources.own], now)
        for alarm in self._alarms:
            state, reason = judge(alarm, self._series, now, MINUTE)
            if state != self._states.get(alarm.name):
                self._clients["cloudwatch"].set_alarm_state(
                    AlarmName=alarm.name, StateValue=state, StateReason=reason
                )
                self._states[alarm.name] = state
                log.info("%s is %s: %s", alarm.name, state, reason)

    def _put_alarms(self, composites: list[dict[str, Any]]) -> dict[str, str]:
        """Their states as they are known."""
        cloudwatch = self._clients["cloudwatch"]
        wanted = {*(alarm.name for alarm in self._alarms), *(c["AlarmName"] for c in composites)}
        pages = cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        known = pages.build_full_result()
        for kind in ("CompositeAlarms", "MetricAlarms"):
            left = [alarm["AlarmName"] for alarm in known.get(kind, []) if alarm["AlarmName"] not in wanted]
            if left:
                cloudwatch.delete_alarms(AlarmNames=left)
        for alarm in self._alarms:
            cloudwatch.put_metric_alarm(**alarm.settings)
        for composite in composites:
            cloudwatch.put_composite_alarm(**composite)
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in known.get("MetricAlarms", [])}

    def _put_metrics(self, points: Iterable[Point]) -> None:
        data: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for (metric, moment, unit), values in _group(points).items():
            for part in batched(values, MAX_VALUES, strict=False):
                data[metric.namespace].append(_describe(metric, moment, unit, list(part)))
        for namespace, found in data.items():
            for some in batched(found, MAX_DATA, strict=False):
                self._clients["cloudwatch"].put_metric_data(Namespace=namespace, MetricData=list(some))


def build_pump(settings: LocalSettings, now: float) -> Pump:
    """The pump of the stack that is deployed; it starts with what happens from now on."""
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
    sources = Sources(
        tails=[
            LogTail(group, int(now * 1000))
            for group in list_made("AWS::Logs::LogGroup")
            if group.startswith(FUNCTION_LOGS)
        ],
        queues=[QueueGauge(url) for url in list_made("AWS::SQS::Queue")],
        measured=Measured([*throttles, *find_unmeasured(alarms)], int(now)),
        api_id=physical["HttpApi"],
    )
    return Pump(clients, sources, alarms, composites)


def find_unmeasured(alarms: Iterable[Alarm]) -> list[tuple[Metric, str]]:
    """What alarms watch and this machine never gets to see: somebody may put it into CloudWatch."""
    watched = {watched for alarm in alarms for watched in alarm.metrics.values()}
    return sorted(
        ((metric, stat) for metric, stat in watched if metric.namespace == FIREHOSE or metric.name == AGE),
        key=str,
    )


def run(settings: LocalSettings) -> None:
    """Rounds until the emulator is gone or a signal comes."""
    pump, failed = build_pump(settings, time.time()), 0
    while failed < PATIENCE:
        started = time.monotonic()
        try:
            pump.work(time.time())
            failed = 0
        except (BotoCoreError, ClientError) as problem:
            failed += 1
            log.warning("round failed: %s", problem)
        # The pace of a process of its own: rounds take a share of the time at most, and slow nobody.
        time.sleep(max(PAUSE, (time.monotonic() - started) / SHARE))


def _group(points: Iterable[Point]) -> dict[tuple[Metric, float, str], list[float]]:
    grouped: dict[tuple[Metric, float, str], list[float]] = defaultdict(list)
    for point in points:
        grouped[point.metric, point.time, point.unit].append(point.value)
    return grouped


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
    run(read_settings())
