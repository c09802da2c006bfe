"""Processes that die and messages that nobody can read: nothing is lost, and nobody waits for them."""

import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from cli.local.observe import script_sink
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, make_order, send
from tests.e2e.evidence import Facts, count_verdicts, list_attempts, wait_for_delivery, wait_for_lines
from tests.e2e.queues import changed_queue, count_in_flight, fewer_receives, put_message, take_messages
from tests.e2e.stacks import LocalStack, find_workers

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

REQUESTS, EVENTS_EACH = 40, 10
REDELIVERY_SECONDS = "8"  # instead of six minutes
RECEIVES = 6  # instead of 20; from the third on a message is handled alone


def test_a_router_that_is_killed_in_the_middle_of_a_burst_loses_nothing(
    main_stack: LocalStack, facts: Facts, run: str
) -> None:
    queue = facts["ingest_queue"]
    wait_for_delivery(facts, "lake", send(facts, [make_event(run)]))  # a router runs
    batches = [[make_event(run, properties={"n": n}) for n in range(EVENTS_EACH)] for _ in range(REQUESTS)]

    with (
        changed_queue(facts, queue, VisibilityTimeout=REDELIVERY_SECONDS),
        ThreadPoolExecutor(4) as clients,
    ):
        held = find_workers(main_stack, "RouterFunction")
        signal_all(held, signal.SIGSTOP)  # so that they surely have a batch in hand when they die
        requests = [clients.submit(send, facts, batch) for batch in batches]
        eventually(lambda: count_in_flight(facts, queue), what="a router has a batch in hand")
        crashed = signal_all(held, signal.SIGKILL)
        sent = []
        for number, request in enumerate(requests, 1):
            sent += request.result()
            if number % (REQUESTS // 4) == 0:  # and at three more moments of the burst, whatever they do then
                signal_all(find_workers(main_stack, "RouterFunction"), signal.SIGKILL)
        deliveries = wait_for_delivery(facts, "lake", sent, seconds=120)
    lines = wait_for_lines(facts, sent)

    assert crashed
    assert len(deliveries) == REQUESTS * EVENTS_EACH
    assert count_verdicts(lines) == {"accepted": len(sent)}, "none was taken for its own repeat"


def test_a_delivery_that_is_killed_while_the_destination_thinks_is_made_again(
    main_stack: LocalStack, facts: Facts, run: str
) -> None:
    script_sink(facts, "/crm/*", [{"delay": 60}], contains=run)

    with changed_queue(
        facts, facts["queues"]["orders-to-crm"]["queue"], VisibilityTimeout=REDELIVERY_SECONDS
    ):
        [sent] = send(facts, [make_order(run)])
        eventually(lambda: list_attempts(facts, "crm", [sent])[sent], what="the destination thinks")
        crashed = signal_all(find_workers(main_stack, "OrdersToCrmDeliveryFunction"), signal.SIGKILL)
        attempts = eventually(
            lambda: list_attempts(facts, "crm", [sent])[sent],
            lambda requests: len(requests) == 2,
            what="a second attempt",
        )

    assert crashed
    assert len({request["headers"]["idempotency-key"] for request in attempts}) == 1


def test_a_message_that_is_no_pack_ends_in_the_dlq_and_takes_no_neighbour_along(
    facts: Facts, run: str
) -> None:
    ingest, sync = facts["ingest_queue"], facts["queues"]["orders-to-crm"]
    garbage = f"{run} is not a pack"
    with fewer_receives(facts, ingest, RECEIVES), fewer_receives(facts, sync["queue"], RECEIVES):
        put_message(facts, ingest, garbage)
        put_message(facts, sync["queue"], garbage)

        pairs = [send(facts, [make_order(run), make_order(run)]) for _ in range(10)]
        sent = [message_id for pair in pairs for message_id in pair]
        assert wait_for_delivery(facts, "crm", sent) == dict.fromkeys(sent, 1)
        assert wait_for_delivery(facts, "lake", sent) == dict.fromkeys(sent, 1)

        for dlq in (facts["ingest_dlq"], sync["dlq"]):
            found: list[str] = []
            eventually(
                lambda dlq=dlq, found=found: found.extend(take_messages(facts, dlq)) or garbage in found,
                what=f"the message that is not a pack in {dlq}",
            )
    assert count_verdicts(wait_for_lines(facts, sent)) == {"accepted": len(sent)}


def signal_all(pids: list[int], number: signal.Signals) -> int:
    """How many of the processes were still there to get the signal."""
    reached = 0
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            reached += 1
    return reached
