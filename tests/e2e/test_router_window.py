"""The router's batching window on the local stack: kept as on AWS, and off unless a parameter asks for it."""

from collections.abc import Iterator
from typing import Any

import pytest

from cli.local.clients import make_client
from cli.local.latency import router_window
from cli.local.observe import read_json
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, send
from tests.e2e.evidence import Facts, wait_for_delivery
from tests.e2e.stacks import running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

MESSAGES = 25


@pytest.fixture(scope="module")
def facts() -> Iterator[Facts]:
    with running_stack("window") as stack:
        yield stack.facts


def test_without_a_window_the_router_takes_at_most_ten_messages(facts: Facts, run: str) -> None:
    mapping = find_mapping(facts)
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (10, 0), "the default"

    assert route_backlog(facts, run) == [10, 10, 5]


def test_with_a_window_the_router_takes_what_came_in_it_together(facts: Facts, run: str) -> None:
    with router_window(facts, 2):
        assert route_backlog(facts, run) == [MESSAGES]

    mapping = find_mapping(facts)
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (10, 0), "as before"


def route_backlog(facts: Facts, run: str) -> list[int]:
    """How many messages each of the router's runs took of those that had waited for it."""
    functions, mapping = make_client("lambda", facts["endpoint_url"]), facts["resources"]["RouterMapping"]
    before = len(list_runs(facts))
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    sent = [message_id for _ in range(MESSAGES) for message_id in send(facts, [make_event(run)])]
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    wait_for_delivery(facts, "lake", sent)
    runs = eventually(
        lambda: list_runs(facts)[before:], lambda runs: sum(runs) == MESSAGES, what=f"{MESSAGES} packs routed"
    )
    return sorted(runs, reverse=True)


def find_mapping(facts: Facts) -> dict[str, Any]:
    functions = make_client("lambda", facts["endpoint_url"])
    return dict(functions.get_event_source_mapping(UUID=facts["resources"]["RouterMapping"]))


def list_runs(facts: Facts) -> list[int]:
    """The packs of each of the router's runs so far, oldest first."""
    pages = (
        make_client("logs", facts["endpoint_url"])
        .get_paginator("filter_log_events")
        .paginate(logGroupName=facts["resources"]["RouterLogGroup"])
    )
    lines = (read_json(event["message"]) for page in pages for event in page["events"])
    return [int(line["Packs"][0]) for line in lines if "_aws" in line and "Packs" in line]
