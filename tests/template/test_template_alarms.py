"""Alarms: each condition of a sync and of the stack is in one, and each says which of its own holds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sluice.workspace.models import Alarms

DAYS = 24 * 3600
OWN = "Sluice/${AWS::StackName}"  # so that stacks do not add up
OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"
TRIED = Path(__file__).parents[1] / "e2e/test_alarms.py"
type Alarm = dict[str, Any]  # its properties


@pytest.fixture(scope="session")
def alarms(of_type: Any) -> dict[str, Alarm]:
    return of_type("AWS::CloudWatch::Alarm")


@pytest.fixture(scope="session")
def composites(of_type: Any) -> dict[str, Alarm]:
    return of_type("AWS::CloudWatch::CompositeAlarm")


def get_namespace(metric: dict[str, Any]) -> str:
    namespace = metric["Namespace"]
    return namespace if isinstance(namespace, str) else namespace["Fn::Sub"]


def list_watched(alarm: Alarm) -> dict[str, tuple[str, str, str]]:
    """(namespace, metric, statistic) by the id that the expression uses."""
    return {
        query["Id"]: (get_namespace(stat["Metric"]), stat["Metric"]["MetricName"], stat["Stat"])
        for query in alarm["Metrics"]
        if (stat := query.get("MetricStat"))
    }


def get_expression(alarm: Alarm) -> str:
    [text] = [query["Expression"] for query in alarm["Metrics"] if "Expression" in query]
    if isinstance(text, str):
        return text
    text = text["Fn::Sub"]
    return text if isinstance(text, str) else text[0]


def read_values(alarm: Alarm) -> list[str]:
    """What the expression adds for each of its conditions."""
    return re.findall(r", (\d+), 0\)(?! \*)", get_expression(alarm))  # a factor is a condition's condition


CONDITIONS = {
    "PlainDeadAlarm": {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
        ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "Maximum"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"),
    },
    "PlainFailingAlarm": {
        (OWN, "Delivered", "Sum"),
        (OWN, "Dead", "Sum"),
        (OWN, "Retried", "Sum"),
        (OWN, "AuthRejected", "Sum"),
        (OWN, "BreakerOpen", "Maximum"),
    },
    "PlainSlowAlarm": {
        (OWN, "LatencyMs", "p95"),
        (OWN, "OldestWaitingSeconds", "Maximum"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"),
    },
    "PlainFunctionAlarm": {("AWS/Lambda", "Errors", "Sum"), ("AWS/Lambda", "Throttles", "Sum")},
    "IngestAlarm": {
        ("AWS/ApiGateway", "5xx", "Sum"),
        ("AWS/ApiGateway", "Count", "Sum"),
        ("AWS/Lambda", "Errors", "Sum"),
        ("AWS/Lambda", "Throttles", "Sum"),
        (OWN, "QuotaExceeded", "Sum"),
        (OWN, "QuotaUnchecked", "Sum"),
    },
    "RouterAlarm": {
        ("AWS/Lambda", "Errors", "Sum"),
        ("AWS/Lambda", "Throttles", "Sum"),
        (OWN, "PacksFailed", "Sum"),
        (OWN, "Packs", "Sum"),
        (OWN, "FunctionErrors", "Sum"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"),
    },
    "ArchiveAlarm": {
        ("AWS/Firehose", "DeliveryToS3.DataFreshness", "Maximum"),
        ("AWS/Firehose", "DeliveryToS3.Success", "Average"),
    },
    "ConservationAlarm": {
        (OWN, "Unaccounted", "Maximum"),
        (OWN, "QueuesFailed", "Maximum"),
        ("AWS/Lambda", "Errors", "Sum"),
    },
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_an_alarm_watches_what_it_is_for(alarms: dict[str, Alarm], name: str) -> None:
    assert set(list_watched(alarms[name]).values()) == CONDITIONS[name]


def test_every_alarm_is_within_what_cloudwatch_takes(alarms: dict[str, Alarm]) -> None:
    for name, alarm in alarms.items():
        assert len(list_watched(alarm)) <= 10, name
        periods = {query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query}
        assert len(periods) == 1, f"{name}: one period for all metrics"
        assert sum(query.get("ReturnData", True) for query in alarm["Metrics"]) == 1, name
        assert "SEARCH" not in get_expression(alarm), name


def test_an_expression_uses_every_metric_and_each_with_a_value_for_when_it_is_missing(
    alarms: dict[str, Alarm],
) -> None:
    for name, alarm in alarms.items():
        expression = get_expression(alarm)
        filled = re.findall(r"FILL\((\w+), [01]\)", expression)
        assert set(filled) == set(list_watched(alarm)), name
        words = set(re.findall(r"[a-z_]\w*", re.sub(r"\$\{\w+\}", "", expression)))
        assert words == set(list_watched(alarm)), name


def test_conditions_add_up_to_a_number_that_names_them_in_label_and_description(
    alarms: dict[str, Alarm],
) -> None:
    for name, alarm in alarms.items():
        values = read_values(alarm)
        assert values == [str(2**n) for n in range(len(values))], name
        assert re.findall(r"\b([1248]|16) ", alarm["Metrics"][0]["Label"]) == values, name
        description = alarm["AlarmDescription"]
        text = description if isinstance(description, str) else description["Fn::Sub"]
        assert re.findall(r"(?:^|: |\. )([1248]|16) ", text) == values, name
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0), name


def test_every_alarm_tells_when_it_is_over_and_no_data_is_no_alarm(
    alarms: dict[str, Alarm], composites: dict[str, Alarm]
) -> None:
    for name, alarm in {**alarms, "UnhealthyAlarm": composites["UnhealthyAlarm"]}.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], name
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}


def test_every_queue_and_dead_letter_queue_has_an_alarm_before_messages_expire(
    alarms: dict[str, Alarm], of_type: Any
) -> None:
    watched = set()
    for alarm in alarms.values():
        for query in alarm["Metrics"]:
            metric = query.get("MetricStat", {}).get("Metric", {})
            old = f"FILL({query['Id']}, 0) > {10 * DAYS}," in get_expression(alarm)
            if metric.get("MetricName") == "ApproximateAgeOfOldestMessage" and old:
                watched.add(metric["Dimensions"][0]["Value"]["Fn::GetAtt"][0])
    assert watched == set(of_type("AWS::SQS::Queue"))


def test_own_metrics_are_watched_with_the_dimensions_they_are_published_with(
    alarms: dict[str, Alarm], of_type: Any
) -> None:
    environments = [f["Environment"]["Variables"] for f in of_type("AWS::Serverless::Function").values()]
    services = {variables["POWERTOOLS_SERVICE_NAME"] for variables in environments}
    for name, alarm in alarms.items():
        for query in alarm["Metrics"]:
            metric = query.get("MetricStat", {}).get("Metric", {})
            if not metric or get_namespace(metric) != OWN:
                continue
            dimensions = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
            assert dimensions.pop("service") in services, name
            assert dimensions == ({"sync": "plain"} if name.startswith("Plain") else {}) or name.startswith(
                "Own"
            )


def test_one_composite_alarm_stands_above_all_others(
    alarms: dict[str, Alarm], composites: dict[str, Alarm]
) -> None:
    below = {
        name: [child["Ref"] for child in composite["AlarmRule"]["Fn::Sub"][1]["Names"]["Fn::Join"][1]]
        for name, composite in composites.items()
        if name != "UnhealthyAlarm"
    }
    rule = composites["UnhealthyAlarm"]["AlarmRule"]["Fn::Sub"]
    top = re.findall(r'ALARM\("\$\{(\w+)\}"\)', rule)
    assert rule == " OR ".join(f'ALARM("${{{name}}}")' for name in top)
    reached = {child for name in top for child in below.get(name, [name])}
    assert reached == set(alarms)
    assert set(top) <= {*alarms, *composites}


def test_the_dashboard_needs_no_edit_for_a_new_sync(of_type: Any) -> None:
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["DashboardBody"]["Fn::ToJsonString"])
    assert "Plain" not in body
    assert "plain" not in body
    for metric in ("Delivered", "Retried", "Dead", "LatencyMs", "OldestWaitingSeconds", "BreakerOpen"):
        search = rf"SEARCH\('{{\\\"{re.escape(OWN)}\\\",service,sync}}\s+MetricName=\\\"{metric}\\\"'"
        assert re.search(search, body), metric


def test_the_dashboard_shows_its_own_stack_only(of_type: Any) -> None:
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["DashboardBody"]["Fn::ToJsonString"])
    assert body.count("Sluice") == body.count(OWN) > 5
    plain, filled = list_texts(dashboard["DashboardBody"])
    assert [text for text in plain if "${" in text] == []
    assert any(OWN in text for text in filled)


def list_texts(node: Any) -> tuple[list[str], list[str]]:
    """The texts that stay as they are, and those that CloudFormation fills in."""
    match node:
        case {"Fn::Sub": str(text)}:
            return [], [text]
        case dict() | list():
            parts = [list_texts(part) for part in (node.values() if isinstance(node, dict) else node)]
            return [t for plain, _ in parts for t in plain], [t for _, filled in parts for t in filled]
    return ([node], []) if isinstance(node, str) else ([], [])


def test_every_alarm_has_its_entry_in_the_runbook(
    alarms: dict[str, Alarm], composites: dict[str, Alarm]
) -> None:
    text = OPERATIONS.read_text()
    for alarm in [*alarms.values(), *composites.values()]:
        name = alarm["AlarmName"]["Fn::Sub"].replace("${AWS::StackName}", "<stack>")
        name = re.sub(r"-(Plain|Own)-", "-<Sync>-", name)
        name = re.sub(r"-any-\w+", "-any-<Kind>", name)
        assert f"`{name}`" in text, name


def test_the_documented_limits_are_the_defaults() -> None:
    _, _, section = OPERATIONS.read_text().partition("### Limits of a sync's alarms\n")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", section.partition("###")[0], re.MULTILINE)
    assert {name: float(default) for name, default in rows} == Alarms().model_dump()


def test_the_runbook_has_a_row_for_every_condition_of_every_alarm(alarms: dict[str, Alarm]) -> None:
    for name, alarm in alarms.items():
        heading = alarm["AlarmName"]["Fn::Sub"].replace("${AWS::StackName}", "<stack>")
        heading = f"**`{re.sub('-(Plain|Own)-', '-<Sync>-', heading)}`**"
        _, _, entry = OPERATIONS.read_text().partition(heading)
        rows = re.findall(r"^\| ([\d, ]+) \|", re.split(r"\*\*`|\n#", entry)[0], re.MULTILINE)
        assert [value for row in rows for value in row.split(", ")] == read_values(alarm), name


def test_the_document_says_of_every_condition_whether_it_was_tried(alarms: dict[str, Alarm]) -> None:
    conditions = {alarm["AlarmName"]["Fn::Sub"]: set(read_values(alarm)) for alarm in alarms.values()}
    every = {re.sub(r"^.*(?:StackName}|Plain|Own)-", "", name): values for name, values in conditions.items()}
    _, _, section = OPERATIONS.read_text().partition("### What was tried\n")
    rows = re.findall(
        r"^\| `([\w-]+)` \|([\d, ]*)\|.*\|([\d, ]*)[^|]*\|$", section.partition("\n#")[0], re.MULTILINE
    )
    told = {name: (set(re.findall(r"\d+", yes)), set(re.findall(r"\d+", no))) for name, yes, no in rows}
    assert {name: yes | no for name, (yes, no) in told.items()} == every
    causes = re.findall(r'wait_for_value\(watched, f"{\w+}-([\w-]+)", ([\d | ]+)\)', TRIED.read_text())
    caused: dict[str, set[str]] = {name: set() for name in every}
    for name, values in causes:
        caused[name] |= set(re.findall(r"\d+", values))
    assert {name: yes for name, (yes, _) in told.items()} == caused


def test_the_documented_example_is_valid() -> None:
    [example] = re.findall(r"^alarms: (\{.*\})$", OPERATIONS.read_text(), re.MULTILINE)
    alarms = Alarms.model_validate(YAML(typ="safe").load(example))
    assert (alarms.retry_rate, alarms.oldest_waiting, alarms.dead_letters) == (80, 4 * 3600, 100)
