"""docs/contracts.md, the example that ships, and the benchmark's contract do what they say."""

import json
import random
import re
from pathlib import Path

import pytest
import yaml

from benchmarks.contracts import PROPERTIES, copy_with_contract
from benchmarks.events import load_events
from cli.local.story import write_visits
from cli.workspace_files import load_workspace
from sluice.contracts.compile import compile_contracts
from sluice.contracts.messages import MOST_MESSAGES
from sluice.workspace.contracts import Contract
from tests.unit.contracts.builders_contract import find_problems, make_check

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs/contracts.md").read_text()


def list_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


_, SHOP, VERSIONS = (yaml.safe_load(block) for block in list_blocks("yaml"))
EVENT, LINE = (json.loads(block) for block in list_blocks("json"))


def test_the_contracts_of_the_page_have_no_problems():
    for tree in (SHOP, VERSIONS):
        assert find_problems(Contract.model_validate(tree)) == []


def test_the_event_of_the_page_is_archived_as_the_page_shows():
    outcome = make_check(Contract.model_validate(SHOP))(EVENT)
    assert outcome.violations == LINE["violations"]
    assert LINE["original"] == EVENT
    assert outcome.event["properties"] == {"order_id": "A-1", "total": 5}


def test_the_defaults_of_the_page_are_the_files():
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`|]+)` \|", DOC, re.MULTILINE))
    contract = Contract()
    assert rows == {
        "on_undeclared_schema": contract.on_undeclared_schema,
        "on_undeclared_fields": contract.on_undeclared_fields,
        "on_schema_violation": contract.on_schema_violation,
        "scope": contract.scope,
        "include_built_in_context": str(contract.include_built_in_context).lower(),
        "schema_version_path": ".".join(contract.schema_version_path),
    }


def test_the_page_says_how_many_messages_there_are():
    assert f"at most {MOST_MESSAGES} messages" in DOC


@pytest.fixture(scope="module")
def shipped():
    """The check of the shipped workspace's web source with the contract that ships."""
    compiled = load_workspace(ROOT / "workspace")
    sources = {"web": {"contracts": ["ecommerce"]}}
    return compile_contracts({"contracts": compiled["contracts"], "sources": sources})["web"]


def test_the_demo_keeps_the_contract_that_ships(shipped):
    visits = list(write_visits(random.Random(7)))
    assert len(visits) > 50
    for kind, call in visits:
        assert shipped({"type": kind, **call}) is None


def test_the_contract_that_ships_shows_each_kind(shipped):
    order = {"type": "track", "event": "Order Completed", "properties": {"order_id": "order-1", "total": 5}}
    assert shipped(order) is None
    assert shipped({**order, "properties": {"order_id": "x", "total": 5}}).reasons == ["schema_violation"]
    outcome = shipped({**order, "properties": {**order["properties"], "coupon": "AUTUMN"}})
    assert outcome.event == order
    assert shipped({"type": "track", "event": "Else"}).reasons == []
    second = {**order, "context": {"htevents": {"schemaVersion": "v2"}}}
    assert shipped(second).violations["schema_version"] == "v2"


def test_the_benchmarks_contract_checks_every_event_against_20_properties():
    compiled = load_workspace(ROOT / "benchmarks/workspace_contracts")
    check = compile_contracts(compiled)["web"]
    [contract] = compiled["contracts"].values()
    assert contract["events"]
    for event in contract["events"]:
        schema = contract["components"]["details"] if "$ref" in event["schema"] else event["schema"]
        assert len(schema["properties"]) == 20
    events = load_events(None)[:500]
    assert len(events) == 500
    for event in events:
        assert check(event) is None
        assert check({**event, "properties": {"odd": 1}, "traits": {"odd": 1}}) is not None


def test_a_contract_for_events_of_a_file_has_20_properties_and_they_keep_it(tmp_path):
    events = [
        {**event, "event": "Else", "properties": {"odd": [n]}}
        for n, event in enumerate(load_events(None)[:500])
    ]
    folder = copy_with_contract(ROOT / "benchmarks/workspace_contracts", tmp_path / "workspace", events)
    compiled = load_workspace(folder)
    check = compile_contracts(compiled)["web"]
    assert {check(event) for event in events} == {None}
    [contract] = compiled["contracts"].values()
    assert all(len(event["schema"]["properties"]) >= PROPERTIES for event in contract["events"])


@pytest.mark.parametrize("name", ["workspace_shipped", "workspace_contracts"])
def test_the_router_is_measured_with_the_syncs_that_ship(name):
    shipped, measured = load_workspace(ROOT / "workspace"), load_workspace(ROOT / "benchmarks" / name)
    assert measured["syncs"] == shipped["syncs"]
    assert measured["destinations"] == shipped["destinations"]


def test_the_router_is_measured_without_contract_and_function_too():
    source = load_workspace(ROOT / "benchmarks/workspace_shipped")["sources"]["web"]
    assert (source["contracts"], source["functions"]) == ([], [])
