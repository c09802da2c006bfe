"""Background programs: found while they live, gone when stopped, never mistaken for another's pid."""

import os
import sys
from pathlib import Path

import pytest

from cli.local.errors import LocalStackError
from cli.local.processes import find_background, start_background, stop_background

# Starts a child of its own, as the emulator starts workers.
PROGRAM = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def start(folder: Path) -> Path:
    pid_file = folder / "program.pid"
    start_background(
        [sys.executable, "-c", PROGRAM],
        pid_file=pid_file,
        log=folder / "program.log",
        environment={"PATH": os.defpath},
        folder=folder,
    )
    return pid_file


def test_a_program_is_found_while_it_lives_and_ends_with_its_children(tmp_path: Path) -> None:
    pid_file = start(tmp_path)
    try:
        pid = find_background(pid_file)
        assert pid is not None
        os.kill(pid, 0)
    finally:
        assert stop_background(pid_file)
    assert find_background(pid_file) is None
    assert not pid_file.exists()


def test_a_second_one_is_refused(tmp_path: Path) -> None:
    pid_file = start(tmp_path)
    try:
        with pytest.raises(LocalStackError, match="already runs"):
            start(tmp_path)
    finally:
        stop_background(pid_file)


def test_a_pid_left_behind_is_nobodys(tmp_path: Path) -> None:
    pid_file = tmp_path / "program.pid"
    pid_file.write_text(str(os.getpid()))

    assert find_background(pid_file) is None
    assert not stop_background(pid_file)
