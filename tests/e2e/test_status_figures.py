"""What `sluice status` shows of a stack that is used, updated and repaired: every row adds up."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from cli.local.clients import make_client
from cli.local.observe import script_sink
from cli.local.processes import find_background
from cli.local.settings import LocalSettings
from cli.local.stack import pump_pid_file
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, send
from tests.e2e.evidence import wait_for_delivery, wait_for_letters
from tests.e2e.stacks import WORKSPACE, LocalStack, find_workers, running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

SYNC = "till-to-lake"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One of its own, whose workspace loses a sync."""
    workspace = tmp_path_factory.mktemp("status") / "workspace"
    shutil.copytree(WORKSPACE, workspace)
    with running_stack("status", workspace=workspace) as stack:
        yield stack


def read_status(stack: LocalStack) -> dict[str, Any]:
    finished = stack.run("status", "--json", "--since", "1h")
    assert finished.returncode == 0, finished.stderr
    status: dict[str, Any] = json.loads(finished.stdout)
    return status


def wait_for_row(stack: LocalStack, **wanted: int) -> dict[str, Any]:
    """The sync's figures once they are these."""
    return eventually(
        lambda: read_status(stack)["syncs"][SYNC],
        lambda row: {name: row[name] for name in wanted} == wanted,
        what=f"{SYNC} has {wanted}",
    )


def find_pump(stack: LocalStack) -> int | None:
    return find_background(pump_pid_file(LocalSettings(folder=stack.folder)))


def list_alarms(stack: LocalStack) -> set[str]:
    cloudwatch = make_client("cloudwatch", stack.facts["endpoint_url"])
    found = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return {alarm["AlarmName"] for alarm in [*found["MetricAlarms"], *found["CompositeAlarms"]]}


def test_all_functions_of_events_run_after_make_up(stack: LocalStack) -> None:
    """So the request that `make up` prints is answered and delivered at once."""
    wanted = ("IngestFunction", "RouterFunction", "OrdersToCrmDeliveryFunction", "TillToLakeDeliveryFunction")
    assert [name for name in wanted if not find_workers(stack, name)] == []


def test_a_row_adds_up_before_and_after_a_redrive(stack: LocalStack, run: str) -> None:
    script_sink(stack.facts, "/lake/*", [{"status": 422, "repeat": "forever"}], contains=run)
    sent = send(stack.facts, [make_event(run, properties={"n": n}) for n in range(3)], "till")
    wait_for_letters(stack.facts, SYNC, sent)
    row = wait_for_row(stack, matched=3, dead=3, open=0)
    assert (row["delivered"], row["redriven"], row["dlq"]["ready"]) == (0, None, 3)

    script_sink(stack.facts, "/lake/*", [], contains=run)
    finished = stack.run("dlq", "redrive", "--sync", SYNC, "--yes")
    assert finished.returncode == 0, finished.stderr
    wait_for_delivery(stack.facts, "lake", sent)
    row = wait_for_row(stack, matched=3, redriven=3, delivered=3, dead=3, open=0)
    assert row["reasons"] == {"rejected": 3}


def test_a_pump_that_ended_is_started_by_make_up_and_no_figure_is_lost(stack: LocalStack, run: str) -> None:
    before = read_status(stack)["syncs"][SYNC]["delivered"]
    pump = find_pump(stack)
    assert pump
    os.kill(pump, signal.SIGKILL)
    eventually(lambda: find_pump(stack), lambda found: not found, what="the pump has ended")
    sent = send(stack.facts, [make_event(run, properties={"n": n}) for n in range(4)], "till")
    wait_for_delivery(stack.facts, "lake", sent)
    assert read_status(stack)["syncs"][SYNC]["delivered"] == before

    stack.up()
    wait_for_row(stack, delivered=before + 4, open=0)
    assert find_pump(stack)


def test_after_a_sync_is_removed_its_alarms_are_gone_and_figures_go_on(stack: LocalStack, run: str) -> None:
    eventually(
        lambda: list_alarms(stack), lambda names: any("OrdersToCrm" in n for n in names), what="alarms"
    )
    before = read_status(stack)
    (stack.workspace / "syncs" / "orders-to-crm.yaml").unlink()
    stack.up()
    eventually(
        lambda: list_alarms(stack),
        lambda names: len(names) > 1 and not any("OrdersToCrm" in name for name in names),
        what="no alarm of the removed sync",
    )
    sent = send(stack.facts, [make_event(run)], "till")
    wait_for_delivery(stack.facts, "lake", sent)
    wait_for_row(stack, delivered=before["syncs"][SYNC]["delivered"] + 1, open=0)
    after = read_status(stack)
    assert set(before["syncs"]) - set(after["syncs"]) == {"orders-to-crm"}
    assert after["counted_until"]["delivery"] is not None
