"""Destinations that are busy, down or refuse: what can be delivered is, the rest is a dead letter."""

import pytest

from cli.local.observe import script_sink
from sluice.delivery.breaker import FAILURES
from sluice.times import parse_time
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_order, send
from tests.e2e.evidence import (
    Facts,
    list_attempts,
    read_archived_letters,
    wait_for_delivery,
    wait_for_letters,
    wait_for_lines,
)

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

CLOCK_SECONDS = 0.05  # the sink tells times by the millisecond


def test_nothing_is_sent_to_a_busy_destination_before_the_time_it_asked_for(facts: Facts, run: str) -> None:
    asked, count = 4, FAILURES - 1  # one more opens the breaker, which waits longer than was asked
    busy = {"status": 429, "headers": {"Retry-After": str(asked)}, "repeat": count}
    script_sink(facts, "/crm/*", [busy], contains=run)

    sent = send(facts, [make_order(run, properties={"n": n}) for n in range(count)])
    deliveries = wait_for_delivery(facts, "crm", sent)

    assert deliveries == dict.fromkeys(sent, 1)
    for requests in list_attempts(facts, "crm", sent).values():
        first, second = (parse_time(request["time"]) for request in requests)
        assert first
        assert second
        assert second - first >= asked - CLOCK_SECONDS


def test_a_destination_that_was_down_gets_everything_when_it_is_back(facts: Facts, run: str) -> None:
    """Its breaker opens, so that most events meet no answer before it is well, and closes again."""
    down = [{"drop": True, "repeat": 3}, {"status": 503, "repeat": "forever"}]
    script_sink(facts, "/crm/*", down, contains=run)
    sent = send(facts, [make_order(run, properties={"n": n}) for n in range(20)])

    eventually(
        lambda: list_attempts(facts, "crm", sent),
        lambda attempts: sum(map(len, attempts.values())) >= FAILURES,
        what="calls enough to open the breaker",
    )
    script_sink(facts, "/crm/*", [], contains=run)
    deliveries = wait_for_delivery(facts, "crm", sent, seconds=120)

    assert deliveries == dict.fromkeys(sent, 1)
    attempts = list_attempts(facts, "crm", sent)
    assert any(len(requests) > 1 for requests in attempts.values()), "what failed was tried again"
    keys = [
        {request["headers"]["idempotency-key"] for request in attempts[message_id]} for message_id in sent
    ]
    assert keys == [{f"orders-to-crm:order:{message_id}"} for message_id in sent]


def test_an_event_that_is_refused_becomes_a_dead_letter_and_holds_up_no_other(facts: Facts, run: str) -> None:
    bad = make_order(run, userId=f"{run}-refused", event="Order Refunded")
    refusal = {"status": 422, "body": {"error": "no such customer"}, "repeat": "forever"}
    script_sink(facts, "/crm/*", [refusal], contains=bad["userId"])

    sent = send(facts, [make_order(run), bad, make_order(run)])
    others = [message_id for message_id in sent if message_id != bad["messageId"]]
    deliveries = wait_for_delivery(facts, "crm", others)
    letter = wait_for_letters(facts, "orders-to-crm", [bad["messageId"]])[bad["messageId"]]

    assert deliveries == dict.fromkeys(others, 1)
    [line] = wait_for_lines(facts, [bad["messageId"]])[bad["messageId"]]
    attributes = letter.pop("attributes")
    assert attributes == {
        "reason": "rejected",
        "status": "422",
        "attempts": "1",
        "message_id": bad["messageId"],
        "event_name": "Order Refunded",
        "event_type": "order",
        "first_seen": line["received_at"],
    }
    assert letter["event"] == line["event"]
    assert letter["payload"]["customer"] == bad["userId"]
    assert "no such customer" in letter["response"]["body"]
    [request] = list_attempts(facts, "crm", [bad["messageId"]])[bad["messageId"]]
    secret = request["headers"]["authorization"].removeprefix("Bearer ")
    assert secret
    assert secret not in str(letter)
    assert read_archived_letters(facts, "orders-to-crm")[bad["messageId"]] == letter


def test_what_is_retried_until_the_window_ends_dies_of_the_last_reason(facts: Facts, run: str) -> None:
    script_sink(facts, "/lake/*", [{"status": 500, "repeat": "forever"}], contains=run)
    sent = send(facts, [make_order(run, event="Receipt Printed")], source="till")

    letter = wait_for_letters(facts, "till-to-lake", sent)[sent[0]]

    assert letter["reason"] == "server_error"
    assert letter["attempts"] >= 2
    assert len(list_attempts(facts, "lake", sent)[sent[0]]) == letter["attempts"]
