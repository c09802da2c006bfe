"""docs/add-a-destination.md: its destination is one, its test passes, and its lists leave nothing out."""

import re
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import get_args

import orjson
import pytest
from ruamel.yaml import YAML

from cli.local.overlay import overlay_workspace
from sluice.destinations import KINDS, load_declaration
from sluice.destinations.declaration import Declaration
from sluice.destinations.event_types import FieldType
from sluice.workspace.compile import Workspace, find_problems
from sluice.workspace.models import Destination, Source, Sync
from tests.destinations import test_declarations as contract

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add-a-destination.md").read_text()
SINK = "http://127.0.0.1:4570"


def read_blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def run_block(name, source):
    """The module that a block of the page is."""
    module = ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)  # noqa: S102
    return module


@pytest.fixture
def acme(monkeypatch):
    """The page's destination as a kind like the others; its settings are those of the page."""
    source, _ = read_blocks("python")
    module = run_block("sluice.destinations.acme", source)
    destination, _ = (YAML(typ="safe").load(block) for block in read_blocks("yaml"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(KINDS, "acme", module.__name__)
    monkeypatch.setitem(contract.NEEDS, "acme", destination["settings"])
    return module


@pytest.mark.enable_socket
def test_the_test_of_the_page_passes_with_the_destination_of_the_page(acme):
    _, source = read_blocks("python")
    [run] = [value for name, value in vars(run_block("test_acme", source)).items() if name[:5] == "test_"]
    run()


def test_the_destination_of_the_page_keeps_the_contract(acme):
    contract.test_a_kind_declares_itself("acme")
    contract.test_an_event_type_and_its_fields_are_described("acme", "activity")
    contract.test_the_defaults_of_an_event_type_pass_the_check_of_a_workspace("acme", "activity")
    contract.test_settings_survive_the_compiled_workspace("acme")
    contract.test_an_unknown_setting_is_refused("acme")
    contract.test_every_item_is_in_exactly_one_request(kind="acme")
    contract.test_a_sender_answers("acme")


def test_a_batch_of_the_page_ends_at_the_bytes_of_the_vendor(acme):
    batch = contract.make_batch("acme", 0, max_items=50)
    batch.entries = [(item, {"name": "x" * 400_000}) for item, _ in contract.make_batch("acme", 5).entries]
    requests = list(acme.build(contract.make_settings("acme"), batch))
    assert [len(request.entries) for request in requests] == [2, 2, 1]
    assert all(len(request.body) <= acme.MAX_BODY for request in requests)
    assert len(orjson.loads(requests[0].body)["activities"]) == 2


def test_the_workspace_of_the_page_passes_the_check(acme):
    destination, sync = (YAML(typ="safe").load(block) for block in read_blocks("yaml"))
    workspace = Workspace(
        sources={"web": Source()},
        destinations={"acme": Destination.model_validate(destination)},
        syncs={"web-to-acme": Sync.model_validate(sync)},
    )
    assert find_problems(workspace) == []


def test_the_page_names_every_part_of_a_declaration_and_every_type_of_a_field():
    told = PAGE.lower()
    parts = {part.name for part in fields(Declaration)} - {"any_event_type"}
    assert {name for name in parts if f"{name}=" not in told and f"**`{name}`**" not in told} == set()
    assert {name for name in get_args(FieldType.__value__) if f"`{name}`" not in told} == set()


def test_the_places_that_the_page_names_exist():
    paths = set(re.findall(r"`((?:cli|tests|docs|layers)/[\w/.-]+)`", PAGE))
    assert "cli/local/overlay.py" in paths
    assert {path for path in paths if "acme" not in path and not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_local_stack_no_kind_calls_its_vendor(kind):
    """What `URL_SETTINGS` is for: a kind that is not in it would call out."""
    settings = contract.make_settings(kind).model_dump(mode="json", exclude_unset=True)
    workspace = {"sources": {}, "destinations": {"crm": {"kind": kind, "settings": settings}}}
    changed = overlay_workspace(SINK)(workspace)["destinations"]["crm"]["settings"]
    declaration = load_declaration(kind)
    [request] = declaration.build(declaration.settings.model_validate(changed), contract.make_batch(kind, 1))
    assert request.url.startswith((f"{SINK}/crm/", "sandbox:"))
