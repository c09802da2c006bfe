"""`sluice init`: a workspace that works as it is, and never one in place of another."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from cli.main import app
from cli.schema import describe_destination, describe_model
from cli.workspace_files import load_workspace, parse_file
from cli.yaml_values import to_plain
from sluice.workspace.models import Source, Sync

FILES = ["destinations/webhook.yaml", "sources/web.yaml", "syncs/events-to-webhook.yaml"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def list_files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def fresh(tmp_path):
    folder = tmp_path / "shops" / "fresh"
    told = run("init", folder)
    assert told.exit_code == 0, told.output
    return folder


def test_a_fresh_workspace_has_no_problems_and_no_warnings(fresh):
    told = run("check", "-w", fresh)
    assert (told.exit_code, told.stderr) == (0, "")
    assert "1 source, 1 destination, 1 sync, no problems" in told.stdout


def test_it_sends_every_event_to_one_http_destination(fresh):
    workspace = load_workspace(fresh)
    assert list_files(fresh) == FILES
    assert workspace["destinations"]["webhook"]["kind"] == "http"
    [sync] = workspace["syncs"].values()
    assert [event_type["type"] for event_type in sync["event_types"]] == ["custom_event"]


def test_what_stands_in_comments_is_valid_too(fresh):
    """An operator begins by removing `# `."""
    for name in ("destinations/webhook.yaml", "syncs/events-to-webhook.yaml"):
        lines = (fresh / name).read_text().splitlines()
        start = next(
            n for n, line in enumerate(lines) if line.strip() in ("# headers:", "# - type: purchase")
        )
        lines[start:] = [line.replace("# ", "", 1) for line in lines[start:]]
        (fresh / name).write_text("\n".join(line for line in lines if "custom_event" not in line))
    assert run("check", "-w", fresh).exit_code == 0
    [sync] = load_workspace(fresh)["syncs"].values()
    assert [event_type["type"] for event_type in sync["event_types"]] == ["purchase"]


def test_it_keeps_to_the_schemas(fresh):
    schemas = [describe_destination(), describe_model(Source), describe_model(Sync)]
    for name, schema in zip(FILES, schemas, strict=True):
        Draft202012Validator(schema).validate(to_plain(parse_file(fresh / name)))


def test_a_key_can_be_made_and_the_comments_stay(fresh):
    before = (fresh / "sources/web.yaml").read_text()
    assert run("keys", "create", "-w", fresh, "-s", "web").exit_code == 0
    assert (fresh / "sources/web.yaml").read_text().startswith(before.partition("keys:")[0])
    assert run("check", "-w", fresh).exit_code == 0


def test_without_schemas_around_no_file_names_one(fresh):
    assert not [name for name in FILES if "$schema" in (fresh / name).read_text()]


@pytest.mark.parametrize("folder", ["workspace", "workspaces/shop"])
def test_a_file_names_its_schema_where_there_is_one(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    assert run("schema", "--write").exit_code == 0
    assert run("init", folder).exit_code == 0
    for name in FILES:
        path = Path(folder) / name
        first = path.read_text().partition("\n")[0]
        schema = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
        assert schema == tmp_path / "docs/schemas" / f"{path.parent.name.removesuffix('s')}.json"
        assert schema.is_file()


def test_an_empty_folder_is_filled(tmp_path):
    assert run("init", tmp_path).exit_code == 0
    assert list_files(tmp_path) == FILES


def test_a_folder_with_something_in_it_is_left_as_it_is(fresh):
    (fresh / "sources/web.yaml").write_text("description: Mine\n")
    told = run("init", fresh)
    assert told.exit_code == 1
    assert told.stderr == (
        f"error: {fresh} is there and not empty: nothing was written; name a folder that is new\n"
    )
    assert (fresh / "sources/web.yaml").read_text() == "description: Mine\n"


def test_a_file_of_that_name_is_left_as_it_is(tmp_path):
    (tmp_path / "workspace").write_text("mine")
    assert run("init", tmp_path / "workspace").exit_code == 1
    assert (tmp_path / "workspace").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_told_in_a_line(tmp_path):
    (tmp_path / "file").write_text("")
    told = run("init", tmp_path / "file" / "workspace")
    assert told.exit_code == 1
    assert told.stderr.startswith("error: ")
    assert told.stderr.count("\n") == 1
