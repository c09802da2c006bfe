"""`sluice sync new`: a file with everything that the destination declares, which works as it is."""

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from cli.main import app
from cli.schema import describe_model
from cli.workspace_files import load_workspace, parse_file, read_workspace
from cli.yaml_values import to_plain
from sluice.destinations import KINDS, load_declaration
from sluice.workspace.models import Sync
from tests.unit.cli.folders import write_workspace

COMMENTED = re.compile(r"^( +)# (?=[ '\"]*[\w.]+['\"]?:)", re.MULTILINE)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def new(root, *options, name="web-to-it", kind="sandbox"):
    write_workspace(root, {"destinations/it.yaml": f"kind: {kind}\n"})
    return run("sync", "new", name, "-s", "web", "-d", "it", "-w", root, *options)


def read_types(root, name="web-to-it"):
    """The event types by name, once nothing is wrong with the sync's file."""
    folder = read_workspace(root)
    assert [error.message for error in folder.errors if "/syncs/" in error.file] == []
    return {event_type.type: event_type for event_type in folder.workspace.syncs[name].event_types}


@pytest.mark.parametrize("kind", KINDS)
def test_a_sync_to_any_destination_is_valid_with_all_its_event_types(tmp_path, kind):
    assert new(tmp_path, kind=kind).exit_code == 0
    assert set(read_types(tmp_path)) == set(load_declaration(kind).event_types)


@pytest.mark.parametrize("kind", KINDS)
def test_every_declared_field_is_listed_with_its_type_required_ones_first(tmp_path, kind):
    new(tmp_path, kind=kind)
    text = (tmp_path / "syncs/web-to-it.yaml").read_text()
    [_, *parts] = text.split("  - type: ")
    assert {part.split()[0] for part in parts} == set(load_declaration(kind).event_types)
    for part in parts:
        declared = load_declaration(kind).event_types[part.split()[0]]
        listed = re.findall(r"^ {4,}(?:# +)?(\w+):.*? # (\w+), (required|one of|optional)", part, re.M)
        assert sorted(name for name, *_ in listed) == sorted(declared.fields)
        assert {name: type_ for name, type_, _ in listed} == {n: f.type for n, f in declared.fields.items()}
        ranks = [["required", "one of", "optional"].index(rank) for _, _, rank in listed]
        assert ranks == sorted(ranks)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_commented_out_is_valid_once_it_is_not(tmp_path, kind):
    new(tmp_path, kind=kind)
    path = tmp_path / "syncs/web-to-it.yaml"
    text = path.read_text()
    while COMMENTED.search(text):
        text = COMMENTED.sub(r"\1", text)
    path.write_text(text)
    types = read_types(tmp_path)
    assert set(types) == set(load_declaration(kind).event_types)
    for name, event_type in types.items():
        declared = load_declaration(kind).event_types[name]
        assert set(declared.fields) <= set(event_type.mappings)
        assert event_type.filter


def test_what_a_destination_fills_by_default_it_fills_all_the_same(tmp_path):
    settings = '{data_plane_url: "https://rudder.example", write_key: {secret: "ssm:key"}}'
    new(tmp_path, kind=f"rudderstack\nsettings: {settings}")
    types = load_workspace(tmp_path)["syncs"]["web-to-it"]["event_types"]
    assert [compiled["type"] for compiled in types] == list(load_declaration("rudderstack").event_types)
    for compiled in types:
        declared = load_declaration("rudderstack").event_types[compiled["type"]]
        assert (compiled["filter"], compiled["mappings"]) == (declared.filter, declared.mappings)


def test_a_required_field_without_a_default_takes_the_events_property_of_its_name(tmp_path):
    new(tmp_path, "--type", "strict_event")
    assert read_types(tmp_path)["strict_event"].mappings == {"id": {"field": "properties.id"}}


def test_an_event_type_of_ones_own_gets_a_filter_to_change(tmp_path):
    told = new(tmp_path, "-t", "track_purchase")
    filter_ = {"field": "event", "op": "equals", "value": "Purchase"}
    assert read_types(tmp_path)["track_purchase"].filter == filter_
    assert "`- type: custom_event` sends the rest" in told.stdout


def test_it_says_what_comes_next(tmp_path):
    told = new(tmp_path)
    for command in ("check", "preview --sync web-to-it --event FILE", "template --write"):
        assert f"  sluice {command} --workspace {tmp_path}\n" in told.stdout


def test_it_names_its_schema_and_keeps_to_it(tmp_path):
    (tmp_path / "docs/schemas").mkdir(parents=True)
    new(tmp_path / "workspace")
    path = tmp_path / "workspace/syncs/web-to-it.yaml"
    first = path.read_text().partition("\n")[0]
    assert first == "# yaml-language-server: $schema=../../docs/schemas/sync.json"
    Draft202012Validator(describe_model(Sync)).validate(to_plain(parse_file(path)))


def test_the_template_lists_the_new_sync(tmp_path):
    new(tmp_path)
    template = tmp_path / "template.yaml"
    template.write_text((Path(__file__).parents[3] / "template.yaml").read_text())
    told = run("template", "--write", "--force", "--file", template, "-w", tmp_path)
    assert told.exit_code == 0
    assert "WebToIt" in template.read_text()


REFUSED = {
    "an invalid name": ({"name": "Web"}, [], "'Web' is not a valid name", "purchases-to-crm"),
    "a source": ({}, ["-s", "wbe"], "there is no source wbe", "did you mean web? there are: web"),
    "a destination": (
        {},
        ["-d", "itt"],
        "there is no destination itt",
        "did you mean it? there are: crm, it",
    ),
    "a kind": ({"kind": "htpp"}, [], "does not say what kind", "`sluice check` says why"),
    "an event type": (
        {"kind": "rudderstack"},
        ["-t", "trak"],
        "has no event type trak",
        "did you mean track?",
    ),
    "an event type's name": ({}, ["-t", "Purchase!"], "is not a name of an event type", "track_purchase"),
    "a file that is there": ({"name": "all"}, [], "is there already", "--force"),
    "another of its name": ({"name": "al-l1"}, [], "share a resource name", "choose another"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_written_is_told_with_what_to_do(tmp_path, name):
    over, options, message, hint = REFUSED[name]
    write_workspace(tmp_path, {"syncs/al-L1.yaml": "{}"} if "another" in name else {})
    before = sorted(tmp_path.glob("syncs/*"))
    told = new(tmp_path, *options, **over)
    assert told.exit_code == 1
    assert message in told.stderr
    assert hint in told.stderr
    assert sorted(tmp_path.glob("syncs/*")) == before


def test_force_writes_over_a_yaml_file_only(tmp_path):
    new(tmp_path)
    assert new(tmp_path, "--force", "-t", "strict_event").exit_code == 0
    assert set(read_types(tmp_path)) == {"strict_event"}
    (tmp_path / "syncs/other.json").write_text("{}")
    assert new(tmp_path, "--force", name="other").exit_code == 1
