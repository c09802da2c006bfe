"""Background programs: each holds a lock on its pid file as long as it lives, so a stale pid harms nobody."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cli.local.errors import LocalStackError


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """While the block runs no other process of this machine holds the same lock; waits for one that does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def start_background(
    command: Sequence[str], *, pid_file: Path, log: Path, environment: Mapping[str, str], folder: Path
) -> None:
    """Start a program in a session of its own with its output in `log`; the lock passes to it.

    Raises LocalStackError where one already holds the lock.
    """
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(pid_file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _try_lock(descriptor):
            raise LocalStackError(f"{command[0]} already runs, see {pid_file}")
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                pass_fds=[descriptor],  # shares this lock; the program's own children do not inherit it
                start_new_session=True,
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(process.pid).encode(), 0)
    finally:
        os.close(descriptor)


def find_background(pid_file: Path) -> int | None:
    """The pid of the program that holds the lock, None where none does."""
    try:
        descriptor = os.open(pid_file, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _try_lock(descriptor) else int(os.pread(descriptor, 32, 0) or 0) or None
    finally:
        os.close(descriptor)


def stop_background(pid_file: Path, *, patience: float = 10.0) -> bool:
    """End the program and all its children, by force after `patience` seconds; False where none ran."""
    pid = find_background(pid_file)
    if pid is not None:
        _signal_group(pid, signal.SIGTERM)
        if not wait_until(lambda: find_background(pid_file) is None, patience):
            _signal_group(pid, signal.SIGKILL)
            wait_until(lambda: find_background(pid_file) is None, patience)
        _signal_group(pid, signal.SIGKILL)  # children that outlived it
    pid_file.unlink(missing_ok=True)
    return pid is not None


def wait_until(condition: Callable[[], bool], seconds: float, *, pause: float = 0.05) -> bool:
    """Whether the condition came true within the time given."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def is_port_taken(port: int) -> bool:
    """Whether something listens on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # gone, or on macOS only zombies are left
        os.killpg(pid, number)
