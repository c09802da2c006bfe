"""docs/tutorial.md, command by command, on a stack of its own. Only ports and folders are other ones."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.stacks import PROJECT, LocalStack, new_stack

TUTORIAL = PROJECT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(bash|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SECONDS = 60.0  # for what a read-only command shall show in the end
END = "--- end of the step"


@dataclass(frozen=True)
class Step:
    """A block of commands, and the lines that it shall print."""

    commands: str
    expected: tuple[str, ...] = ()


def read_steps(text: str) -> list[Step]:
    steps: list[Step] = []
    for kind, body in BLOCK.findall(text):
        if kind == "bash":
            steps.append(Step(body))
        else:
            steps[-1] = Step(steps[-1].commands, tuple(body.splitlines()))
    return steps


class Shell:
    """One bash for the whole tutorial, so that variables and exports stay."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=PROJECT,
        )

    def run(self, commands: str) -> tuple[int, str]:
        """The exit code of the last command, and everything that was printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f'{commands}\necho "\n{END} $?"\n')
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line.startswith(END):
                return int(line.removeprefix(END)), "".join(lines)
            lines.append(line)
        raise AssertionError("".join(lines))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """Nothing runs yet: the tutorial starts it. Whatever happens, it is taken down."""
    stack = new_stack("tutorial")
    try:
        yield stack
    finally:
        stack.down()


def translate(commands: str, workspace: Path) -> str:
    """The commands with a folder of the test's own; the ports are in the environment."""
    return re.sub(r"\bshop\b(?!')", str(workspace), commands)


def test_the_tutorial_works_word_for_word(stack: LocalStack, tmp_path: Path) -> None:
    steps = read_steps(TUTORIAL.read_text())
    assert len(steps) > 10
    assert sum(bool(step.expected) for step in steps) > 6
    shell = Shell(stack.environment({"PATH": os.environ["PATH"]}))
    try:
        for step in steps:
            commands = translate(step.commands, tmp_path / "shop")
            code, output = shell.run(commands)
            assert code == 0, f"{step.commands}\n{output}"
            last = commands.rstrip().splitlines()[-1]
            deadline = time.monotonic() + SECONDS
            while missing := [line for line in step.expected if line not in output]:
                assert time.monotonic() < deadline, f"{step.commands}\nlacks {missing}:\n{output}"
                code, output = shell.run(last)  # events are on their way
    finally:
        shell.close()
    assert not (tmp_path / "shop").exists()


def test_every_command_of_the_tutorial_is_run() -> None:
    text = TUTORIAL.read_text()
    commands = [step.commands for step in read_steps(text)]
    assert text.count("```bash") == len(commands)
    assert shutil.which("bash")
