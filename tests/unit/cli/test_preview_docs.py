"""docs/preview.md: every output in it is the command's own, and its JSON is described whole."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from cli.main import app
from tests.unit.cli.terminals import TERMINAL

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/preview.md").read_text()
BLOCKS = re.findall(r"^```console\n\$ uv run sluice (.*)\n((?:.*\n)*?)```$", TEXT, re.MULTILINE)


@pytest.fixture
def _project(tmp_path, monkeypatch):
    """The shipped workspace and events, and the changed copy that the page speaks of."""
    for name in ("workspace", "events"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "workspace", tmp_path / "changed")
    sync = tmp_path / "changed/syncs/purchases-to-crm.yaml"
    text = sync.read_text()
    sync.write_text(
        text.replace(", Order Refunded]", "]").replace("properties.total}", "properties.total, as: string}")
    )
    assert sync.read_text().count("as: string") == 1
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLUICE_WORKSPACE", raising=False)


def run(command):
    told = CliRunner(env=TERMINAL).invoke(app, shlex.split(command))
    assert told.exit_code == 0, told.output
    return told.stdout


def trim(text):
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize(("command", "output"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_a_command_prints_what_the_page_shows(command, output):
    printed = run(command)
    assert trim(printed) == trim(output)
    assert max(map(cell_len, printed.splitlines())) <= 80


def test_the_page_shows_commands():
    assert len(BLOCKS) == 3


def list_keys(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name not in {"event", "payload", "body", "headers", "value"}:
                yield from list_keys(inner)
    elif isinstance(value, list):
        for item in value:
            yield from list_keys(item)


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize("command", [command for command, _ in BLOCKS])
def test_every_key_of_the_json_is_on_the_page(command):
    section = TEXT.partition("\n## JSON\n")[2]
    found = set(list_keys(json.loads(run(f"{command} --json"))))
    assert len(found) > 10
    assert {name for name in found if not re.search(rf"\b{name}\b", section)} == set()
