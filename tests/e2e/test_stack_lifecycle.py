"""`make up` and `make down` as a person meets them: another workspace, an update, an end without remains."""

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, send
from tests.e2e.evidence import wait_for_delivery, wait_for_lines
from tests.e2e.stacks import PROJECT, LocalStack, find_processes, list_processes, new_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

NEW_SYNC = """
source: web
destination: crm
event_types:
  - type: newsletter
    filter: {field: event, op: equals, value: Newsletter Opened}
    mappings:
      message_id: {field: messageId}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the example that ships."""
    return Path(shutil.copytree(PROJECT / "workspace", tmp_path / "workspace"))


@pytest.fixture
def stack(workspace: Path) -> Iterator[LocalStack]:
    """A stack that was not started yet."""
    stack = new_stack("lifecycle", workspace)
    yield stack
    stack.down()


def test_a_stack_starts_takes_a_new_sync_and_leaves_nothing_behind(
    stack: LocalStack, workspace: Path, run: str
) -> None:
    first = stack.up()
    before = send(first, [make_event(run)], source="web")
    wait_for_delivery(first, "webhook", before)

    (workspace / "syncs" / "newsletter-to-crm.yaml").write_text(NEW_SYNC)
    second = stack.up()
    assert second["api_url"] == first["api_url"]
    assert set(second["queues"]) - set(first["queues"]) == {"newsletter-to-crm"}
    after = send(second, [make_event(run, event="Newsletter Opened")], source="web")
    wait_for_delivery(second, "crm", after)
    wait_for_delivery(second, "webhook", [*before, *after])
    lines = wait_for_lines(second, [*before, *after])
    assert [len(lines[message_id][0]["syncs"]) for message_id in [*before, *after]] == [1, 2]
    assert len({lines[message_id][0]["workspace"] for message_id in [*before, *after]}) == 2
    assert stack.up() == second, "nothing changed, so nothing was deployed"

    running = find_processes(stack)
    assert len(running) >= 6  # the embedded AWS, the sink and a worker for each function that ran
    stack.down()
    eventually(lambda: running & set(list_processes()), lambda left: not left, what="all ended", seconds=10)
    assert not any(is_listening(port) for port in (stack.port, stack.sink_port))
    assert not (stack.folder / "stack.json").exists()


def test_a_port_that_is_taken_is_told_in_one_line_and_nothing_is_left_running(stack: LocalStack) -> None:
    with socket.create_server(("127.0.0.1", stack.sink_port)):
        finished = stack.run("local", "up")

    assert finished.returncode == 1
    assert re.fullmatch(rf"✗ port {stack.sink_port} .*SLUICE_SINK_PORT.*\n", finished.stderr)
    assert not is_listening(stack.port)


def test_a_workspace_with_a_mistake_is_told_with_its_place_and_nothing_is_left_running(
    stack: LocalStack, workspace: Path
) -> None:
    (workspace / "syncs" / "broken.yaml").write_text(
        "source: web\ndestination: nowhere\nevent_types: [{type: x}]\n"
    )

    finished = stack.run("local", "up")

    assert finished.returncode == 1
    assert "syncs/broken.yaml:2" in finished.stderr
    assert not is_listening(stack.port)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
