"""The template's own alarms, judged by what was measured."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from cli.local.metrics.alarms import judge
from cli.local.metrics.definitions import Stack, UnknownFunction, read_alarms, resolve
from cli.local.metrics.series import Point, Series, make_metric
from tests.template.expand import TEMPLATE, expand_template, resolve_name

NOW, MINUTE = 1000.0, 5.0
OWN = "Sluice/s"  # the stack is called s
SYNC = {"sync": "purchases-to-crm", "service": "delivery"}
DLQ, QUEUE = {"QueueName": "s-id-PurchasesToCrm-dlq"}, {"QueueName": "s-id-PurchasesToCrm"}
API = {"ApiId": "api"}
DAY = 24 * 3600
NAMES = {"AWS::StackName": "s", "AWS::StackId": "arn:aws:cloudformation:us-east-1:0:stack/s/id-0"}
type Measured = tuple[str, str, Mapping[str, str], float]


def make_stack() -> Stack:
    """What the emulator says of the template that ships, with an id for everything but the alarms."""
    resources = expand_template(TEMPLATE.read_text())["Resources"]
    physical = {}
    for name, resource in resources.items():
        own = resource.get("Properties", {})
        if "QueueName" in own:
            physical[name] = "http://q/" + resolve_name(own["QueueName"], NAMES)
        elif not resource["Type"].startswith("AWS::CloudWatch"):
            physical[name] = "api" if name == "HttpApi" else f"id-of-{name}"
    return Stack(resources, physical, {"AWS::StackName": "s", "AWS::Region": "us-east-1"})


STACK = make_stack()
ALARMS = {alarm.name: alarm for alarm in read_alarms(STACK)[0]}


def judge_by(alarm: str, *measured: Measured, at: float = NOW - 1) -> tuple[str, str]:
    series = Series(keep=10_000)
    points = [Point(make_metric(space, name, dims), at, value) for space, name, dims, value in measured]
    series.add(points, NOW)
    return judge(ALARMS[alarm], series, NOW, MINUTE)


def read_value(reason: str) -> int:
    return int(reason.partition("value is ")[2].partition(" ")[0] or 0)


def attempts(number: float, **others: float) -> list[Measured]:
    """So many attempts, those named and the rest delivered."""
    counts = {"Delivered": number - sum(others.values()), **others}
    return [(OWN, name, SYNC, value) for name, value in counts.items()]


CRM = "s-PurchasesToCrm"
CASES: dict[str, tuple[str, list[Measured], int]] = {
    "a letter": (f"{CRM}-dead", [("AWS/SQS", "ApproximateNumberOfMessagesVisible", DLQ, 1)], 1),
    "a letter in flight": (f"{CRM}-dead", [("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", DLQ, 1)], 1),
    "old letters": (f"{CRM}-dead", [("AWS/SQS", "ApproximateAgeOfOldestMessage", DLQ, 10 * DAY + 1)], 2),
    "old events": (f"{CRM}-dead", [("AWS/SQS", "ApproximateAgeOfOldestMessage", QUEUE, 10 * DAY + 1)], 4),
    "another's letter": (
        f"{CRM}-dead",
        [("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "s-id-EventsToWebhook-dlq"}, 1)],
        0,
    ),
    "many dead": (f"{CRM}-failing", attempts(100, Dead=6), 1),
    "few dead": (f"{CRM}-failing", attempts(100, Dead=5), 0),
    "many dead of few": (f"{CRM}-failing", attempts(19, Dead=19), 0),
    "many retried": (f"{CRM}-failing", attempts(20, Retried=11), 2),
    "many of both": (f"{CRM}-failing", attempts(20, Retried=15, Dead=5), 3),
    "credentials rejected": (f"{CRM}-failing", [(OWN, "AuthRejected", SYNC, 1)], 4),
    "breaker open": (f"{CRM}-failing", [(OWN, "BreakerOpen", SYNC, 1)], 8),
    "slow": (f"{CRM}-slow", [(OWN, "LatencyMs", SYNC, 60_001)], 1),
    "waiting": (f"{CRM}-slow", [(OWN, "OldestWaitingSeconds", SYNC, 3601)], 2),
    "queue": (f"{CRM}-slow", [("AWS/SQS", "ApproximateAgeOfOldestMessage", QUEUE, 901)], 4),
    "crash": (
        f"{CRM}-function",
        [("AWS/Lambda", "Errors", {"FunctionName": "id-of-PurchasesToCrmDeliveryFunction"}, 1)],
        1,
    ),
    "throttle": (
        f"{CRM}-function",
        [("AWS/Lambda", "Throttles", {"FunctionName": "id-of-PurchasesToCrmDeliveryFunction"}, 1)],
        2,
    ),
    "5xx": (
        "s-ingest",
        [("AWS/ApiGateway", "5xx", API, 5), ("AWS/ApiGateway", "Count", API, 499)],
        1,
    ),
    "few 5xx of many": (
        "s-ingest",
        [("AWS/ApiGateway", "5xx", API, 5), ("AWS/ApiGateway", "Count", API, 501)],
        0,
    ),
    "ingest throttled": (
        "s-ingest",
        [("AWS/Lambda", "Throttles", {"FunctionName": "id-of-IngestFunction"}, 1)],
        4,
    ),
    "ingest crashed": (
        "s-ingest",
        [("AWS/Lambda", "Errors", {"FunctionName": "id-of-IngestFunction"}, 1)],
        2,
    ),
    "over quota": ("s-ingest", [(OWN, "QuotaExceeded", {"service": "ingest"}, 1)], 8),
    "quota unchecked": ("s-ingest", [(OWN, "QuotaUnchecked", {"service": "ingest"}, 1)], 16),
    "router throttled": (
        "s-router",
        [("AWS/Lambda", "Throttles", {"FunctionName": "id-of-RouterFunction"}, 1)],
        2,
    ),
    "router crashed": (
        "s-router",
        [("AWS/Lambda", "Errors", {"FunctionName": "id-of-RouterFunction"}, 1)],
        1,
    ),
    "packs fail": ("s-router", [(OWN, "PacksFailed", {"service": "router"}, 1)], 4),
    "functions fail": ("s-router", [(OWN, "FunctionErrors", {"service": "router"}, 1)], 16),
    "ingest waits": (
        "s-router",
        [("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": "s-id-ingest"}, 301)],
        8,
    ),
    "ingest letter": (
        "s-ingest-dlq",
        [("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "s-id-ingest-dlq"}, 1)],
        1,
    ),
    "old ingest letters": (
        "s-ingest-dlq",
        [("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": "s-id-ingest-dlq"}, 10 * DAY + 1)],
        2,
    ),
    "old ingest packs": (
        "s-ingest-dlq",
        [("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": "s-id-ingest"}, 10 * DAY + 1)],
        4,
    ),
    "late archive": (
        "s-archive",
        [("AWS/Firehose", "DeliveryToS3.DataFreshness", {"DeliveryStreamName": "s-events"}, 901)],
        1,
    ),
    "late delivery log": (
        "s-archive",
        [("AWS/Firehose", "DeliveryToS3.DataFreshness", {"DeliveryStreamName": "s-deliveries"}, 901)],
        2,
    ),
    "failed archive": (
        "s-archive",
        [("AWS/Firehose", "DeliveryToS3.Success", {"DeliveryStreamName": "s-events"}, 0.5)],
        4,
    ),
    "failed delivery log": (
        "s-archive",
        [("AWS/Firehose", "DeliveryToS3.Success", {"DeliveryStreamName": "s-deliveries"}, 0.5)],
        8,
    ),
    "unaccounted": ("s-conservation", [(OWN, "Unaccounted", {"service": "reconciler"}, 1)], 1),
    "another stack's": (f"{CRM}-failing", [("Sluice/t", "AuthRejected", SYNC, 1)], 0),
    "archiver": (
        "s-conservation",
        [("AWS/Lambda", "Errors", {"FunctionName": "id-of-ArchiverFunction"}, 1)],
        4,
    ),
    "letters not archived": ("s-conservation", [(OWN, "QueuesFailed", {"service": "archiver"}, 1)], 8),
    "reconciler": (
        "s-conservation",
        [("AWS/Lambda", "Errors", {"FunctionName": "id-of-ReconcilerFunction"}, 1)],
        2,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_alarm_goes_off_with_the_value_of_its_condition(case: str) -> None:
    alarm, measured, value = CASES[case]
    state, reason = judge_by(alarm, *measured)
    assert (state, read_value(reason)) == ("ALARM" if value else "OK", value)


def test_every_condition_of_every_alarm_has_a_case() -> None:
    conditions = {
        name: set(map(int, re.findall(r"\b([1248]) ", alarm.label)))
        for name, alarm in ALARMS.items()
        if name.startswith(CRM) or not re.match(r"s-[A-Z]", name)  # one sync's are as another's
    }
    for name, values in conditions.items():
        assert values <= {value for alarm, _, value in CASES.values() if alarm == name}, name


@pytest.mark.parametrize("alarm", ALARMS)
def test_no_data_is_no_alarm(alarm: str) -> None:
    assert judge_by(alarm)[0] == "OK"


def test_an_alarm_is_over_when_its_period_is() -> None:
    crashed = ("AWS/Lambda", "Errors", {"FunctionName": "id-of-RouterFunction"}, 1.0)
    assert judge_by("s-router", crashed, at=NOW - 5 * MINUTE + 1)[0] == "ALARM"
    assert judge_by("s-router", crashed, at=NOW - 5 * MINUTE)[0] == "OK"


def test_composite_alarms_come_after_those_they_watch_and_know_them_by_name() -> None:
    _, composites = read_alarms(STACK)
    names = [composite["AlarmName"] for composite in composites]
    assert names[-1] == "s-unhealthy"
    dead = composites[names.index("s-any-Dead")]
    assert dead["AlarmRule"].split(" OR ") == [
        'ALARM("s-EventsToWebhook-dead")',
        'ALARM("s-PurchasesToCrm-dead")',
        'ALARM("s-SignupsToSandbox-dead")',
    ]
    assert 'ALARM("s-any-Dead")' in composites[-1]["AlarmRule"]


@pytest.mark.parametrize(
    "node",
    [{"Fn::GetAtt": ["AlarmTopic", "TopicName"]}, {"Fn::Select": [0, ["a"]]}, {"Fn::ImportValue": "x"}],
)
def test_a_function_that_is_not_known_is_refused(node: Any) -> None:
    with pytest.raises(UnknownFunction):
        resolve({"AlarmName": node}, STACK)
