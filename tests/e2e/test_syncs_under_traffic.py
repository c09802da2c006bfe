"""A sync comes and goes while events flow: none is lost, none arrives twice, at any destination."""

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from cli.local.observe import count_messages
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, post_batch, send
from tests.e2e.evidence import Facts, list_attempts, wait_for_delivery, wait_for_lines
from tests.e2e.stacks import WORKSPACE, LocalStack, running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

SENDERS = 3
NEW_SYNC = """
source: shop
destination: crm
event_types:
  - type: custom_event
    filter: {field: event, op: equals, value: Product Viewed}
    mappings:
      message_id: {field: messageId}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(WORKSPACE, tmp_path_factory.mktemp("traffic") / "workspace"))


@pytest.fixture(scope="module")
def stack(workspace: Path) -> Iterator[LocalStack]:
    """With the functions' rights enforced: a right that comes late or goes early is part of the test."""
    with running_stack("traffic", "--auth", workspace=workspace) as stack:
        yield stack


@contextmanager
def traffic(facts: Facts, run: str) -> Iterator[list[str]]:
    """Events one after the other from several senders while the block runs; the ids of the accepted ones.

    As SDKs do, a sender sends an event again until it is accepted. What was accepted unseen is a duplicate.
    """
    accepted: list[str] = []
    over = threading.Event()

    def keep_sending() -> None:
        while not over.wait(0.1):
            event = make_event(run)
            eventually(
                lambda sent=event: post_batch(facts, [sent]).status, lambda status: status == 200, what="200"
            )
            accepted.append(event["messageId"])

    with ThreadPoolExecutor(SENDERS) as pool:
        senders = [pool.submit(keep_sending) for _ in range(SENDERS)]
        try:
            yield accepted
        finally:
            over.set()
        for sender in senders:
            sender.result()


def test_a_sync_is_added_retired_and_removed_and_each_event_arrives_once_where_it_was_routed(
    stack: LocalStack, workspace: Path, run: str
) -> None:
    facts, file = stack.facts, workspace / "syncs" / "views-to-crm.yaml"
    with traffic(facts, run) as sent:
        wait_for_delivery(facts, "lake", sent[:1])
        file.write_text(NEW_SYNC)
        with_sync = stack.up("--auth")
        wait_for_delivery(with_sync, "crm", send_marked(with_sync, run, sent))
        file.write_text(f"retired: true\n{NEW_SYNC}")
        stack.up("--auth")
        file.unlink()
        without_sync = stack.up("--auth")
        wait_for_delivery(facts, "lake", send_marked(without_sync, run, sent))
    assert "views-to-crm" in with_sync["queues"]
    assert "views-to-crm" not in without_sync["queues"]

    lines = wait_for_lines(facts, sent)
    accepted = [line for found in lines.values() for line in found if line["verdict"] == "accepted"]
    assert Counter(line["message_id"] for line in accepted) == Counter(sent)
    routed = [
        line["message_id"] for line in accepted if "views-to-crm" in map(itemgetter("sync"), line["syncs"])
    ]
    assert 0 < len(routed) < len(sent)
    wait_for_delivery(facts, "lake", sent)
    wait_for_delivery(facts, "crm", routed)
    assert list_arrivals(facts, "lake", sent) == dict.fromkeys(sent, 1)
    assert list_arrivals(facts, "crm", sent) == dict.fromkeys(routed, 1)
    left = [facts["ingest_queue"], facts["ingest_dlq"], *with_sync["queues"]["views-to-crm"].values()]
    eventually(
        lambda: [count_messages(facts, url) for url in left], lambda counts: not any(counts), what="all empty"
    )


def list_arrivals(facts: Facts, destination: str, ids: list[str]) -> dict[str, Any]:
    """How often each message id arrived, without those that did not; the times where it was not once."""
    return {
        message_id: 1 if len(requests) == 1 else [request["time"] for request in requests]
        for message_id, requests in list_attempts(facts, destination, ids).items()
        if requests
    }


def send_marked(facts: Facts, run: str, sent: list[str]) -> list[str]:
    """One more event among the others; its id."""
    ids = send(facts, [make_event(run)])
    sent += ids
    return ids
