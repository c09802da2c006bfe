"""Delivery is killed, or AWS says no, between every two steps: things may repeat, nothing may be lost."""

from collections import Counter, deque
from dataclasses import replace

import pytest

from sluice.delivery.deliver import MOST_PART_ITEMS, SMALL_PART_ITEMS, take_part
from sluice.delivery.pack_work import PackWork
from sluice.delivery.sync import compile_sync
from sluice.messages import Message
from sluice.packs import SyncPack
from tests.unit.delivery.steps import Killed, Steps, Watched
from tests.unit.delivery.world import (
    DLQ,
    QUEUE,
    World,
    ids_of,
    make_event,
    make_items,
    make_pack,
    make_workspace,
)

ANSWERS = {"m-1": 200, "m-2": 503, "m-3": 400, "m-4": 200, "m-5": 503, "m-6": 422}


def make_world():
    world = World(make_workspace(concurrency=1))
    world.vendor.script = lambda request: ANSWERS[request.entries[0][0].message_id]
    world.queues.send(QUEUE, [make_pack(*(make_event(n) for n in (1, 2, 3)))])
    world.queues.send(QUEUE, [make_pack(*(make_event(n) for n in (4, 5, 6)))])
    return world


def find_places(world):
    """Where each item is at the end."""
    places = {message_id: set() for message_id in ANSWERS}
    for message_id in world.vendor.took:
        places[message_id].add("delivered")
    for pack in world.waiting_packs:
        for message_id in ids_of(pack):
            places[message_id].add("waiting")
    for letter in world.letters:
        places[letter["message_id"]].add("dead")
    return places


def assert_right(world):
    places = find_places(world)
    for message_id, status in ANSWERS.items():
        want = {200: "delivered", 503: "waiting"}.get(status, "dead")
        assert want in places[message_id], f"{message_id} is {places[message_id]}"
    archived = {line["message_id"] for line in world.archive.lines()}
    assert {line["message_id"] for line in world.log.lines()} == set(ANSWERS)
    assert {letter["message_id"] for letter in world.letters} <= archived


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("receives", [1, 4], ids=["fresh", "suspect"])
def test_a_process_that_dies_at_any_step_loses_nothing(after, receives):
    died, kill_at = True, 0
    while died:
        kill_at += 1
        world = make_world()
        for message in world.waiting:
            message.receive_count = receives - 1
        steps = Steps(kill_at, after=after)
        ports = world.ports
        world.ports = replace(
            ports,
            queues=Watched(world.queues, steps, ["send", "delete", "set_visibility"]),
            archive=Watched(world.archive, steps, ["put"]),
            log=Watched(world.log, steps, ["put"]),
            pauses=Watched(world.pauses, steps, ["read", "write", "clear"]),
            outside=replace(ports.outside, http=steps.wrap(world.vendor)),
        )
        try:
            world.poll()
            died = False
        except Killed:
            died = True
        world.ports = ports
        world.now += 360
        world.poll()
        assert_right(world)
    assert kill_at > 11


def test_a_pack_whose_messages_sqs_refuses_is_received_again_and_the_other_is_done():
    world = make_world()
    world.queues.refuse = lambda to, body: to == QUEUE and "m-2" in body
    report = world.poll()
    assert list(report.failed) == ["m1"]
    assert report.failed["m1"] == 2
    assert report.trouble["m1"]
    assert (report.delivered, report.retried, report.dead) == (1, 1, {"rejected": 1})
    assert world.waiting[0].visible_at == world.now + 2
    world.queues.refuse = lambda _url, _body: False
    world.now += 2
    world.poll()
    assert_right(world)


def test_what_the_dlq_refuses_goes_back_to_the_queue_without_its_neighbours():
    world = make_world()
    world.queues.refuse = lambda url, _body: url == DLQ
    report = world.poll()
    assert [(ids_of(pack), pack["attempt"]) for pack in world.waiting_packs] == [
        (["m-2"], 2),
        (["m-5"], 2),
        (["m-3"], 1),
        (["m-6"], 1),
    ]
    assert set(report.trouble) == {"m1", "m2"}
    assert (report.delivered, report.dead) == (2, {})
    world.queues.refuse = lambda _url, _body: False
    world.now += 2
    world.poll()
    assert_right(world)
    assert sorted(world.vendor.took) == ["m-1", "m-4"]


def test_a_letter_goes_nowhere_before_it_is_archived():
    world = make_world()
    world.archive.broken = True
    report = world.poll()
    assert set(report.trouble) == {"m1", "m2"}
    assert world.letters == []
    assert not [line for line in world.log.lines() if line["outcome"] == "dead"]
    world.archive.broken = False
    world.now += 2
    world.poll()
    assert_right(world)
    assert sorted(world.vendor.took) == ["m-1", "m-4"]


@pytest.mark.parametrize(("receives", "seconds"), [(1, 2), (2, 4), (5, 32), (19, 14_400)])
def test_a_pack_that_sqs_takes_nowhere_comes_back_later_and_later(receives, seconds):
    world = World()
    world.vendor.script = lambda _request: 503
    world.queues.send(QUEUE, [make_pack()])
    world.waiting[0].receive_count = receives - 1
    world.queues.refuse = lambda _url, _body: True
    report = world.poll()
    assert report.failed == {"m1": seconds}
    assert world.waiting[0].visible_at == world.now + seconds


def test_the_same_deaths_are_archived_under_the_same_name():
    world = make_world()
    world.queues.refuse = lambda url, _body: url == DLQ
    world.poll()
    names = set(world.archive.objects)
    world.queues.refuse = lambda _url, _body: False
    world.now += 5
    world.poll()
    assert set(world.archive.objects) == names
    assert all(name.startswith("dead/sync=crm/dt=2027-01-15/") for name in names)


def test_what_was_settled_before_a_container_dies_is_not_repeated():
    """Ten full packs in one run: the container dies in the ninth."""
    world = World(make_workspace(concurrency=1))
    for n in range(10):
        world.queues.send(QUEUE, [make_pack(*(make_event(100 * n + k) for k in range(100)))])

    def answer(request):
        if len(world.vendor.took) == 850:
            raise Killed
        world.now += 0.01
        return 200

    world.vendor.script = answer
    with pytest.raises(Killed):
        world.poll()
    world.vendor.script = lambda _request: 200
    world.now += 361
    world.poll()
    twice = [message_id for message_id, times in Counter(world.vendor.took).items() if times > 1]
    assert len(set(world.vendor.took)) == 1000
    assert len(twice) <= 100


def test_parts_that_are_done_at_once_are_settled_together():
    world = World(make_workspace(concurrency=1))
    for n in range(10):
        world.queues.send(QUEUE, [make_pack(*(make_event(100 * n + k) for k in range(100)))])
    assert world.poll().delivered == 1000
    assert len(world.log.records) == 1


def cut_parts(works, most, **settings):
    """The number of packs in each part."""
    todo, sync, parts = deque(works), make_sync(**settings), []
    while todo:
        parts.append(len(take_part(todo, sync, most)))
    return parts


def test_a_destination_that_takes_lists_has_only_so_many_items_in_hand():
    packs = [make_work(100) for _ in range(10)]
    assert cut_parts(packs, MOST_PART_ITEMS, max_items=100, concurrency=32) == [5, 5]
    assert cut_parts(packs, SMALL_PART_ITEMS, max_items=100, concurrency=32) == [1] * 10


def test_a_part_has_no_more_calls_than_keep_all_threads_busy():
    packs = [make_work(100) for _ in range(10)]
    assert cut_parts(packs, MOST_PART_ITEMS, max_items=100, concurrency=4) == [4, 4, 2]
    assert cut_parts(packs, MOST_PART_ITEMS, max_items=1, concurrency=8) == [1] * 10


def test_small_packs_are_settled_together():
    packs = [make_work(2) for _ in range(10)]
    assert cut_parts(packs, MOST_PART_ITEMS, max_items=1, concurrency=8) == [10]


def make_work(items):
    pack = SyncPack("crm", list(make_items(items)), 1, "t")
    return PackWork(Message("m", "r", 1, ""), pack)


def make_sync(*, max_items, concurrency):
    return replace(compile_sync(make_workspace(), "crm"), max_items=max_items, concurrency=concurrency)
