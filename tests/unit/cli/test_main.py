"""The `sluice` command loads what it is called for, and nothing else."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from cli.main import COMMANDS, app, load_command

HEAVY = (
    "boto3",
    "hightouch",
    "jsonschema_rs",
    "liquid",
    "moto",
    "cli.preview.command",
    "cli.local.deployment",
)


def list_modules(code):
    """The modules that a fresh Python has after some code."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('modules:', *sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.rpartition("modules:")[2].split()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded_and_is_listed_with_its_own_help(name):
    command = load_command(name)
    assert command.name == name
    assert COMMANDS[name].help == " ".join(command.help.partition("\n\n")[0].split())


def test_every_command_is_in_the_help_of_sluice():
    text = CliRunner().invoke(app, ["--help"]).output
    assert [name for name in COMMANDS if f" {name} " not in text] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_called_by_its_name(name):
    """With its own options or commands, which its entry in the list does not have."""
    text = CliRunner().invoke(app, [name, "--help"]).output
    assert f"Usage: root {name} " in text
    _, found, _ = typer.main.get_command(app).resolve_command(None, [name])
    assert found.params or found.commands


def test_a_misspelt_command_is_answered_with_the_nearest_one():
    told = CliRunner().invoke(app, ["stauts"])
    assert told.exit_code == 2
    assert "Did you mean 'status'?" in " ".join(told.output.split())


def test_the_help_imports_no_command():
    code = (
        "from typer.testing import CliRunner; from cli.main import app; CliRunner().invoke(app, ['--help'])"
    )
    loaded = list_modules(code)
    assert "cli.main" in loaded
    assert [name for name in (*HEAVY, "cli.stack", "cli.init", "pydantic") if name in loaded] == []


def test_a_command_does_not_import_the_others():
    """What keeps a command with a wrong region within a second."""
    loaded = list_modules("from cli.main import load_command; load_command('status')")
    assert "cli.status.commands" in loaded
    assert [name for name in HEAVY if name != "boto3" and name in loaded] == []
