"""The reconciler on a deployed stack: it finds the end of real events, and tells of one that has none."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.local.clients import make_client
from sluice.reconciling.hours import HOUR, SLACK
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_order, send
from tests.e2e.evidence import Facts, wait_for_delivery

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

LONGEST_WINDOW = timedelta(minutes=2)  # of the syncs in tests/e2e/workspace


def test_delivered_events_are_accounted_for_and_a_lost_one_is_told(facts: Facts, run: str) -> None:
    began = find_hour()
    sent = send(facts, [make_order(run, properties={"n": n}) for n in range(20)])
    wait_for_delivery(facts, "crm", sent)
    wait_for_delivery(facts, "lake", sent)
    hours = sorted({began, find_hour()})  # two where the clock strikes meanwhile

    eventually(
        lambda: [reconcile(facts, hour) for hour in hours],
        lambda answers: (
            sum(answer["checked"].get("orders-to-crm", 0) for answer in answers) >= len(sent)
            and not any(answer["unaccounted"] for answer in answers)
        ),
        what="every event has an end",
    )
    with archived_line(facts, began, f"{run}-lost", "orders-to-crm", "order"):
        found = reconcile(facts, began)

    assert found["hour"] == f"{began:%Y-%m-%dT%H}"
    assert found["unaccounted"] == {"orders-to-crm": 1}


def find_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def reconcile(facts: Facts, hour: datetime) -> dict[str, Any]:
    """What the function answers when the hour is due."""
    due = hour + HOUR + LONGEST_WINDOW + SLACK
    answer = make_client("lambda", facts["endpoint_url"]).invoke(
        FunctionName=facts["resources"]["ReconcilerFunction"],
        Payload=json.dumps({"time": f"{due:%Y-%m-%dT%H:%M:%SZ}"}),
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    found: dict[str, Any] = json.load(answer["Payload"])
    return found


@contextmanager
def archived_line(
    facts: Facts, hour: datetime, message_id: str, sync: str, event_type: str
) -> Iterator[None]:
    """While the block runs: an event that the router decided on and that never got any further."""
    line = {
        "pack_id": message_id,
        "n": 0,
        "message_id": message_id,
        "verdict": "accepted",
        "syncs": [{"sync": sync, "type": event_type}],
    }
    s3, bucket = make_client("s3", facts["endpoint_url"]), facts["archive_bucket"]
    key = f"events/dt={hour:%Y-%m-%d}/hr={hour:%H}/{message_id}.jsonl"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(line, separators=(",", ":")).encode())
    try:
        yield
    finally:
        s3.delete_object(Bucket=bucket, Key=key)
