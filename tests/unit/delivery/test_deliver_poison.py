from random import Random

import pytest

from tests.unit.delivery.world import QUEUE, World, make_event, make_pack


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def kill_on(world, poison, other=200):
    def script(request):
        if poison in str(request.entries):
            raise Killed
        return other

    world.vendor.script = script


def test_a_pack_that_kills_the_process_takes_no_neighbour_along():
    world = World(draw=Random(7).random)
    kill_on(world, "poison")
    for n in range(9):
        world.queues.send(QUEUE, [make_pack(make_event(n))])
        if n == 4:
            world.queues.send(QUEUE, [make_pack(make_event(messageId="poison"))])
    killed = 0
    while len(world.waiting) > 1:
        assert killed < 20, "neighbours would be in the DLQ before they are delivered"
        try:
            world.poll()
        except Killed:
            killed += 1
        world.now += 360
    assert {f"m-{n}" for n in range(9)} <= set(world.vendor.took)
    assert "poison" in world.waiting[0].body


def test_of_several_killers_none_keeps_the_others_from_their_turn():
    world = World(draw=Random(7).random)
    kill_on(world, "poison")
    bodies = [make_pack(make_event(messageId=f"poison-{n}")) for n in range(3)]
    world.queues.send(QUEUE, [*bodies, make_pack(make_event(1))])
    for _ in range(20):
        with pytest.raises(Killed):
            world.poll()
        world.now += 360
    assert "m-1" in world.vendor.took


def test_finished_packs_are_acknowledged_before_a_suspect_is_touched():
    world = World()
    seen = []

    def script(request):
        seen.append((request.entries[0][0].message_id, len(world.waiting)))
        return 200

    world.vendor.script = script
    world.queues.send(QUEUE, [make_pack(make_event(n)) for n in range(3)])
    world.waiting[0].receive_count = 2
    world.waiting[1].receive_count = 7
    world.poll()
    assert seen == [("m-2", 3), ("m-0", 2), ("m-1", 1)]


def test_a_suspect_that_is_none_is_delivered_as_ever():
    world = World()
    report = world.run(make_pack(), receives=12)
    assert (report.delivered, report.failed) == (1, {})
    assert world.waiting == []


def test_a_failed_neighbour_has_its_short_visibility_before_a_suspect_kills():
    world = World()
    kill_on(world, "poison", other=503)
    world.queues.send(QUEUE, [make_pack(make_event(1)), make_pack(make_event(messageId="poison"))])
    world.queues.refuse = lambda _url, _body: True
    world.waiting[1].receive_count = 5
    with pytest.raises(Killed):
        world.poll()
    assert world.waiting[0].visible_at == world.now + 2
