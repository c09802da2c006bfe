"""An event that is in the queue twice, as where SQS took it and its answer was lost, is delivered once where
both copies are received together; and no copy is given up unless the other one is settled."""

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
