"""The template's own alarms, judged by what was measured."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from cli.local.metrics.alarms import Alarm, Judgement, decide, judge, read_alarm
from cli.local.metrics.definitions import Stack, UnknownFunction, read_alarms, resolve
from cli.local.metrics.expressions import UnknownSyntax
from cli.local.metrics.queries import compile_query
from cli.local.metrics.series import Point, Series, make_metric
from tests.template.expand import TEMPLATE, expand_template, resolve_name

NOW, MINUTE = 1000.0, 5.0
PERIOD = 5 * MINUTE  # five minutes, as long as they last here
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


def judge_by(alarm: str, *measured: Measured, at: float = NOW - 1) -> Judgement:
    series = Series(keep=10_000)
    points = [Point(make_metric(space, name, dims), at, value) for space, name, dims, value in measured]
    series.add(points, NOW)
    return judge(ALARMS[alarm], series, NOW, MINUTE, "OK")


def of_function(metric: str, function: str) -> Measured:
    return ("AWS/Lambda", metric, {"FunctionName": f"id-of-{function}"}, 2)


def of_queue(metric: str, queue: str, value: float) -> Measured:
    return ("AWS/SQS", metric, {"QueueName": f"s-id-{queue}"}, value)


def own(metric: str, value: float = 1, **dimensions: str) -> Measured:
    return (OWN, metric, dimensions or SYNC, value)


def of_stream(stream: str, value: float) -> Measured:
    return ("AWS/Firehose", "DeliveryToS3.DataFreshness", {"DeliveryStreamName": f"s-{stream}"}, value)


LETTERS, AGE = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
RECONCILER = {"sync": "purchases-to-crm", "service": "reconciler"}
CRM_FUNCTION = "PurchasesToCrmDeliveryFunction"
FAILED = ("AWS/ApiGateway", "5xx", API, 5)
# What is measured, and the alarm that it turns on.
CAUSES: dict[str, list[Measured]] = {
    "s-PurchasesToCrm-dead-letters": [of_queue(LETTERS, "PurchasesToCrm-dlq", 1)],
    "s-PurchasesToCrm-function-errors": [of_function("Errors", CRM_FUNCTION)],
    "s-ingest-5xx": [FAILED, ("AWS/ApiGateway", "Count", API, 499)],
    "s-ingest-errors": [of_function("Errors", "IngestFunction")],
    "s-ingest-throttles": [of_function("Throttles", "IngestFunction")],
    "s-ingest-dlq": [of_queue(LETTERS, "ingest-dlq", 1)],
    "s-router-errors": [of_function("Errors", "RouterFunction")],
    "s-router-throttles": [of_function("Throttles", "RouterFunction")],
    "s-router-failures": [own("PacksFailed", 3, service="router"), own("Packs", 2, service="router")],
    "s-router-late": [of_queue(AGE, "ingest", 301)],
    "s-archive-late": [of_stream("events", 901)],
    "s-delivery-log-late": [of_stream("deliveries", 901)],
    "s-unaccounted": [own("Unaccounted", service="reconciler")],
    "s-reconciler-errors": [of_function("Errors", "ReconcilerFunction")],
    "s-archiver-errors": [of_function("Errors", "ArchiverFunction")],
    "s-letters-near-retention": [own("OldestLetterSeconds", 10 * DAY + 1, service="archiver")],
    "s-over-quota": [own("QuotaExceeded", service="ingest", source="web")],
    "s-quota-unchecked": [own("QuotaUnchecked", service="ingest", source="web")],
    "s-event-function-errors": [own("FunctionErrors", service="router", function="enrich")],
    "s-letters-not-archived": [own("LettersFailed", service="archiver", queue="s-id-ingest-dlq")],
    "s-failure-rate": [own("FailureRateExceeded", 6)],
    "s-retry-rate": [own("RetryRateExceeded", 60)],
    "s-breaker-open": [own("BreakerOpen")],
    "s-credentials-rejected": [own("AuthRejected")],
    "s-latency": [own("LatencyExceeded", 7)],
    "s-waiting": [own("WaitingExceeded", 4000)],
    "s-queue-age": [own("QueueAgeExceeded", 901, **RECONCILER)],
    "s-events-near-retention": [own("QueueAgeExceeded", 10 * DAY + 1, **RECONCILER)],
}
HARMLESS: dict[str, tuple[str, list[Measured]]] = {
    "another's letter": (
        "s-PurchasesToCrm-dead-letters",
        [of_queue(LETTERS, "EventsToWebhook-dlq", 1)],
    ),
    "few 5xx of many": ("s-ingest-5xx", [FAILED, ("AWS/ApiGateway", "Count", API, 501)]),
    "four 5xx": ("s-ingest-5xx", [("AWS/ApiGateway", "5xx", API, 4), ("AWS/ApiGateway", "Count", API, 4)]),
    "another stack's": ("s-credentials-rejected", [("Sluice/t", "AuthRejected", SYNC, 1)]),
    "metrics with other dimensions": ("s-failure-rate", [own("FailureRateExceeded", 6, service="delivery")]),
    "more packs routed": (
        "s-router-failures",
        [own("PacksFailed", 2, service="router"), own("Packs", 2, service="router")],
    ),
    "old, not near the retention": (
        "s-events-near-retention",
        [own("QueueAgeExceeded", 10 * DAY, **RECONCILER)],
    ),
}


@pytest.mark.parametrize("alarm", CAUSES)
def test_a_cause_turns_its_alarm_on_and_no_other(alarm: str) -> None:
    on = {name for name in ALARMS if judge_by(name, *CAUSES[alarm]).state == "ALARM"}
    also = {"s-events-near-retention": {"s-queue-age"}}  # it is in the queue for long, too
    assert on == {alarm} | also.get(alarm, set())


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_within_limits_turns_no_alarm_on(case: str) -> None:
    alarm, measured = HARMLESS[case]
    assert judge_by(alarm, *measured).state == "OK"


def test_every_alarm_has_a_cause() -> None:
    others = {name for name in ALARMS if re.match(r"s-(?!PurchasesToCrm)[A-Z]", name)}  # as this sync's
    assert set(CAUSES) == set(ALARMS) - others


def test_throttles_of_a_function_count_with_its_errors() -> None:
    throttled = judge_by("s-PurchasesToCrm-function-errors", of_function("Throttles", CRM_FUNCTION))
    assert (throttled.state, throttled.reason) == ("ALARM", "Threshold Crossed: the value is 2")


@pytest.mark.parametrize("alarm", ALARMS)
def test_no_data_is_no_alarm(alarm: str) -> None:
    assert judge_by(alarm).state == "OK"


def test_each_sync_that_has_the_metric_is_a_contributor() -> None:
    found = judge_by(
        "s-waiting",
        own("WaitingExceeded", 4000),
        own("WaitingExceeded", 5000, service="delivery", sync="events-to-webhook"),
    )
    assert found == Judgement(
        "ALARM",
        "2 out of 2 time series evaluated to ALARM: events-to-webhook 5000, purchases-to-crm 4000",
        ("events-to-webhook", "purchases-to-crm"),
    )


def test_a_point_counts_until_it_leaves_the_evaluation_range() -> None:
    crashed = of_function("Errors", "RouterFunction")
    assert judge_by("s-router-errors", crashed, at=NOW - 4 * PERIOD + 1).state == "ALARM"
    assert judge_by("s-router-errors", crashed, at=NOW - 4 * PERIOD).state == "OK"


def make_alarm(periods: int, needed: int, missing: str) -> Alarm:
    return read_alarm(
        {
            "AlarmName": "a",
            "Namespace": "N",
            "MetricName": "M",
            "Dimensions": [],
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": periods,
            "DatapointsToAlarm": needed,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0,
            "TreatMissingData": missing,
        }
    )


MISSING = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("needed", "points", "states"),
    [  # after the tables of AWS on missing data: oldest first, X breaches, 0 does not, - is missing
        (3, "0-X-X", "OK OK OK OK"),
        (3, "----0", "OK OK OK OK"),
        (3, "-----", "INSUFFICIENT_DATA former ALARM OK"),
        (3, "0XX-X", "ALARM ALARM ALARM ALARM"),
        (3, "--X--", "ALARM former ALARM OK"),
        (2, "0-X-X", "ALARM ALARM ALARM ALARM"),
        (2, "00X0X", "ALARM ALARM ALARM ALARM"),
        (2, "0-X--", "OK former ALARM OK"),
        (2, "----0", "OK former ALARM OK"),
        (2, "--X--", "ALARM former ALARM OK"),
    ],
)
def test_missing_data_is_treated_as_aws_documents_it(needed: int, points: str, states: str) -> None:
    values = [{"X": 1.0, "0": 0.0, "-": None}[point] for point in reversed(points)]
    for missing, state in zip(MISSING, states.split(), strict=True):
        assert decide(values, make_alarm(3, needed, missing), "former") == state, missing


@pytest.mark.parametrize(
    "query",
    [
        'SELECT MAX(a) FROM "n" GROUP BY b ORDER BY MAX() DESC',
        'SELECT MAX(a) FROM SCHEMA("n", b) GROUP BY c ORDER BY MAX() DESC',
        'SELECT MAX(a) FROM SCHEMA("n", b) WHERE b = 1 GROUP BY b ORDER BY MAX() DESC',
        'SELECT MAX(a) FROM SCHEMA("n", b)',
    ],
)
def test_a_query_that_is_not_understood_is_refused(query: str) -> None:
    with pytest.raises(UnknownSyntax):
        compile_query(query)


def test_a_query_adds_up_what_has_the_same_value_of_its_dimension() -> None:
    query = compile_query('SELECT SUM(m) FROM SCHEMA("n", a, b) GROUP BY b ORDER BY SUM() DESC')
    series = Series(keep=100)
    series.add(
        [
            Point(make_metric("n", "m", {"a": a, "b": b}), 5, 1)
            for a, b in (("1", "x"), ("2", "x"), ("1", "y"))
        ],
        6,
    )
    assert query.compute(series, 0, 6) == {"x": 2, "y": 1}


def test_composite_alarms_come_after_those_they_watch_and_know_them_by_name() -> None:
    _, composites = read_alarms(STACK)
    [unhealthy] = composites
    assert unhealthy["AlarmName"] == "s-unhealthy"
    watched = [part.strip() for part in unhealthy["AlarmRule"].split(" OR ")]
    assert sorted(watched) == sorted(f'ALARM("{name}")' for name in ALARMS)


@pytest.mark.parametrize(
    "node",
    [{"Fn::GetAtt": ["AlarmTopic", "TopicName"]}, {"Fn::Select": [0, ["a"]]}, {"Fn::ImportValue": "x"}],
)
def test_a_function_that_is_not_known_is_refused(node: Any) -> None:
    with pytest.raises(UnknownFunction):
        resolve({"AlarmName": node}, STACK)
