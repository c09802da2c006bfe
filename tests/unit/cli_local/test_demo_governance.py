"""The demo's block on governance: it claims what archive and destinations bear out, and nothing else."""

import copy
import runpy
from pathlib import Path
from typing import Any

import pytest

from cli.local.governance import Finding, find_effects
from cli.local.report import render_findings
from cli.local.story import write_governed_events
from cli.workspace_files import load_workspace
from sluice.contracts.compile import compile_contracts

ROOT = Path(__file__).parents[3]

type Events = dict[str, dict[str, Any]]


@pytest.fixture
def sent() -> Events:
    return write_governed_events()


@pytest.fixture
def archive(sent: Events) -> list[dict[str, Any]]:
    """The lines of these events by the contract and the function that ship."""
    compiled = load_workspace(ROOT / "workspace")
    check = compile_contracts(compiled)["web"]
    [function] = compiled["sources"]["web"]["functions"]
    transform = runpy.run_path(str(ROOT / f"workspace/functions/{function}.py"))["transform_events"]
    return [make_line(event, check(copy.deepcopy(event)), transform) for event in sent.values()]


def make_line(event: dict[str, Any], outcome: Any, transform: Any) -> dict[str, Any]:
    line = {"message_id": event["messageId"], "verdict": "accepted", "reasons": [], "event": event}
    if outcome is not None:
        line["violations"] = outcome.violations
        if outcome.reasons:
            return {**line, "verdict": "blocked", "reasons": outcome.reasons}
        line["event"] = outcome.event
    [line["event"]] = transform([copy.deepcopy(line["event"])])
    return line if line["event"] == event else {**line, "original": event}


@pytest.fixture
def requests(archive: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a destination got: a list of all events that were accepted, refused once and then taken."""
    body = [line["event"] for line in archive if line["verdict"] == "accepted"]
    return [{"status": status, "headers": {}, "body": body} for status in (503, 200)]


def list_seen(findings: list[Finding]) -> list[bool]:
    return [finding.seen for finding in findings]


def test_what_ships_blocks_one_event_leaves_a_field_out_and_redacts_an_address(
    sent: Events, archive: Any, requests: Any
) -> None:
    findings = find_effects(sent, archive, requests)

    assert list_seen(findings) == [True, True, True]
    assert findings[0].shown.startswith("schema_violation: properties.total: ")
    assert findings[1].shown == 'properties.coupon: "AUTUMN" → (left out)'
    assert findings[2].shown == 'properties.recommended_by: "ann@example.com" → "[email]"'


def test_the_readme_shows_what_the_demo_prints(sent: Events, archive: Any, requests: Any) -> None:
    printed = render_findings(find_effects(sent, archive, requests)).plain

    assert printed in (ROOT / "README.md").read_text()


def test_without_contract_and_function_nothing_is_claimed(sent: Events) -> None:
    lines = [make_line(event, None, lambda events: events) for event in sent.values()]
    body = [*sent.values()]

    findings = find_effects(sent, lines, [{"status": 200, "headers": {}, "body": body}])
    assert list_seen(findings) == [False, False, False]
    assert [finding.shown for finding in findings] == ["was not blocked", *["nothing was changed"] * 2]


def test_events_that_are_not_in_the_archive_are_not_seen(sent: Events) -> None:
    assert list_seen(find_effects(sent, [], [])) == [False, False, False]


def test_what_a_destination_got_nevertheless_is_no_effect(sent: Events, archive: Any, requests: Any) -> None:
    leaked = {"status": None, "headers": {}, "body": [*sent.values()]}

    assert list_seen(find_effects(sent, archive, [*requests, leaked])) == [False, False, False]


def test_what_no_destination_took_is_not_delivered(sent: Events, archive: Any, requests: Any) -> None:
    assert list_seen(find_effects(sent, archive, requests[:1])) == [True, False, False]
