"""Local stacks of the tests' own: other ports and another folder than a developer's `make up` uses.

Everything goes through the `sluice local` command, as `make up` and `make down` do.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.local.processes import stop_background

PROJECT = Path(__file__).resolve().parents[2]
WORKSPACE = Path(__file__).with_name("workspace")
SLUICE = Path(sys.executable).with_name("sluice")
FOLDERS = PROJECT / ".local" / "e2e"
SESSION = FOLDERS / str(os.getpid())  # sessions do not meet, and what one that was killed left can be told
COMMAND_SECONDS = 180
NO_PORTS = (1, 2)  # for commands that open none


@dataclass
class LocalStack:
    """A stack that `up` starts and `down` ends."""

    folder: Path
    port: int
    sink_port: int
    workspace: Path = WORKSPACE

    @property
    def facts(self) -> dict[str, Any]:
        """What the stack's stack.json says: addresses, keys, queues."""
        facts: dict[str, Any] = json.loads((self.folder / "stack.json").read_text())
        return facts

    def run(self, *arguments: str, **switches: str) -> subprocess.CompletedProcess[str]:
        """`sluice <arguments>` for this stack; its output is in the result, whatever the exit code."""
        return subprocess.run(
            [SLUICE, *arguments],
            env=self.environment(switches),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def environment(self, switches: Mapping[str, str]) -> dict[str, str]:
        """The person's own without their `SLUICE_*` and `AWS_*`, and this stack's."""
        foreign = ("SLUICE_", "AWS_")
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
            "SLUICE_PORT": str(self.port),
            "SLUICE_SINK_PORT": str(self.sink_port),
            "SLUICE_LOCAL_DIR": str(self.folder),
            "SLUICE_WORKSPACE": str(self.workspace),
            **switches,
        }

    def up(self, *options: str) -> dict[str, Any]:
        """Starts or updates the stack; what is then in its stack.json."""
        finished = self.run("local", "up", *options)
        assert finished.returncode == 0, f"{finished.stdout}{finished.stderr}{self.read_log('deploy.log')}"
        return self.facts

    def down(self) -> None:
        finished = self.run("local", "down")
        assert finished.returncode == 0, finished.stdout + finished.stderr

    def read_log(self, name: str) -> str:
        """The end of a log file of the stack, empty where there is none."""
        path = self.folder / name
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""


@contextmanager
def running_stack(name: str, *options: str, workspace: Path = WORKSPACE) -> Iterator[LocalStack]:
    """A stack that runs while the block does, and nothing of it afterwards."""
    stack = new_stack(name, workspace)
    try:
        stack.up(*options)
        yield stack
    finally:
        stack.down()
        shutil.rmtree(stack.folder / "build", ignore_errors=True)  # what `sam build` made is large


def new_stack(name: str, workspace: Path = WORKSPACE) -> LocalStack:
    """A stack on free ports that was not started yet."""
    port, sink_port = find_free_ports(2)
    folder = SESSION / name
    folder.mkdir(parents=True, exist_ok=True)
    return LocalStack(folder, port, sink_port, workspace)


def find_free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def remove_leftovers() -> None:
    """Ends what test sessions that were killed left running, and forgets the logs of all that ended.

    Several processes of one run begin at the same time: who renames a folder first has it.
    """
    for session in FOLDERS.glob("[0-9]*"):
        if is_alive(int(session.name.partition("-")[0])):
            continue
        taken = SESSION.with_name(f"{SESSION.name}-{uuid.uuid4().hex[:8]}")
        try:
            session.rename(taken)
        except FileNotFoundError:
            continue
        for folder in taken.iterdir():
            LocalStack(folder, *NO_PORTS).down()
            stop_background(folder / "proxy.pid")
        shutil.rmtree(taken)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def find_workers(stack: LocalStack, function: str) -> list[int]:
    """The processes that run a function of this stack, given by its logical id."""
    folder = f"ministack-lambda-{stack.facts['resources'][function]}-"
    name = str(stack.folder / "tmp" / folder)
    return [pid for pid, (_, command) in list_processes().items() if name in command]


def find_processes(stack: LocalStack) -> set[int]:
    """The embedded AWS, the sink, and all that they started."""
    found = {int(file.read_text()) for file in stack.folder.glob("*.pid")}
    parents = {pid: parent for pid, (parent, _) in list_processes().items()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def list_processes() -> dict[int, tuple[int, str]]:
    """Parent and command line of every process of this machine."""
    listed = subprocess.run(
        ["ps", "-axww", "-o", "pid=", "-o", "ppid=", "-o", "command="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = (line.split(None, 2) for line in listed.splitlines())
    return {int(pid): (int(parent), " ".join(command)) for pid, parent, *command in rows}
