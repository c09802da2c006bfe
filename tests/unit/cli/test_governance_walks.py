"""The walk throughs of docs/contracts.md and docs/functions.md, with the workspace that ships."""

import copy
import json
import re
import runpy
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from cli.workspace_files import load_workspace
from sluice.contracts.compile import compile_contracts
from sluice.workspace.contracts import Contract
from tests.unit.contracts.builders_contract import make_check

ROOT = Path(__file__).parents[3]


def read_walk(page):
    text = (ROOT / f"docs/{page}.md").read_text()
    return re.split(r"^## ", text.partition("\n## A walk through\n")[2], flags=re.MULTILINE)[0]


CONTRACTS, FUNCTIONS = read_walk("contracts"), read_walk("functions")


def read_rows(walk):
    return re.findall(r"^\| `(\{.*?\})` \| (.*?) \| ?(.*?) ?\|$", walk, re.MULTILINE)


def make_track(text):
    return {"type": "track", "messageId": "m-1", "userId": "u-1", **json.loads(text)}


@pytest.fixture
def workspace(tmp_path):
    """A copy of what ships, with the function of the page behind the one that is there."""
    [code] = re.findall(r"^```python\n(.*?)^```", FUNCTIONS, re.MULTILINE | re.DOTALL)
    [lines] = re.findall(
        r"^```yaml\n# workspace/sources/web.yaml\n(.*?)^```", FUNCTIONS, re.MULTILINE | re.DOTALL
    )
    folder = Path(shutil.copytree(ROOT / "workspace", tmp_path / "workspace"))
    (folder / "functions/size_orders.py").write_text(code)
    source = folder / "sources/web.yaml"
    source.write_text(re.sub(r"^functions:.*\n", lines, source.read_text(), flags=re.MULTILINE))
    return folder


def govern(folder, event):
    """What goes on of an event, or None: contract, then the functions of the source."""
    compiled = load_workspace(folder)
    outcome = compile_contracts(compiled)["web"](copy.deepcopy(event))
    if outcome is not None and outcome.reasons:
        return None
    events = [copy.deepcopy(event) if outcome is None else outcome.event]
    for name in compiled["sources"]["web"]["functions"]:
        events = runpy.run_path(str(folder / f"functions/{name}.py"))["transform_events"](events)
    [made] = events
    return made


def test_the_source_that_ships_has_the_contract_attached():
    assert load_workspace(ROOT / "workspace")["sources"]["web"]["contracts"] == ["ecommerce"]


@pytest.mark.parametrize(("sent", "becomes", "told"), read_rows(CONTRACTS))
def test_the_contract_does_what_the_page_says(sent, becomes, told):
    event = make_track(sent)
    outcome = compile_contracts(load_workspace(ROOT / "workspace"))["web"](copy.deepcopy(event))
    if not told:
        assert (outcome, becomes) == (None, "goes on")
        return
    assert outcome.violations["messages"] == [told.strip("`")]
    assert becomes.startswith("blocked: ") == bool(outcome.reasons)
    assert [*map(str, outcome.reasons)] == re.findall(r"blocked: `(\w+)`", becomes)
    left_out = set(event["properties"]) - set(outcome.event["properties"])
    assert sorted(left_out) == re.findall(r"without `properties\.(\w+)`", becomes)


def test_each_thing_that_a_contract_does_has_a_row():
    outcomes = [becomes for _, becomes, _ in read_rows(CONTRACTS)]
    assert len(outcomes) == 5
    assert {"goes on", "blocked: `schema_violation`", "goes on without `properties.coupon`"} == set(outcomes)


def test_a_wrong_name_is_blocked_where_the_contract_says_so():
    tree = yaml.safe_load((ROOT / "workspace/contracts/ecommerce.yaml").read_text())
    check = make_check(Contract.model_validate({**tree, "on_undeclared_schema": "BLOCK_EVENT"}))
    wrong = make_track(read_rows(CONTRACTS)[-1][0])
    assert [*map(str, check(wrong).reasons)] == ["undeclared_event"]


@pytest.mark.parametrize(("sent", "told", "gets"), read_rows(FUNCTIONS))
def test_contract_and_function_make_of_an_event_what_the_page_says(sent, told, gets):
    event = make_track(sent)
    made = govern(ROOT / "workspace", event)
    assert made == (None if gets == "nothing" else make_track(gets.strip("`")))
    left_out = re.findall(r"without `properties\.(\w+)`", told)
    assert (told == "nothing") == (made is None)
    if made is not None:
        assert sorted(set(event["properties"]) - set(made["properties"])) == left_out


def test_the_page_of_functions_has_an_event_of_each_outcome():
    assert len(read_rows(FUNCTIONS)) == 3


def test_the_function_of_the_page_is_tried_as_the_page_shows(workspace, tmp_path):
    [order] = re.findall(r"`order\.json`, say `(\{.*\})`", FUNCTIONS)
    [(command, printed)] = re.findall(
        r"^```console\n\$ uv run sluice (.*)\n((?:.*\n)*?)```$", FUNCTIONS, re.MULTILINE
    )
    (tmp_path / "order.json").write_text(order)
    arguments = [str(tmp_path / part) if part == "order.json" else part for part in command.split()]
    finished = CliRunner().invoke(app, [*arguments, "--workspace", str(workspace)])
    assert (finished.exit_code, finished.output) == (0, printed)


def test_both_functions_run_behind_the_contract(workspace):
    assert load_workspace(workspace)["sources"]["web"]["functions"] == ["redact_email", "size_orders"]
    order = make_track('{"event": "Order Completed", "properties": {"order_id": "order-1", "total": 119}}')
    assert govern(workspace, order)["properties"] == {"order_id": "order-1", "total": 119, "size": "large"}
    cheap = {**order, "properties": {"order_id": "order-2", "total": 5}}
    assert govern(workspace, cheap)["properties"]["size"] == "small"


def test_the_order_that_the_page_on_syncs_sends_is_let_through():
    [sent] = re.findall(r"/v1/track -d '(.*)'$", (ROOT / "docs/add-a-sync.md").read_text(), re.MULTILINE)
    event = make_track(sent)
    assert govern(ROOT / "workspace", event) == event
