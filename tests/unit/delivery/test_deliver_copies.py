"""An event that is in the queue twice, as where SQS took it and its answer was lost, is delivered once.

No copy is dropped unless the other one is settled, or will be.
"""

from dataclasses import replace

import pytest

from sluice.delivery.copies import find_window, name_key, name_origin
from sluice.delivery.remains import dump_packs
from sluice.messages import Held, Message
from sluice.packs import parse_sync_pack
from tests.unit.delivery.steps import Killed
from tests.unit.delivery.world import DLQ, QUEUE, World, ids_of, make_event, make_pack, make_workspace

PACK = make_pack(*(make_event(n) for n in (1, 2)))


def test_two_copies_of_a_pack_are_delivered_once_and_both_acknowledged():
    world = World()

    report = world.run(PACK, PACK)

    assert world.vendor.took == ["m-1", "m-2"]
    assert world.waiting == []
    assert (report.delivered, report.failed) == (2, {})


def test_packs_that_share_some_items_deliver_each_once():
    world = World(make_workspace(concurrency=1))

    world.run(PACK, make_pack(*(make_event(n) for n in (2, 3))), make_pack(make_event(4)))

    assert world.vendor.took == ["m-1", "m-2", "m-3", "m-4"]
    assert world.waiting == []


def test_the_copy_with_the_fewest_attempts_is_kept():
    world = World()
    world.vendor.script = lambda _request: 503

    world.run(make_pack(attempt=7), make_pack(attempt=2), make_pack(attempt=4))

    assert [(ids_of(pack), pack["attempt"]) for pack in world.waiting_packs] == [(["m-1"], 3)]


def test_what_two_copies_leave_behind_is_left_once():
    world = World(make_workspace(concurrency=1))
    world.vendor.script = lambda request: {"m-1": 503, "m-2": 400}[request.entries[0][0].message_id]

    world.run(PACK, PACK)

    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-1"]]
    assert [letter["message_id"] for letter in world.letters] == ["m-2"]


def test_an_item_whose_pack_cannot_be_settled_comes_again():
    world = World()
    world.vendor.script = lambda _request: 400
    world.queues.refuse = lambda url, _body: url == DLQ

    world.run(PACK, PACK)

    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-1", "m-2"]]


def test_two_copies_wait_as_one_while_the_breaker_is_open():
    world = World(make_workspace(concurrency=1))
    world.vendor.script = lambda _request: 503
    delivery = world.build()
    world.queues.send(QUEUE, [make_pack(*(make_event(n) for n in range(5, 10)))])
    world.poll(delivery)
    world.queues.messages.clear()
    world.queues.send(QUEUE, [PACK, PACK])

    report = world.poll(delivery)

    assert (report.breaker_open, report.postponed) == (True, 2)
    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-1", "m-2"]]


def test_events_that_share_their_id_and_nothing_else_are_no_copies():
    world = World(make_workspace(concurrency=1))

    world.run(make_pack(make_event()), make_pack(make_event(event="Order Refunded")))

    assert world.vendor.took == ["m-1", "m-1"]


def test_a_live_event_and_its_replay_are_no_copies():
    world = World(make_workspace(concurrency=1))

    world.run(make_pack(), make_pack(replay="20261122-101500-3f2a"))

    assert world.vendor.took == ["m-1", "m-1"]


def test_an_event_that_is_twice_in_one_pack_is_delivered_twice():
    world = World(make_workspace(concurrency=1))

    world.run(make_pack(make_event(), make_event()))

    assert world.vendor.took == ["m-1", "m-1"]


def test_a_copy_that_is_received_later_is_dropped_and_counted():
    world = World()
    world.run(PACK)
    world.now += 400

    report = world.run(PACK)

    assert world.vendor.took == ["m-1", "m-2"]
    assert (report.copies, report.packs, report.failed) == (1, 0, {})
    assert world.waiting == []


def test_a_pack_whose_container_died_is_no_copy_of_itself():
    world = World(make_workspace(concurrency=1))
    world.queues.send(QUEUE, [PACK])
    world.vendor.script = die
    with pytest.raises(Killed):
        world.poll()
    world.vendor.script = lambda _request: 200
    world.now += 361

    report = world.poll()

    assert (world.vendor.took, report.copies) == (["m-1", "m-2"], 0)


def test_a_copy_does_not_take_the_place_of_a_pack_whose_container_died():
    world = World(make_workspace(concurrency=1))
    world.queues.send(QUEUE, [PACK])
    world.vendor.script = die
    with pytest.raises(Killed):
        world.poll()
    world.vendor.script = lambda _request: 200
    world.run(PACK)
    world.now += 361
    world.poll()

    assert world.vendor.took == ["m-1", "m-2"]
    assert world.waiting == []


def die(_request):
    raise Killed


def test_what_a_run_sends_again_unchanged_is_no_copy_of_what_it_came_from():
    world = World()
    times = iter([60.0])  # none is left when the calls begin
    world.queues.send(QUEUE, [PACK])
    received = [message.as_message() for message in world.queues.receive(QUEUE)]
    report = world.build().deliver(received, lambda: next(times, 0.0))
    world.queues.delete(QUEUE, [message.receipt_handle for message in received])
    assert (report.postponed, len(world.waiting)) == (2, 1)

    world.poll()

    assert sorted(world.vendor.took) == ["m-1", "m-2"]


def test_a_pack_that_comes_too_early_is_no_copy_when_its_time_has_come():
    world = World()
    world.run(make_pack(not_before="2027-01-15T08:20:00.000Z"))
    for _ in range(2):
        world.now += 901
        world.poll()

    assert world.vendor.took == ["m-1"]


def test_a_pack_that_aws_held_up_is_no_copy_of_what_it_came_from():
    world = World()
    world.vendor.script = lambda _request: 503
    refused = iter([True, True])  # its new packs; SQS takes the pack itself
    world.queues.send(QUEUE, [PACK])
    world.queues.refuse = lambda _url, _body: next(refused, False)
    assert world.poll().sent_again == 1
    world.vendor.script = lambda _request: 200
    world.now += 2

    report = world.poll()

    assert (report.copies, report.delivered, world.waiting) == (0, 2, [])


def test_of_a_pack_that_aws_held_up_copies_are_recognised_too():
    one = Message("a", "r", 1, PACK, held=Held(since=7, tries=1))

    assert name_key("copy", "crm", one) == name_key("copy", "crm", replace(one, id="b"))
    others = [Held(since=7, tries=2), Held(since=8, tries=1), None]
    keys = {name_key("copy", "crm", replace(one, held=held)) for held in others}
    assert len(keys - {name_key("copy", "crm", one)}) == 3


def test_keys_name_their_sync_so_that_a_role_can_be_limited_to_them():
    assert name_key("copy", "crm", Message("a", "r", 1, PACK)).startswith("copy:crm:")


def test_what_sqs_took_unheard_and_a_run_puts_back_once_more_is_a_copy():
    world = World(make_workspace(concurrency=1))
    world.vendor.script = lambda _request: 503
    world.queues.send(QUEUE, [PACK])
    world.queues.unheard = True
    world.poll()
    world.queues.unheard = False
    assert len(world.waiting) > 3, "the pack, what it left, and the pack that AWS held up"

    world.now += 400
    world.poll()
    world.vendor.script = lambda _request: 200
    for _ in range(4):
        world.now += 900
        world.poll()

    assert sorted(world.vendor.took) == ["m-1", "m-2"]
    assert world.waiting == []


@pytest.mark.parametrize("name", ["first_attempt_at", "not_before"])
def test_packs_that_differ_in_their_times_alone_have_one_key(name):
    first, second, other = (
        name_key("copy", "crm", Message("a", "r", 1, body))
        for body in (
            make_pack(make_event(1), **{name: "2026-12-01T10:00:00.000Z"}),
            make_pack(make_event(1), **{name: "2026-12-01T10:05:00.000Z"}),
            make_pack(make_event(2), **{name: "2026-12-01T10:00:00.000Z"}),
        )
    )
    assert first == second != other


def test_a_time_within_an_event_tells_packs_apart():
    keys = {
        name_key("copy", "crm", Message("a", "r", 1, make_pack(make_event(1, properties={"not_before": at}))))
        for at in ("10:00", "10:05")
    }
    assert len(keys) == 2


def test_what_the_table_does_not_know_about_waits_for_the_next_receive():
    world = World()
    world.claims.broken = lambda _key: True

    report = world.run(PACK, PACK)

    assert world.vendor.took == []
    assert sorted(report.failed.values()) == [5, 5]

    world.claims.broken = lambda _key: False
    world.now += 5

    assert world.poll().copies == 1
    assert sorted(world.vendor.took) == ["m-1", "m-2"]


def test_while_the_table_does_not_answer_everything_is_delivered_the_third_time():
    world = World()
    world.claims.broken = lambda _key: True
    world.notes.broken = True
    assert list(world.run(PACK, receives=2).failed.values()) == [20]
    world.now += 20
    world.poll()

    report = world.run(PACK, receives=3)

    assert sorted(world.vendor.took) == ["m-1", "m-1", "m-2", "m-2"]
    assert (report.copies, report.failed) == (0, {})


@pytest.mark.parametrize(("later", "taken"), [(60, 1), (find_window(60) + 1, 2)])
def test_while_the_table_does_not_answer_a_container_knows_the_copies_of_what_it_had(later, taken):
    world = World()
    delivery = world.build()
    world.claims.broken = lambda _key: True
    world.notes.broken = True

    def receive() -> None:
        world.queues.send(QUEUE, [PACK])
        for _ in range(3):
            world.poll(delivery)
            world.now += 30

    receive()
    world.now += later
    receive()

    assert sorted(world.vendor.took) == sorted(["m-1", "m-2"] * taken)
    assert world.waiting == []


def test_packs_are_asked_for_in_one_call_with_one_write_each():
    world, asked = World(), []
    claim = world.claims.claim

    def count(wanted, **times):
        asked.append(len(wanted))
        return claim(wanted, **times)

    world.claims.claim = count
    world.run(*(make_pack(make_event(n)) for n in range(8)), PACK, PACK)

    assert asked == [9]


@pytest.mark.parametrize("timeout", [10, 60, 900])
@pytest.mark.parametrize("how", ["in the run", "before it begins"])
def test_a_pack_that_is_redriven_from_the_dead_letter_queue_is_delivered(how, timeout):
    """SQS gives it a new id: a claim of the old one must be over by then."""
    world = World({**make_workspace(timeout=timeout)})
    world.queues.visibility, world.left = 6 * timeout, float(timeout)
    world.queues.send(QUEUE, [PACK])
    world.vendor.script = die
    for _ in range(20):
        world.now = max(world.now, world.waiting[0].visible_at)
        if how == "in the run" or world.waiting[0].receive_count < 2:
            with pytest.raises(Killed):
                world.poll()
        else:
            world.queues.receive(QUEUE)
    world.now = max(world.now, world.waiting[0].visible_at)
    world.queues.messages[QUEUE] = []  # SQS moves it now
    world.vendor.script = lambda _request: 200

    report = world.run(PACK)

    assert sorted(world.vendor.took) == ["m-1", "m-2"]
    assert report.copies == 0


def test_a_pack_that_delivery_cannot_write_down_is_delivered_when_it_is_redriven_at_once():
    world = World()
    world.queues.send(QUEUE, [PACK])
    world.vendor.script = lambda _request: 503
    world.ports = replace(world.ports, draw=lambda: "a bug")
    started = world.now
    for _ in range(20):
        world.now = max(world.now, world.waiting[0].visible_at)
        assert list(world.poll().failed) == ["m1"]
    world.now = max(world.now, world.waiting[0].visible_at)
    assert world.now - started <= 3600
    world.queues.messages[QUEUE] = []  # SQS moves it now
    world.ports = replace(world.ports, draw=lambda: 0.5)

    report = world.run(PACK)

    assert (report.copies, report.retried) == (0, 2)


@pytest.mark.parametrize("timeout", [10, 25, 60])
def test_a_pack_that_kills_its_container_is_in_the_dead_letter_queue_within_an_hour(timeout):
    world = World({**make_workspace(timeout=timeout)})
    world.queues.visibility, world.left = 6 * timeout, float(timeout)
    started = world.now
    world.queues.send(QUEUE, [PACK])
    world.vendor.script = die
    for _ in range(20):
        world.now = max(world.now, world.waiting[0].visible_at)
        with pytest.raises(Killed):
            world.poll()

    assert world.waiting[0].visible_at - started <= 3600


def test_a_claim_outlives_what_a_killed_router_needs_to_send_again():
    assert find_window(60) > 360 + 60


def test_the_packs_of_a_run_say_where_they_come_from():
    world = World()
    world.vendor.script = lambda _request: 503
    world.run(PACK)
    [waiting] = world.waiting_packs
    assert waiting["origin"] == name_origin(PACK)


def test_packs_that_differ_in_their_origin_alone_differ():
    pack = parse_sync_pack(PACK)
    one, other = (dump_packs(replace(pack, origin=origin), pack.items) for origin in ("a", "b"))
    assert one != other
