"""docs/syncs.md can be followed: its steps are one working sync, each option's example does what it says."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from cli.main import app
from cli.workspace_files import load_workspace
from sluice.casts import CASTS
from sluice.destinations import load_declaration
from sluice.errors import MappingError
from sluice.filters import compile_filter
from sluice.filters.conditions import KEYS
from sluice.filters.operators import NAMES
from sluice.mapping import compile_mapping
from sluice.source_syntax import KINDS, OPTIONS, SPREAD
from sluice.workspace.compile import Workspace, compile_workspace, find_problems
from sluice.workspace.filter_errors import find_filter_errors
from sluice.workspace.models import Destination, Source, Sync

TEXT = (Path(__file__).parents[2] / "docs/syncs.md").read_text()
NOW = 1795312800.0  # 2026-11-22T02:00:00Z, as the page says
ROW = re.compile(r"^\| `(\{.*?\})` \| `?(.*?)`? \|$", re.MULTILINE)


def read_section(heading, text=TEXT):
    start = f"\n{heading}\n"
    assert start in text
    return re.split(rf"\n#{{2,{heading.count('#')}}} ", text.partition(start)[2])[0]


def read_blocks(language, text):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def load(text):
    return YAML(typ="safe").load(text)


def read_rows(heading):
    """(YAML, what stands beside it) of the rows of the table under a heading."""
    return [(load(cell.replace("\\|", "|")), said) for cell, said in ROW.findall(read_section(heading))]


WALK = read_section("## Configure a sync, step by step")
BLOCKS = [load(block) for block in read_blocks("yaml", WALK)]
EVENT = json.loads(read_blocks("json", read_section("## Every option by an example"))[0])
FILTERS = read_rows("### Which events a filter takes")
MAPPINGS = read_rows("### What a mapping makes")
EXTENSIONS = read_rows("### What extends defaults")


@pytest.fixture
def workspace(tmp_path):
    """A folder with the source, the page's destination, and its whole sync."""
    folder = tmp_path / "workspace"
    destination, *_, sync = read_blocks("yaml", WALK)
    files = {
        "sources/web.yaml": "{}",
        "destinations/braze.yaml": destination,
        "syncs/purchases-to-braze.yaml": sync,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_steps_make_a_sync_without_problems_or_warnings(workspace):
    told = run("check", "-w", workspace)
    assert (told.exit_code, told.stderr) == (0, "")


def test_every_step_is_a_part_of_the_whole_file():
    _, *steps, whole = BLOCKS
    purchase = whole["event_types"][0]
    assert len(steps) == 4
    for step in steps:
        for key, part in step.items():
            assert part == purchase[key] if key == "filter" else part.items() <= purchase[key].items()


def test_the_event_of_the_steps_is_sent_as_the_page_says(workspace):
    event, payload = map(json.loads, read_blocks("json", WALK))
    [purchase, custom] = load_workspace(workspace)["syncs"]["purchases-to-braze"]["event_types"]
    assert compile_filter(purchase["filter"])(event)
    assert compile_mapping(purchase["mappings"])(event) == payload
    assert custom["filter"] is None


def test_the_file_may_be_json(workspace):
    before = load_workspace(workspace)
    path = workspace / "syncs/purchases-to-braze.yaml"
    path.with_suffix(".json").write_text(json.dumps(load(path.read_text())))
    path.unlink()
    assert load_workspace(workspace) == before


def test_a_required_field_that_is_left_out_is_told_as_the_page_says(workspace, monkeypatch):
    path = workspace / "syncs/purchases-to-braze.yaml"
    lines = path.read_text().splitlines()
    keep = [line for line in lines if not re.match(r" +(extends|time|products):", line)]
    extra = "      external_id: {field: userId}\n      currency: {value: EUR}"
    path.write_text("\n".join(keep).replace("    mappings:\n", f"    mappings:\n{extra}\n", 1))
    monkeypatch.chdir(workspace.parent)
    told = run("check", "-w", workspace)
    assert told.stderr == read_blocks("text", WALK)[0]


def test_the_command_of_the_first_step_writes_the_file(workspace):
    [command] = re.findall(r"sluice (sync new .*)", WALK)
    (workspace / "syncs/purchases-to-braze.yaml").unlink()
    assert run(*command.split(), "-w", workspace).exit_code == 0
    assert run("check", "-w", workspace).exit_code == 0


@pytest.mark.parametrize(("spec", "said"), FILTERS, ids=str)
def test_a_filter_takes_the_event_as_the_page_says(spec, said):
    assert list(find_filter_errors(spec)) == []
    assert compile_filter(spec, now=lambda: NOW)(EVENT) is {"yes": True, "no": False}[said]


def make(mappings):
    try:
        return compile_mapping(mappings)(EVENT)
    except MappingError as error:
        return str(error.reason)


def read_result(said):
    return json.loads(said) if said.startswith("{") else said


@pytest.mark.parametrize(("mappings", "said"), MAPPINGS, ids=str)
def test_a_mapping_makes_what_the_page_says(mappings, said):
    assert make(mappings) == read_result(said)


@pytest.mark.parametrize(("mappings", "said"), EXTENSIONS, ids=str)
def test_defaults_are_extended_as_the_page_says(mappings, said):
    settings = {"data_plane_url": "https://rudder.example", "write_key": {"secret": "ssm:key"}}
    sync = {"source": "web", "destination": "cdp", "event_types": [{"type": "track", "mappings": mappings}]}
    workspace = Workspace(
        {"web": Source()},
        {"cdp": Destination(kind="rudderstack", settings=settings)},
        {"a": Sync.model_validate(sync)},
    )
    assert find_problems(workspace) == []
    [compiled] = compile_workspace(workspace)["syncs"]["a"]["event_types"]
    assert make(compiled["mappings"]) == read_result(said)


def test_the_defaults_named_are_those_that_are_declared():
    text = read_section("### What extends defaults").partition("\n\n|")[0]
    named = re.findall(r"`(\w+)`", text)
    assert named == ["track", *load_declaration("rudderstack").event_types["track"].mappings]


def list_words(tree):
    """Every key, and every text, in a tree."""
    if isinstance(tree, dict):
        return {*tree, *(word for inner in tree.values() for word in list_words(inner))}
    if isinstance(tree, list):
        return {word for inner in tree for word in list_words(inner)}
    return {tree} if isinstance(tree, str) else set()


def test_every_operator_and_key_of_a_filter_has_an_example():
    words = list_words([spec for spec, _ in FILTERS])
    assert set(NAMES) | set(KEYS) <= words
    assert {spec["op"] for spec, said in FILTERS if "op" in spec and said == "yes"} == set(NAMES)


def test_every_source_option_and_cast_of_a_mapping_has_an_example():
    words = list_words([mappings for mappings, _ in MAPPINGS])
    options = {option for options in OPTIONS.values() for option in options}
    assert {*OPTIONS, *options, *KINDS, SPREAD, "omit", "error"} <= words
    assert set(KINDS) <= set(CASTS)
