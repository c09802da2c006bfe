"""RudderStack's own cases for its tracking plans, as contracts; where we differ is in docs/contracts.md."""

import json

import pytest

from tests.unit.contracts.builders_contract import find_problems, make_check, make_contract

ALL = ("has_undeclared_schema", "has_undeclared_fields", "has_schema_violated")
KINDS = {"Unplanned-Event": ALL[0], "Additional-Properties": ALL[1]}
"""Their kinds of violation as our flags; every other kind is a broken schema."""


@pytest.fixture(scope="module")
def cases(shared):
    path = shared / "cases" / "rudder" / "contracts.json"
    if not path.is_file():
        pytest.skip("RudderStack's cases are not beside the repository")
    return json.loads(path.read_bytes())


def list_events(case):
    plan = case["input"].get("contract") or {}
    return (plan.get("rules") or plan).get("events", [])


def translate(case):
    """The plan as a contract over the payload; only draft 7 is."""
    config = case["input"]["metadata"].get("mergedTpConfig", {})
    allows = str(config.get("allowUnplannedEvents", "true")).lower() == "true"
    actions = {
        "on_undeclared_schema": "ALLOW_EVENT" if allows else "BLOCK_EVENT",
        "on_undeclared_fields": "BLOCK_EVENT"
        if config.get("unplannedProperties") == "drop"
        else "ALLOW_EVENT",
        "on_schema_violation": "BLOCK_EVENT" if config.get("anyOtherViolation") == "drop" else "ALLOW_EVENT",
    }
    events = [
        {"type": "track", "name": event["name"], "schema": event["rules"]}
        for event in list_events(case)
        if event["name"] and "draft-07" in event["rules"].get("$schema", "draft-07")
    ]
    return make_contract(scope="payload", events=events, **actions)


def check_case(case):
    """(drop, flags) as ours."""
    event = case["input"]["event"]
    outcome = make_check(translate(case))(event)
    if outcome is None:
        return False, set()
    return bool(outcome.reasons), {flag for flag in ALL if outcome.violations[flag]}


def test_tracks_come_out_the_same_but_where_the_docs_say(cases):
    tried, different = 0, {}
    for case in cases:
        event = case["input"].get("event") or {}
        expected = case["expected"]
        if event.get("type") != "track" or "violations" not in expected:
            continue
        name = event["event"]
        rules = [e["rules"] for e in list_events(case) if e["name"] == name]
        if rules and "draft-07" not in rules[0].get("$schema", "draft-07"):
            continue
        tried += 1
        drop, flags = check_case(case)
        theirs = {KINDS.get(violation["type"], ALL[2]) for violation in expected["violations"]}
        if (expected.get("drop", drop), theirs) != (drop, flags):
            different[case["description"].partition(":")[0]] = (sorted(theirs), sorted(flags))
    assert different == {}
    assert tried == 17


def test_their_schemas_of_draft_7_pass_our_check(cases):
    found = {}
    for case in cases:
        for event in list_events(case):
            if event["name"] and "draft-07" in event["rules"].get("$schema", ""):
                contract = make_contract(
                    {"type": "track", "name": event["name"], "schema": event["rules"]}, scope="payload"
                )
                for problem in find_problems(contract):
                    found[problem.message] = event["name"]
    assert found == {}
