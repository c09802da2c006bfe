"""`make up` with another workspace than that of the stack that runs."""

import fcntl
import json
import os

import pytest
import typer

from cli.local.errors import LocalStackError
from cli.local.replacing import confirm_workspace, find_other_workspace
from cli.local.server import pid_file
from cli.local.settings import LocalSettings


@pytest.fixture
def settings(tmp_path):
    """Of a stack that should run the workspace `new`."""
    (tmp_path / "new").mkdir()
    return LocalSettings(workspace=tmp_path / "new", folder=tmp_path / "local")


@pytest.fixture
def run_stack(settings, tmp_path):
    """A stack runs: a process holds the lock of its pid file, and stack.json names its workspace."""
    held = []

    def run_stack(workspace):
        path = pid_file(settings)
        path.parent.mkdir(parents=True)
        held.append(os.open(path, os.O_RDWR | os.O_CREAT))
        os.write(held[0], b"1")
        fcntl.flock(held[0], fcntl.LOCK_EX)
        settings.stack_file.write_text(json.dumps({"workspace": str(tmp_path / workspace)}))

    yield run_stack
    for descriptor in held:
        os.close(descriptor)


class Terminal:
    def isatty(self):
        return True


@pytest.fixture
def answer(monkeypatch):
    """A person at a terminal who answers so."""

    def answer(said):
        monkeypatch.setattr("sys.stdin", Terminal())
        monkeypatch.setattr(typer, "confirm", lambda _question: said)

    return answer


def test_without_a_stack_nothing_is_asked_and_the_folder_is_said(settings, capsys):
    confirm_workspace(settings, yes=False)
    assert capsys.readouterr().out == f"workspace: {settings.workspace}\n"


def test_the_same_workspace_is_updated_without_a_question(settings, run_stack, capsys):
    run_stack("new")
    confirm_workspace(settings, yes=False)
    assert capsys.readouterr().out == f"workspace: {settings.workspace}\n"


def test_a_stack_that_no_longer_runs_has_no_workspace(settings):
    settings.folder.mkdir()
    settings.stack_file.write_text('{"workspace": "/somewhere"}')
    assert find_other_workspace(settings) is None


def test_without_a_terminal_another_workspace_is_refused_with_2(settings, run_stack, capsys):
    run_stack("old")
    with pytest.raises(typer.Exit) as caught:
        confirm_workspace(settings, yes=False)
    told = capsys.readouterr().out
    assert caught.value.exit_code == 2
    assert "/old. " in told
    assert "--yes" in told
    assert "workspace: " not in told


def test_yes_replaces_it_without_a_question(settings, run_stack, capsys):
    run_stack("old")
    confirm_workspace(settings, yes=True)
    assert capsys.readouterr().out.endswith(f"workspace: {settings.workspace}\n")


def test_a_person_who_agrees_replaces_it(settings, run_stack, answer, capsys):
    run_stack("old")
    answer(True)
    confirm_workspace(settings, yes=False)
    assert capsys.readouterr().out.endswith(f"workspace: {settings.workspace}\n")


def test_a_person_who_says_no_changes_nothing(settings, run_stack, answer):
    run_stack("old")
    answer(False)
    with pytest.raises(LocalStackError, match="nothing was changed"):
        confirm_workspace(settings, yes=False)
