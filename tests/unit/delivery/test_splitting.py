"""A batch that is refused as a whole: the bad item dies alone, what is good is delivered, and only once."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.delivery.deliver import Delivery
from sluice.delivery.ports import Places
from sluice.delivery.splitting import CALLS_PER_LEVEL, SPLIT_PAUSE, Allowance
from sluice.delivery.sync import compile_sync
from sluice.destinations.declaration import Response
from sluice.errors import GiveUp, RefusedAlong, RetryLater
from sluice.reasons import Reason
from tests.unit.delivery.world import DLQ, QUEUE, World, ids_of, make_event, make_pack, make_workspace


def refuse(bad, status=400):
    return lambda request: status if bad & {item.message_id for item, _ in request.entries} else 200


def make_world(size, **over):
    return World(make_workspace({"batch_size": size}, concurrency=1, **over))


def run_to_the_end(world, delivery=None):
    """Polls until nothing waits; the counts of all runs."""
    totals = Counter()
    while world.waiting:
        report = world.poll(delivery)
        totals.update(delivered=report.delivered, **report.dead)
        totals["runs"] += 1
        world.now = max(world.now, min((message.visible_at for message in world.waiting), default=0))
    return totals


@pytest.mark.parametrize("status", [400, 404, 409, 413, 418, 422, 451, 499])
@pytest.mark.parametrize("at", [0, 37, 99])
def test_one_bad_item_of_a_hundred_dies_alone(status, at):
    world = make_world(100)
    world.vendor.script = refuse({f"m-{at}"}, status)
    report = world.run(make_pack(*map(make_event, range(100))))
    assert (report.delivered, report.dead.total(), world.waiting) == (99, 1, [])
    assert len(world.vendor.calls) <= 15
    [letter] = world.letters
    assert (letter["message_id"], letter["status"]) == (f"m-{at}", status)
    assert (letter["request"]["items"], letter["attempts"]) == (1, 1)
    assert letter["request"]["body"].count("messageId") == 1


def test_each_taken_item_is_sent_in_one_request_that_was_taken():
    world = make_world(100)
    world.vendor.script = refuse({"m-1", "m-64"})
    world.run(make_pack(*map(make_event, range(100))))
    assert Counter(world.vendor.took) == Counter(f"m-{n}" for n in range(100) if n not in {1, 64})


@pytest.mark.parametrize("status", [402, 405, 406, 407, 410, 411, 414, 415, 421, 426, 431, 501, 301, 304])
def test_a_refusal_of_the_account_costs_one_call(status):
    world = make_world(100)
    world.vendor.script = lambda _request: status
    report = world.run(make_pack(*map(make_event, range(100))))
    assert (report.dead.total(), len(world.vendor.calls)) == (100, 1)


def test_an_operator_may_say_which_statuses_are_about_the_account():
    world = World(make_workspace({"batch_size": 100, "account_statuses": [400]}))
    world.vendor.script = lambda _request: 400
    report = world.run(make_pack(*map(make_event, range(100))))
    assert (report.dead, len(world.vendor.calls)) == (Counter(rejected=100), 1)


def test_a_declaration_may_tell_it_by_what_the_answer_says():
    world = make_world(100)
    sync = compile_sync(world.workspace, "crm")

    def judge(_settings, _request, response, _now):
        return GiveUp(Reason.REJECTED, status=400, split=b"plan" not in response.body)

    declaration = replace(sync.declaration, judge=judge)
    world.vendor.script = lambda _request: Response(400, body=b"not in your plan")
    world.queues.send(QUEUE, [make_pack(*map(make_event, range(100)))])
    report = world.poll(Delivery(replace(sync, declaration=declaration), Places(QUEUE, DLQ), world.ports))
    assert (report.dead, len(world.vendor.calls)) == (Counter(rejected=100), 1)


def test_what_the_transport_refuses_is_not_split():
    world = make_world(100)
    world.vendor.script = lambda _request: GiveUp(Reason.ADDRESS_REFUSED)
    report = world.run(make_pack(*map(make_event, range(100))))
    assert (report.dead, len(world.vendor.calls)) == (Counter(address_refused=100), 1)


def test_a_run_makes_a_bounded_number_of_calls_and_the_next_ones_go_on_where_it_stopped():
    world = make_world(100)
    world.vendor.script = refuse({f"m-{n}" for n in range(100)})
    report = world.run(make_pack(*map(make_event, range(100))))
    assert len(world.vendor.calls) == 1 + CALLS_PER_LEVEL * 7
    assert report.dead.total() + report.postponed == 100
    assert {message.visible_at - world.now for message in world.waiting} == {SPLIT_PAUSE}
    assert all(pack["attempt"] == 1 for pack in world.waiting_packs)
    totals = run_to_the_end(world)
    assert report.dead["rejected"] + totals["rejected"] == 100
    assert len(world.vendor.calls) == 199


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(2, 300),
    seed=st.integers(0, 999),
    share=st.sampled_from([0.0, 0.02, 0.2, 0.8, 1.0]),
    rate=st.sampled_from([None, None, 1.0, 20.0]),
    lefts=st.lists(st.sampled_from([60.0, 60.0, 5.0]), min_size=1, max_size=4),
    concurrency=st.sampled_from([1, 4]),
)
def test_whatever_is_bad_dies_alone_and_what_is_good_goes_once(size, seed, share, rate, lefts, concurrency):
    draw = Random(seed).random
    bad = {f"m-{n}" for n in range(size) if draw() < share}
    over = {"concurrency": concurrency, "rate_limit": rate, "max_concurrency": 1}
    world = World(make_workspace({"batch_size": 1000}, **over), draw=draw)
    world.vendor.script = refuse(bad)
    world.queues.send(QUEUE, [make_pack(*map(make_event, range(size)))])
    totals, delivery, step = Counter(), world.build(), 0
    while world.waiting:
        world.left = lefts[step % len(lefts)]
        step += 1
        report = world.poll(delivery)
        totals.update(delivered=report.delivered, dead=report.dead.total())
        world.now = max(world.now, min((message.visible_at for message in world.waiting), default=0))
    assert Counter(world.vendor.took) == Counter({f"m-{n}" for n in range(size)} - bad)
    assert Counter(letter["message_id"] for letter in world.letters) == Counter(bad)
    assert len(world.vendor.calls) <= 2 * size - 1


def test_items_that_were_refused_along_with_others_go_again_at_once_without_them():
    retry = {"for": 0, "first": 5, "max": 900, "attempts": 1}
    world = make_world(10, retry=retry)
    sync = compile_sync(world.workspace, "crm")
    bad = {"m-2", "m-5"}

    def judge(_settings, request, _response, _now):
        ids = [item.message_id for item, _ in request.entries]
        named = [one for one in ids if one in bad][:1]
        if not named:
            return None
        return [
            GiveUp(Reason.REJECTED) if one in named else RefusedAlong(Reason.REJECTED, status=400)
            for one in ids
        ]

    world.queues.send(QUEUE, [make_pack(*map(make_event, range(10)))])
    declaration = replace(sync.declaration, judge=judge)
    report = world.poll(Delivery(replace(sync, declaration=declaration), Places(QUEUE, DLQ), world.ports))
    assert (report.delivered, report.dead, world.waiting) == (8, Counter(rejected=2), [])
    assert [len(call.ids) for call in world.vendor.calls] == [10, 9, 8]
    assert sorted(letter["message_id"] for letter in world.letters) == sorted(bad)


def test_items_that_were_all_refused_along_wait_for_another_attempt():
    world = make_world(4)
    sync = compile_sync(world.workspace, "crm")
    error = RefusedAlong(Reason.REJECTED, status=400)
    declaration = replace(sync.declaration, judge=lambda _settings, request, *_told: [error] * 4)
    world.queues.send(QUEUE, [make_pack(*map(make_event, range(4)))])
    report = world.poll(Delivery(replace(sync, declaration=declaration), Places(QUEUE, DLQ), world.ports))
    assert (report.retried, len(world.vendor.calls)) == (4, 1)


def test_an_answer_slower_than_a_run_allows_makes_progress_all_the_same():
    world = make_world(64)
    bad = refuse({"m-7"})

    def answer_slowly(request):
        world.now += 30
        world.left -= 30
        return bad(request)

    world.vendor.script = answer_slowly
    world.queues.send(QUEUE, [make_pack(*map(make_event, range(64)))])
    runs = 0
    while world.waiting:
        world.left = 60.0
        world.poll()
        runs += 1
        world.now = max(world.now, min((message.visible_at for message in world.waiting), default=0))
    assert (len(world.vendor.took), len(world.vendor.calls)) == (63, 13)
    assert runs <= 13


def test_a_sync_with_one_attempt_splits_too():
    retry = {"for": 14_400, "first": 5, "max": 900, "attempts": 1}
    world = make_world(100, retry=retry)
    world.vendor.script = refuse({f"m-{n}" for n in range(0, 100, 2)})
    world.queues.send(QUEUE, [make_pack(*map(make_event, range(100)))])
    totals = run_to_the_end(world)
    assert (totals["delivered"], totals["rejected"]) == (50, 50)


def test_the_window_of_parts_begins_with_the_attempt_that_was_refused():
    world = make_world(100)
    world.vendor.script = refuse({f"m-{n}" for n in range(100)})
    world.run(make_pack(*map(make_event, range(100))))
    assert all(pack["first_attempt_at"] for pack in world.waiting_packs)


def test_a_part_that_may_be_taken_later_waits_and_the_others_do_not():
    world = make_world(4)
    answers = {4: 400, 2: 503}
    world.vendor.script = lambda request: (
        200 if "m-0" in str(request.entries) and len(request.entries) == 2 else answers[len(request.entries)]
    )
    report = world.run(make_pack(*map(make_event, range(4))))
    assert (report.delivered, report.retried, report.dead) == (2, 2, Counter())
    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-2", "m-3"]]


def test_batches_that_nobody_refused_go_before_the_parts_of_one_that_was():
    world = make_world(4)
    world.vendor.script = refuse({"m-0"})
    world.run(make_pack(*map(make_event, range(4))), make_pack(*map(make_event, range(4, 8))))
    assert [len(call.ids) for call in world.vendor.calls][:2] == [4, 4]


def test_a_breaker_that_opens_meanwhile_holds_the_parts():
    world = make_world(8)
    answers = iter([400, *[RetryLater(Reason.TIMEOUT)] * 5])
    world.vendor.script = lambda _request: next(answers)
    pack = make_pack(*map(make_event, range(8)))
    report = world.run(pack, *(make_pack(make_event(n)) for n in range(100, 105)))
    assert (report.breaker_open, report.dead) == (True, Counter())
    assert report.retried + report.postponed == 13


@pytest.mark.parametrize(("size", "calls"), [(2, 8), (3, 16), (100, 56), (1000, 80)])
def test_the_calls_grow_with_how_often_a_batch_can_be_halved(size, calls):
    allowance = Allowance.for_batch(size)
    assert sum(allowance.take() for _ in range(1000)) == calls
