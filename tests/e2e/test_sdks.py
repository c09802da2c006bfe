"""Four unmodified SDKs: all they send arrives at the destination and in the archive."""

from typing import Any

import pytest

from tests.e2e.evidence import Facts, wait_for_delivery, wait_for_lines
from tests.e2e.sdks import (
    Send,
    send_with_hightouch,
    send_with_node,
    send_with_rudderstack,
    send_with_segment,
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.enable_socket,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),  # the SDKs' own
]

SDKS = {
    "events-sdk-python": send_with_hightouch,
    "segment-analytics-python": send_with_segment,
    "rudder-sdk-python": send_with_rudderstack,
    "@segment/analytics-node": send_with_node,
}


@pytest.mark.parametrize("send", SDKS.values(), ids=SDKS.keys())
def test_every_call_of_an_sdk_is_delivered_once_and_archived(facts: Facts, run: str, send: Send) -> None:
    sent = send(f"{facts['api_url']}/some/prefix", facts["write_keys"]["shop"], f"{run}-customer")

    deliveries = wait_for_delivery(facts, "lake", sent)
    lines = wait_for_lines(facts, sent)

    assert deliveries == dict.fromkeys(sent, 1)
    assert [(line["verdict"], line["syncs"]) for found in lines.values() for line in found] == [
        ("accepted", [{"sync": "everything-to-lake", "type": "custom_event"}])
    ] * len(sent)
    events: list[dict[str, Any]] = [lines[message_id][0]["event"] for message_id in sent]
    calls = ["identify", "track", "page", "screen", "group", "alias", "track"]
    assert [event["type"] for event in events[: len(calls)]] == calls
    assert {event.get("userId") for event in events} <= {f"{run}-customer", None, ""}
    assert not [event for event in events if "writeKey" in event]
    assert not [event for event in events if "_sluice" in event], "ingest changed something"
