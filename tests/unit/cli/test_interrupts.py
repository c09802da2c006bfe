"""Ctrl-C: never a traceback, always exit code 130."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from cli.local.commands import explain_failure
from cli.main import COMMANDS, InterruptibleGroup, app, load_command

INTERRUPTED_IMPORT = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from cli.entry import main
main()
"""


@pytest.mark.parametrize("module", ["cli.main", "cli.status", "boto3"])
def test_ctrl_c_while_the_command_is_loading_ends_it_quietly(module):
    code = INTERRUPTED_IMPORT.format(module=module)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, b"")


def make_app(command):
    made = typer.Typer(cls=InterruptibleGroup)
    made.command()(command)
    made.callback()(lambda: None)
    return made


def test_ctrl_c_in_a_command_exits_with_130():
    def work() -> None:
        raise KeyboardInterrupt

    told = CliRunner().invoke(make_app(work), ["work"])
    assert (told.exit_code, told.output) == (130, "")


def test_ctrl_c_at_a_question_exits_with_130(monkeypatch):
    def press(_prompt=""):
        raise KeyboardInterrupt

    def work() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(typer._click.termui, "visible_prompt_func", press)
            typer.confirm("Redrive?")

    assert CliRunner().invoke(make_app(work), ["work"]).exit_code == 130


def test_the_end_of_input_at_a_question_is_no_interruption():
    def work() -> None:
        typer.confirm("Redrive?")

    assert CliRunner().invoke(make_app(work), ["work"]).exit_code == 1


def test_ctrl_c_in_a_local_command_is_one_line_and_exit_code_130(capsys):
    with pytest.raises(typer.Exit) as caught, explain_failure():
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert capsys.readouterr().err == "✗ interrupted\n"


def test_the_command_itself_is_made_so():
    assert isinstance(typer.main.get_command(app), InterruptibleGroup)


def test_every_command_can_be_loaded_under_its_name() -> None:
    for name in COMMANDS:
        assert load_command(name).name == name


def test_a_command_does_not_import_the_others() -> None:
    """What keeps a command with a wrong region within a second."""
    code = "import sys; from cli.main import load_command; load_command('status'); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "cli.status.commands" in loaded
    for heavy in ("hightouch", "cli.preview.command", "cli.local.deployment", "jsonschema_rs", "liquid"):
        assert heavy not in loaded
