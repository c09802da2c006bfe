"""Redrive where something goes wrong: nothing is lost, the counts add up, nothing goes round for ever."""

import pytest

from cli.dlq.queues import Dlq
from cli.dlq.redrive import Outcome, redrive
from cli.dlq.selection import Selection
from cli.dlq.sweep import Sweep
from cli.pacing import Pacer
from sluice.delivery.dead_letters import dump_letter
from sluice.packs import parse_sync_pack
from tests.fakes.queues import FakeQueues
from tests.unit.archiver.world import DLQ, NOW, make_ingest_pack, make_letter, make_sync_pack

HOME = "https://sqs/1/stack-AllToCrm"
QUEUE = Dlq("all-to-crm", DLQ, HOME)


class Clock:
    def __init__(self):
        self.now, self.slept = NOW, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def make_queues(count, clock=None):
    queues = FakeQueues(clock=clock or (lambda: NOW))
    queues.send(DLQ, [dump_letter(make_letter(n)) for n in range(count)])
    return queues


def run(queues, *, before=NOW + 1, selection=None, pacer=None, outcome=None, suppressed=(), dlq=QUEUE):
    outcome = outcome or Outcome()
    redrive(
        queues,
        dlq,
        selection or Selection(),
        before=before,
        pacer=pacer or Pacer(0),
        advance=lambda _count: None,
        find_suppressed=lambda events: {
            n: "x" for n, event in enumerate(events) if event.get("userId") in suppressed
        },
        outcome=outcome,
    )
    return outcome


def adds_up(outcome):
    return outcome.received == outcome.sent + outcome.kept + outcome.failed


def sent_ids(queues):
    packs = [parse_sync_pack(message.body) for message in queues.messages.get(HOME, [])]
    return sorted(item.message_id for pack in packs for item in pack.items)


def test_a_hundred_letters_share_a_pack():
    queues = make_queues(250)
    outcome = run(queues)
    assert (outcome.sent, adds_up(outcome), len(queues.messages[HOME])) == (250, True, 3)
    assert len(sent_ids(queues)) == 250


def test_what_sqs_does_not_take_back_stays_and_can_be_seen():
    queues = make_queues(3)
    queues.send(DLQ, [make_sync_pack(7)])
    queues.refuse = lambda url, body: url == HOME and '"m-7"' in body
    outcome = run(queues)
    assert (outcome.received, outcome.sent, outcome.failed, adds_up(outcome)) == (4, 3, 1, True)
    (left,) = queues.messages[DLQ]
    assert left.visible_at <= NOW


def test_a_crash_between_sending_and_deleting_sends_twice_and_loses_nothing():
    queues = make_queues(3)

    def crash(_url, _handles):
        raise KeyboardInterrupt

    delete, queues.delete = queues.delete, crash
    with pytest.raises(KeyboardInterrupt):
        run(queues)
    assert all(message.visible_at <= NOW for message in queues.messages[DLQ])
    queues.delete = delete
    run(queues)
    assert sent_ids(queues) == ["m-0", "m-0", "m-1", "m-1", "m-2", "m-2"]
    assert queues.messages[DLQ] == []


def test_letters_that_could_not_be_deleted_are_said_to_be_there_twice():
    queues = make_queues(2)
    queues.delete = lambda _url, handles: [0]
    outcome = run(queues)
    assert (outcome.sent, outcome.twice, adds_up(outcome)) == (2, 1, True)


def test_what_dies_again_meanwhile_is_not_sent_back_in_the_same_run():
    clock = Clock()
    queues = make_queues(100, clock)
    send = queues.send

    def die_again(url, bodies, **told):
        clock.now += 1
        for n in range(5) if url == HOME else ():
            send(DLQ, [dump_letter(make_letter(n))])
        return send(url, bodies, **told)

    queues.send = die_again
    outcome = run(queues, before=NOW + 0.5)
    assert (outcome.sent, outcome.kept, adds_up(outcome)) == (100, 5, True)
    assert len(queues.messages[DLQ]) == 5


def test_a_letter_whose_event_is_gone_is_kept():
    queues = FakeQueues(clock=lambda: NOW)
    queues.send(DLQ, [dump_letter(make_letter(1, event=None))])
    outcome = run(queues)
    assert (outcome.kept, outcome.sent, len(queues.messages[DLQ])) == (1, 0, 1)


def test_a_sweep_meets_every_message_once_even_where_they_come_back():
    clock = Clock()
    queues = make_queues(45, clock)
    receive, queues.receive = queues.receive, None

    def receive_slowly(url, **told):
        clock.now += 400  # what was hidden for 900 s is visible again after three receives
        return receive(url, **told)

    queues.receive = receive_slowly
    with Sweep(queues, DLQ) as sweep:
        seen = [message.id for batch in sweep.receive(10) for message in batch]
    assert len(seen) == len(set(seen))


def test_a_rate_is_kept():
    clock = Clock()
    queues = make_queues(60, clock)
    run(queues, pacer=Pacer(20, clock, clock.sleep))
    assert clock.now - NOW == pytest.approx(3, abs=0.5)
    assert max(len(parse_sync_pack(m.body).items) for m in queues.messages[HOME]) <= 20


def test_without_a_rate_nobody_waits():
    clock = Clock()
    run(make_queues(60, clock), pacer=Pacer(0, clock, clock.sleep))
    assert clock.slept == []


def test_what_is_a_suppressed_users_is_kept_and_counted():
    queues = make_queues(3)
    queues.send(DLQ, [make_sync_pack(1, 7), make_sync_pack(8)])
    outcome = run(queues, suppressed={"u-1"})
    assert (outcome.received, outcome.sent, outcome.kept, outcome.suppressed) == (5, 3, 2, 2)
    assert sent_ids(queues) == ["m-0", "m-2", "m-8"]
    assert len(queues.messages[DLQ]) == 2


def test_an_interrupted_redrive_has_counts_that_add_up():
    queues, outcome = make_queues(250), Outcome()
    send, calls = queues.send, []

    def interrupt(url, bodies, **told):
        calls.append(url)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return send(url, bodies, **told)

    queues.send = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(queues, outcome=outcome)
    assert (outcome.received, outcome.sent, adds_up(outcome)) == (100, 100, True)
    assert len(queues.messages[DLQ]) == 150


def test_an_event_that_is_redriven_twice_makes_two_different_packs():
    """Delivery drops a pack whose text it knows: the second redrive would be lost."""
    queues = make_queues(1)
    [letter] = queues.messages[DLQ]
    body = letter.body
    run(queues)
    queues.send(DLQ, [body])
    run(queues)
    first, second = (message.body for message in queues.messages[HOME])
    assert first != second
    assert parse_sync_pack(first).items == parse_sync_pack(second).items


def test_of_packs_in_the_ingest_queue_those_behind_the_router_are_looked_at():
    """The router drops events of suppressed users from ingest packs; a sync pack it only forwards."""
    queues = FakeQueues(clock=lambda: NOW)
    queues.send(DLQ, [make_ingest_pack(1), make_sync_pack(1), make_sync_pack(2)])
    outcome = run(queues, dlq=Dlq("", DLQ, HOME), suppressed={"u-1"})
    assert (outcome.sent, outcome.kept, outcome.suppressed) == (2, 1, 1)
    assert [message.body for message in queues.messages[HOME]] == [make_ingest_pack(1), make_sync_pack(2)]
