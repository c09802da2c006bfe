"""Ctrl-C: never a traceback, always exit code 130."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from cli.local.commands import explain_failure
from cli.main import InterruptibleGroup, app

INTERRUPTED_IMPORT = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
sys.argv = ["sluice", "status"]
from cli.entry import main
main()
"""


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("cli.main", b""),
        ("cli.status", b""),
        ("boto3", b"error: interrupted\n"),
    ],  # the last one in the command
)
def test_ctrl_c_while_the_command_is_loading_ends_it_without_a_traceback(module, told):
    code = INTERRUPTED_IMPORT.format(module=module)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, told)


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
