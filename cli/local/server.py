"""The embedded AWS: MiniStack from the stack's own environment, on loopback."""

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from cli.local.environments import server_environment
from cli.local.errors import LocalStackError
from cli.local.processes import find_background, is_port_taken, start_background, stop_background, wait_until
from cli.local.settings import PROJECT, LocalSettings

LAUNCHER = Path(__file__).with_name("ministack_launcher.py")
START_SECONDS = 30.0


def start_server(settings: LocalSettings) -> None:
    """MiniStack answers on its port when this returns; one that runs with other switches is replaced."""
    if find_background(pid_file(settings)):
        if read_switches(settings) == describe_switches(settings):
            return
        stop_server(settings)
    if is_port_taken(settings.port):
        raise LocalStackError(
            f"port {settings.port} is in use by another program: stop it or set SLUICE_PORT to a free one"
        )
    _start_clean(settings)
    if not wait_until(lambda: is_healthy(settings) or not find_background(pid_file(settings)), START_SECONDS):
        stop_server(settings)
        raise LocalStackError(
            f"the embedded AWS did not answer in {START_SECONDS:.0f} s", log=log_file(settings)
        )
    if not find_background(pid_file(settings)):
        raise LocalStackError("the embedded AWS stopped right after its start", log=log_file(settings))


def stop_server(settings: LocalSettings) -> bool:
    """End MiniStack and its workers and leave no temporary file behind; False where none ran."""
    settings.stack_file.unlink(missing_ok=True)
    stopped = stop_background(pid_file(settings))
    shutil.rmtree(settings.temporary_folder, ignore_errors=True)
    _switches_file(settings).unlink(missing_ok=True)
    return stopped


def is_healthy(settings: LocalSettings) -> bool:
    try:
        with urllib.request.urlopen(f"{settings.endpoint_url}/_ministack/health", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def pid_file(settings: LocalSettings) -> Path:
    return settings.folder / "ministack.pid"


def log_file(settings: LocalSettings) -> Path:
    return settings.folder / "ministack.log"


def describe_switches(settings: LocalSettings) -> dict[str, object]:
    """What a running server cannot change any more."""
    return {
        "port": settings.port,
        "sink_port": settings.sink_port,
        "auth": settings.auth,
        "fault_proxy": settings.fault_proxy,
    }


def read_switches(settings: LocalSettings) -> dict[str, object] | None:
    try:
        switches: dict[str, object] = json.loads(_switches_file(settings).read_text())
    except (OSError, ValueError):
        return None
    return switches


def _start_clean(settings: LocalSettings) -> None:
    python = PROJECT / ".venv-stack" / "bin" / "python"
    if not python.exists():
        raise LocalStackError(
            "the environment of the embedded AWS is missing: run `make up` once to install it"
        )
    shutil.rmtree(settings.temporary_folder, ignore_errors=True)
    settings.temporary_folder.mkdir(parents=True)
    log_file(settings).unlink(missing_ok=True)
    start_background(
        [str(python), "-P", str(LAUNCHER)],
        pid_file=pid_file(settings),
        log=log_file(settings),
        environment=server_environment(settings),
        folder=settings.temporary_folder,
    )
    _switches_file(settings).write_text(json.dumps(describe_switches(settings)))


def _switches_file(settings: LocalSettings) -> Path:
    return settings.folder / "ministack.json"
