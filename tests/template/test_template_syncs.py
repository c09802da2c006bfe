"""`sluice template` keeps the syncs of template.yaml equal to the workspace."""

import re
from typing import Any

import pytest

from cli.resources import MAX_RESOURCES, read_resources
from cli.template import ALARM_COLUMNS, ALARM_DEFAULTS, DEFAULTS, VISIBILITY_FACTOR, list_syncs, render
from cli.workspace_files import load_workspace
from sluice.errors import WorkspaceError
from tests.template.builders import make_sync, make_workspace
from tests.template.expand import TEMPLATE, expand_template

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
    wanted = {**DEFAULTS, "Visibility": VISIBILITY_FACTOR * DEFAULTS["Timeout"]}
    assert found == {column: str(value) for column, value in wanted.items()}


def test_a_row_has_the_limits_of_alarms_that_differ_from_the_defaults(template_text: str) -> None:
    alarms = {**ALARM_DEFAULTS, "failure_rate": 0.5, "oldest_waiting": 1_000_000}
    rendered = render(template_text, make_workspace(own=make_sync("Own", alarms=alarms)))
    columns = 'Slug: own, Destination: crm, FailureRate: "0.5", OldestWaiting: "1000000"'
    assert f"    Own: {{{columns}}}\n" in rendered


def test_the_limits_of_alarms_that_the_template_reads_are_the_workspaces(template_text: str) -> None:
    found = dict(re.findall(r'!Ref Sync, (\w+), DefaultValue: "(.+)"\]', template_text))
    assert found == {column: f"{ALARM_DEFAULTS[name]:g}" for column, name in ALARM_COLUMNS.items()}
    assert set(ALARM_COLUMNS.values()) == set(ALARM_DEFAULTS)


def test_a_retired_sync_keeps_its_queues(template_text: str) -> None:
    rendered = render(template_text, make_workspace(old=make_sync("Old", retired=True)))
    assert list_syncs(rendered) == ["Old"]


def test_35_syncs_fit_one_stack_and_too_many_are_refused(template_text: str) -> None:
    def many(count: int) -> dict[str, Any]:
        return make_workspace(**{f"sync{n}": make_sync(f"Sync{n}") for n in range(count)})

    expanded = expand_template(render(template_text, many(35)))["Resources"]
    assert len(expanded) == read_resources(template_text).count(35) <= MAX_RESOURCES
    with pytest.raises(WorkspaceError, match=f"do not fit one stack.*{MAX_RESOURCES} is the limit"):
        render(template_text, many(100))


def test_a_sync_takes_a_dozen_resources_at_most(template_text: str) -> None:
    one = expand_template(render(template_text, make_workspace(a=make_sync("A"))))["Resources"]
    two = expand_template(render(template_text, make_workspace(a=make_sync("A"), b=make_sync("B"))))[
        "Resources"
    ]
    assert len(two) - len(one) <= 12


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
    """A router that knows a sync before its queue takes messages sends the other syncs' packs again."""
    resources = expand_template(render(template_text, SOME))["Resources"]
    needs = resources["RouterFunction"]["DependsOn"]
    assert set(needs) <= set(resources)
    for name in ("AntFarm", "Zebra"):
        assert {f"{name}Queue", f"{name}QueuePolicy", f"{name}RouterPolicy"} <= set(needs)
    policies = {
        name
        for name, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": "RouterRole"} in resource["Properties"]["Roles"]
    }
    assert policies <= set(needs), "a right of the router's role"
