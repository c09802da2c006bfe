"""`sluice template` keeps the syncs of template.yaml equal to the workspace."""

import json
import re
from dataclasses import fields
from typing import Any

import pytest

from cli.resources import MAX_RESOURCES, count_composites, read_resources
from cli.template import ALARM_COLUMNS, ALARM_DEFAULTS, DEFAULTS, VISIBILITY_FACTOR, list_syncs, render
from cli.workspace_files import load_workspace
from sluice.delivery.limits import Limits
from sluice.errors import WorkspaceError
from sluice.workspace.names import MAX_SLUG
from tests.template.builders import make_sync, make_workspace
from tests.template.expand import TEMPLATE, expand_template
from tests.template.permissions import find_statements

MAX_TEMPLATE = 1_000_000  # bytes, in S3, where `resolve_s3` puts it
MAX_MAPPING = 200  # rows; CloudFormation speaks of attributes
MAX_INLINE_POLICIES = 10_240  # characters of a role's, white space not counted
# Stack and sync share the 64 characters of a function's name; a queue's has 9 more, of the stack's id.
LONGEST_ARN = f"arn:aws-us-gov:sqs:us-gov-west-1:123456789012:{'s' * (64 + 9)}"
WORKSPACE = TEMPLATE.parent / "workspace"
SOME = make_workspace(zebra=make_sync("Zebra"), ant_farm=make_sync("AntFarm", destination="shop"))


def test_the_template_has_the_syncs_of_the_workspace(template_text: str) -> None:
    assert render(template_text, load_workspace(WORKSPACE)) == template_text


def test_rendering_changes_nothing_but_what_stands_between_markers(template_text: str) -> None:
    def without_syncs(text: str) -> str:
        return re.sub(r"(>>> \w+ written by).*?(<<< )", r"\1\2", text, flags=re.DOTALL)

    rendered = render(template_text, SOME)
    assert without_syncs(rendered) == without_syncs(template_text)
    assert list_syncs(rendered) == ["AntFarm", "Zebra"]
    assert render(rendered, SOME) == rendered


def test_a_row_has_only_what_differs_from_the_defaults(template_text: str) -> None:
    own = make_sync("Own", max_concurrency=2, timeout=90)
    rendered = render(template_text, make_workspace(own=own, plain=make_sync()))
    assert "    Plain: {Slug: plain, Destination: crm}\n" in rendered
    columns = "Slug: own, Destination: crm, MaxConcurrency: 2, Timeout: 90, Visibility: 540"
    assert f"    Own: {{{columns}}}\n" in rendered


def test_the_defaults_are_those_the_template_reads(template_text: str) -> None:
    found = dict(re.findall(r"!Ref Sync, (\w+), DefaultValue: (\d+)\]", template_text))
    limits = {column: ALARM_DEFAULTS[name] for column, name in ALARM_COLUMNS.items()}
    wanted = {**DEFAULTS, **limits, "Visibility": VISIBILITY_FACTOR * DEFAULTS["Timeout"]}
    assert found == {column: str(value) for column, value in wanted.items()}


def test_a_row_has_the_limits_of_alarms_that_differ_from_the_defaults(template_text: str) -> None:
    alarms = {**ALARM_DEFAULTS, "failure_rate": 0.5, "dead_letters": 1_000_000}
    rendered = render(template_text, make_workspace(own=make_sync("Own", alarms=alarms)))
    assert "    Own: {Slug: own, Destination: crm, DeadLetters: 1000000}\n" in rendered


def test_each_limit_is_kept_by_the_template_or_by_a_function() -> None:
    of_delivery = {field.name for field in fields(Limits)}
    assert sorted([*ALARM_COLUMNS.values(), *of_delivery, "queue_age"]) == sorted(ALARM_DEFAULTS)


@pytest.mark.parametrize(("syncs", "composites"), [(1, 1), (36, 1), (37, 2), (60, 2)])
def test_every_alarm_of_every_sync_is_below_one_composite_alarm(
    template_text: str, syncs: int, composites: int
) -> None:
    names = [f"S{n}" for n in range(syncs)]
    workspace = make_workspace(**{name.lower(): make_sync(name) for name in names})
    resources = expand_template(render(template_text, workspace))["Resources"]
    found = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::CloudWatch::CompositeAlarm"]
    assert len(found) == composites == count_composites(syncs)
    assert len(resources) == read_resources(template_text).count(syncs)
    below = [
        child["Ref"]
        for composite in found
        for child in composite["AlarmRule"]["Fn::Sub"][1]["Syncs"]["Fn::Join"][1]
    ]
    assert sorted(below) == sorted(
        f"{name}{alarm}" for name in names for alarm in ("DeadLettersAlarm", "FunctionErrorsAlarm")
    )
    assert len({composite["AlarmName"]["Fn::Sub"] for composite in found}) == composites


def test_a_retired_sync_keeps_its_queues(template_text: str) -> None:
    rendered = render(template_text, make_workspace(old=make_sync("Old", retired=True)))
    assert list_syncs(rendered) == ["Old"]


def make_many(count: int, *, longest: bool = False) -> dict[str, Any]:
    """A workspace of so many syncs; with `longest` their names are as long as a slug may be."""
    digits = MAX_SLUG - len("S") if longest else 0
    return make_workspace(**{f"s{n:0{digits}}": make_sync(f"S{n:0{digits}}") for n in range(count)})


def test_as_many_syncs_fit_one_stack_as_its_resources_allow_and_one_more_is_refused(
    template_text: str,
) -> None:
    resources = read_resources(template_text)
    room = resources.room
    expanded = expand_template(render(template_text, make_many(room)))["Resources"]
    assert len(expanded) == resources.count(room) <= MAX_RESOURCES < resources.count(room + 1)
    with pytest.raises(WorkspaceError, match=f"{room + 1} syncs do not fit one stack, which takes {room}"):
        render(template_text, make_many(room + 1))


def test_a_sync_has_only_the_resources_that_keep_it_apart(template_text: str) -> None:
    of_sync = [name for name in read_resources(template_text).of_sync if not name.endswith("Alarm")]
    assert of_sync == ["Queue", "Dlq", "DeliveryFunction", "DeliveryMapping", "DeliveryRole"]


def test_a_full_stack_of_the_longest_names_keeps_the_other_limits_of_aws(template_text: str) -> None:
    workspace = make_many(read_resources(template_text).room, longest=True)
    rendered = render(template_text, workspace)
    expanded = expand_template(rendered)
    assert len(rendered.encode()) < MAX_TEMPLATE
    assert len(json.dumps(expanded, separators=(",", ":")).encode()) < MAX_TEMPLATE
    assert len(workspace["syncs"]) < MAX_MAPPING
    role = expanded["Resources"]["RouterRole"]["Properties"]["Policies"]
    shared = expanded["Resources"]["RouterSyncsPolicy"]["Properties"]["PolicyDocument"]
    text = json.dumps(write_arns([role, shared]), separators=(",", ":"))
    assert text.count(LONGEST_ARN) > len(workspace["syncs"])
    assert len(text) < MAX_INLINE_POLICIES


def write_arns(node: Any) -> Any:
    """Every reference as an ARN of the greatest length."""
    match node:
        case {"Fn::GetAtt": _} | {"Fn::Sub": _}:
            return LONGEST_ARN
        case dict():
            return {key: write_arns(value) for key, value in node.items()}
        case list():
            return [write_arns(value) for value in node]
    return node


def list_arns(statement: Any) -> list[str]:
    """The logical ids whose ARNs a statement lists."""
    resources = statement.get("Resource", [])
    return [each["Fn::GetAtt"][0] for each in resources if isinstance(resources, list)]


def test_a_sync_whose_resources_are_taken_is_refused(template_text: str) -> None:
    with pytest.raises(WorkspaceError, match="second IngestDlq"):
        render(template_text, make_workspace(ingest=make_sync("Ingest")))


def test_a_workspace_without_a_sync_is_refused(template_text: str) -> None:
    with pytest.raises(WorkspaceError, match="no sync"):
        render(template_text, make_workspace())


@pytest.mark.parametrize("lost", ["# >>> list", "# <<< rows"])
def test_a_lost_marker_is_named(template_text: str, lost: str) -> None:
    with pytest.raises(WorkspaceError, match="markers"):
        render(template_text.replace(lost, "# "), SOME)


def test_the_router_is_updated_after_everything_it_needs_of_a_sync(template_text: str) -> None:
    """A router that knows a sync before its queue takes messages puts the sync's packs back, and is late."""
    resources = expand_template(render(template_text, SOME))["Resources"]
    needs = resources["RouterFunction"]["DependsOn"]
    policies = {
        name
        for name, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": "RouterRole"} in resource["Properties"]["Roles"]
    }
    assert policies | {"QueuesPolicy"} == set(needs)


def test_the_router_may_send_to_each_syncs_queue_and_to_no_dead_letter_queue(template_text: str) -> None:
    resources = expand_template(render(template_text, SOME))["Resources"]
    (statement,) = find_statements(resources["RouterSyncsPolicy"])
    assert statement["Action"] == "sqs:SendMessage"
    assert list_arns(statement) == ["AntFarmQueue", "ZebraQueue"]


def test_every_queue_of_every_sync_has_the_policy_of_all(template_text: str) -> None:
    resources = expand_template(render(template_text, SOME))["Resources"]
    guarded = {queue["Ref"] for queue in resources["QueuesPolicy"]["Properties"]["Queues"]}
    assert guarded == {name for name, each in resources.items() if each["Type"] == "AWS::SQS::Queue"}
