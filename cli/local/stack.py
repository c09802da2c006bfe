"""One local stack from nothing to ready and back: `start_stack`, `stop_stack`, `read_stack`."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from cli.local.deployment import Deployment, deploy_stack, list_resources, prepare_deployment
from cli.local.environments import local_aws_environment
from cli.local.errors import LocalStackError
from cli.local.overlay import development_keys
from cli.local.patches import patch_stack
from cli.local.processes import (
    find_background,
    hold_lock,
    is_port_taken,
    start_background,
    stop_background,
    wait_until,
)
from cli.local.progress import show_step
from cli.local.server import pid_file as server_pid_file
from cli.local.server import read_switches, start_server, stop_server
from cli.local.settings import PROJECT, REGION, STACK_NAME, LocalSettings
from cli.local.warming import warm_functions


def start_stack(settings: LocalSettings) -> dict[str, Any]:
    """Starts what does not run, deploys what changed, and returns what `.local/stack.json` then says.

    Where the first deploy fails nothing is left running; after a failed update the former stack stays.
    """
    with hold_lock(settings.folder / "lock"):
        return _start(settings)


def stop_stack(settings: LocalSettings) -> bool:
    """Nothing of the stack runs afterwards, and its state is gone; False where nothing ran."""
    with hold_lock(settings.folder / "lock"):
        return _stop(settings)


def _start(settings: LocalSettings) -> dict[str, Any]:
    refuse_other_ports(settings)
    was_deployed = is_running(settings) and settings.stack_file.exists()
    try:
        with show_step("starting the embedded AWS and the sink", "embedded AWS and sink run"):
            if not was_deployed:
                _stop(settings)
            start_server(settings)
            start_sink(settings)
        with prepare_deployment(settings) as deployment:
            stack = read_stack_file(settings)
            if stack is None or stack["deployed"] != deployment.digest:
                stack = _deploy(settings, deployment)
                stop_background(pump_pid_file(settings))  # it knows the alarms and functions of before
            start_pump(settings)
        with show_step("starting the functions", "functions started"):
            warm_functions(stack)
        return stack
    except BaseException:
        if not was_deployed:
            _stop(settings)
        raise


def _stop(settings: LocalSettings) -> bool:
    stop_background(pump_pid_file(settings))
    settings.pump_file.unlink(missing_ok=True)
    sink_stopped = stop_background(sink_pid_file(settings))
    return stop_server(settings) or sink_stopped


def is_running(settings: LocalSettings) -> bool:
    return find_background(server_pid_file(settings)) is not None


def read_stack(settings: LocalSettings) -> dict[str, Any]:
    """What `.local/stack.json` says of the stack that runs. Raises LocalStackError where none does."""
    stack = read_stack_file(settings)
    if stack is None or not is_running(settings):
        raise LocalStackError("no local stack runs: start it with `make up`")
    return stack


def start_sink(settings: LocalSettings) -> None:
    """The sink answers on its port when this returns."""
    if find_background(sink_pid_file(settings)):
        return
    if is_port_taken(settings.sink_port):
        raise LocalStackError(
            f"port {settings.sink_port} is in use by another program:"
            " stop it or set SLUICE_SINK_PORT to a free one"
        )
    log = settings.folder / "sink.log"
    start_background(
        [sys.executable, "-m", "cli.local.sink", "--port", str(settings.sink_port)],
        pid_file=sink_pid_file(settings),
        log=log,
        environment={"PATH": os.defpath, "LANG": "C.UTF-8"},
        folder=PROJECT,
    )
    if not wait_until(lambda: is_port_taken(settings.sink_port), 15):
        raise LocalStackError("the sink did not start", log=log)


def start_pump(settings: LocalSettings) -> None:
    """What makes the stack's metrics and drives its alarms runs, or will in a second."""
    if find_background(pump_pid_file(settings)):
        return
    start_background(
        [sys.executable, "-m", "cli.local.pump"],
        pid_file=pump_pid_file(settings),
        log=settings.folder / "pump.log",
        environment={
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "SLUICE_PORT": str(settings.port),
            "SLUICE_LOCAL_DIR": str(settings.folder),
        },
        folder=PROJECT,
    )


def refuse_other_ports(settings: LocalSettings) -> None:
    """A stack that runs on other ports is neither moved nor forgotten."""
    switches = read_switches(settings) if is_running(settings) else None
    if switches and (switches["port"], switches["sink_port"]) != (settings.port, settings.sink_port):
        raise LocalStackError(
            f"this checkout's stack runs on ports {switches['port']} and {switches['sink_port']}:"
            " set SLUICE_PORT and SLUICE_SINK_PORT to these or run `make down` first"
        )


def read_stack_file(settings: LocalSettings) -> dict[str, Any] | None:
    try:
        stack: dict[str, Any] = json.loads(settings.stack_file.read_text())
    except (OSError, ValueError):
        return None
    return stack


def describe_stack(
    settings: LocalSettings, deployment: Deployment, resources: dict[str, str]
) -> dict[str, Any]:
    """What everything outside needs to find its way: addresses, keys, queues by sync."""
    syncs = deployment.workspace["syncs"]
    return {
        "api_url": f"{settings.endpoint_url}/_aws/execute-api/{resources['HttpApi']}",
        "endpoint_url": settings.endpoint_url,
        "region": REGION,
        "archive_bucket": resources["ArchiveBucket"],
        "sink_url": settings.sink_url,
        "write_keys": development_keys(deployment.workspace["sources"]),
        "queues": {
            slug: {"queue": resources[f"{sync['name']}Queue"], "dlq": resources[f"{sync['name']}Dlq"]}
            for slug, sync in syncs.items()
        },
        "syncs": {
            slug: {
                "destination": sync["destination"],
                "kind": deployment.workspace["destinations"][sync["destination"]]["kind"],
                "function": resources[f"{sync['name']}DeliveryFunction"],
            }
            for slug, sync in syncs.items()
        },
        "ingest_queue": resources["IngestQueue"],
        "ingest_dlq": resources["IngestDlq"],
        "stack_name": STACK_NAME,
        "resources": resources,
        "environment": local_aws_environment(settings),
        "workspace": str(settings.workspace.resolve()),
        "deployed": deployment.digest,
    }


def sink_pid_file(settings: LocalSettings) -> Path:
    return settings.folder / "sink.pid"


def pump_pid_file(settings: LocalSettings) -> Path:
    return settings.folder / "pump.pid"


def _deploy(settings: LocalSettings, deployment: Deployment) -> dict[str, Any]:
    with show_step("deploying the stack", "stack deployed"):
        deploy_stack(settings, deployment)
        resources = list_resources(settings)
        patch_stack(settings, resources, deployment.workspace)
        stack = describe_stack(settings, deployment, resources)
        settings.stack_file.write_text(json.dumps(stack, indent=2) + "\n")
    return stack
