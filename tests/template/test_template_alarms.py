"""Alarms: each cause has one of its own, within what CloudWatch takes, and the runbook knows it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cli.resources import FIRST_PAGE, PAGE
from sluice.delivery.report import Report
from sluice.workspace.models import Alarms

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


def fill(text: Any) -> str:
    """A text with what Fn::Sub puts in, names of the stack's resources left as they are."""
    match text:
        case {"Fn::Sub": [str(template), dict(values)]}:
            for name, value in values.items():
                template = template.replace(f"${{{name}}}", str(value))
            return template
        case {"Fn::Sub": str(template)}:
            return template
    return str(text)


def get_name(alarm: Alarm) -> str:
    """As the documents write it."""
    name = fill(alarm["AlarmName"]).replace("${AWS::StackName}", "<stack>")
    return re.sub(r"-(Plain|Own)-", "-<Sync>-", name)


def list_watched(alarm: Alarm) -> list[tuple[str, str, str]]:
    """(namespace, metric, statistic) of an alarm that names its metrics; empty for a query."""
    if "MetricName" in alarm:
        return [(get_namespace(alarm), alarm["MetricName"], alarm["Statistic"])]
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [(get_namespace(stat["Metric"]), stat["Metric"]["MetricName"], stat["Stat"]) for stat in stats]


def get_expression(alarm: Alarm) -> str:
    found = [fill(query["Expression"]) for query in alarm.get("Metrics", []) if "Expression" in query]
    return " ".join(found[0].split()) if found else ""


def get_period(alarm: Alarm) -> int:
    periods = {query["MetricStat"]["Period"] for query in alarm.get("Metrics", []) if "MetricStat" in query}
    periods |= {node["Period"] for node in (alarm, *alarm.get("Metrics", [])) if "Period" in node}
    [period] = periods
    return int(period)


def test_every_alarm_is_within_what_cloudwatch_takes(alarms: dict[str, Alarm]) -> None:
    for name, alarm in alarms.items():
        assert len(list_watched(alarm)) <= 10, name
        assert get_period(alarm) in {300, 3600}, f"{name}: one period for all metrics"
        if "Metrics" in alarm:
            assert sum(query.get("ReturnData", True) for query in alarm["Metrics"]) == 1, name
        assert "SEARCH" not in get_expression(alarm), name


def test_what_is_computed_has_a_value_for_when_a_metric_is_missing(alarms: dict[str, Alarm]) -> None:
    computed = {name: alarm for name, alarm in alarms.items() if len(list_watched(alarm)) > 1}
    assert len(computed) == 4  # two stack's, and one of each sync
    for name, alarm in computed.items():
        ids = {query["Id"] for query in alarm["Metrics"] if "MetricStat" in query}
        expression = get_expression(alarm)
        assert set(re.findall(r"FILL\((\w+), 0\)", expression)) == ids, name
        assert set(re.findall(r"[a-z_]\w*", expression)) == ids, name


def test_every_alarm_counts_one_late_point_of_several_periods(alarms: dict[str, Alarm]) -> None:
    """Data that comes late is in an earlier period by then, so one period alone may be missed."""
    for name, alarm in alarms.items():
        assert alarm["DatapointsToAlarm"] == 1, name
        assert alarm["EvaluationPeriods"] >= 2, name
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold", name
    schedule = alarms["LettersNearRetentionAlarm"]
    assert schedule["EvaluationPeriods"] * get_period(schedule) > 6 * 3600, "the archiver's next run"


def test_a_query_groups_by_a_dimension_and_looks_back_three_hours_at_most(alarms: dict[str, Alarm]) -> None:
    queries = {name: alarm for name, alarm in alarms.items() if get_expression(alarm).startswith("SELECT")}
    assert len(queries) == 12
    for name, alarm in queries.items():
        expression = get_expression(alarm)
        [by] = re.findall(r" GROUP BY (\w+) ORDER BY \w+\(\) DESC$", expression)
        assert f'FROM SCHEMA("{OWN}", service, {by}) ' in expression, name
        assert alarm["EvaluationPeriods"] * get_period(alarm) <= 3 * 3600, name


def test_metrics_of_queries_are_published_only_while_something_is_wrong(alarms: dict[str, Alarm]) -> None:
    """CloudWatch bills these alarms by the metrics that they find, and each is a metric that costs, too."""
    healthy = {*Report().count(), "OldestWaitingSeconds", "LatencyMs", "Routed", "Requests", "Accepted"}
    found = {
        re.findall(r"SELECT \w+\((\w+)\)", get_expression(alarm))[0]
        for alarm in alarms.values()
        if get_expression(alarm).startswith("SELECT")
    }
    assert not found & healthy


def test_every_alarm_tells_when_it_is_over_and_no_data_is_no_alarm(
    alarms: dict[str, Alarm], composites: dict[str, Alarm]
) -> None:
    for name, alarm in {**alarms, "UnhealthyAlarm": composites["UnhealthyAlarm"]}.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], name
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}


def test_own_metrics_are_watched_with_the_dimensions_they_are_published_with(
    alarms: dict[str, Alarm], of_type: Any
) -> None:
    environments = [f["Environment"]["Variables"] for f in of_type("AWS::Serverless::Function").values()]
    services = {variables["POWERTOOLS_SERVICE_NAME"] for variables in environments}
    for name, alarm in alarms.items():
        metrics = [
            query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query
        ]
        for metric in metrics or [alarm]:
            if "MetricName" in metric and get_namespace(metric) == OWN:
                assert {d["Name"] for d in metric["Dimensions"]} == {"service"}, name
                assert {d["Value"] for d in metric["Dimensions"]} <= services, name


def test_one_composite_alarm_stands_above_all_others(
    alarms: dict[str, Alarm], composites: dict[str, Alarm]
) -> None:
    [unhealthy] = composites.values()
    rule, values = unhealthy["AlarmRule"]["Fn::Sub"]
    syncs = [child["Ref"] for child in values["Syncs"]["Fn::Join"][1]]
    own = re.findall(r'ALARM\("\$\{(\w+)\}"\)', rule)
    assert rule == " OR ".join(f'ALARM("${{{name}}}")' for name in own)
    assert own[-1] == "Syncs"
    assert sorted([*own[:-1], *syncs]) == sorted(alarms)
    assert len(own) - 1 + 2 * FIRST_PAGE <= 100
    assert 2 * PAGE <= 100


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
    for alarm in alarms.values():
        assert text.count(f"| `{get_name(alarm)}` |") == 1, get_name(alarm)
    [unhealthy] = composites.values()
    assert f"`{get_name(unhealthy)}`" in text


def test_the_documented_limits_are_the_defaults() -> None:
    _, _, section = OPERATIONS.read_text().partition("### Limits of a sync's alarms\n")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", section.partition("###")[0], re.MULTILINE)
    assert {name: float(default) for name, default in rows} == Alarms().model_dump()


def test_the_document_says_of_every_alarm_whether_it_was_tried(alarms: dict[str, Alarm]) -> None:
    every = {get_name(alarm).removeprefix("<stack>-").removeprefix("<Sync>-") for alarm in alarms.values()}
    _, _, section = OPERATIONS.read_text().partition("### What was tried\n")
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", section.partition("\n#")[0], re.MULTILINE)
    told = {name: how for names, how in rows for name in re.findall(r"`([\w-]+)`", names)}
    assert set(told) == every
    caused = set(re.findall(r'wait_for_alarm\(watched, f"\{\w+\}-([\w-]+)"', TRIED.read_text()))
    assert {name for name, how in told.items() if not how.startswith(("by hand", "not tried"))} == caused


def test_the_documented_example_is_valid() -> None:
    [example] = re.findall(r"^alarms: (\{.*\})$", OPERATIONS.read_text(), re.MULTILINE)
    alarms = Alarms.model_validate(YAML(typ="safe").load(example))
    assert (alarms.retry_rate, alarms.oldest_waiting, alarms.dead_letters) == (80, 4 * 3600, 100)
