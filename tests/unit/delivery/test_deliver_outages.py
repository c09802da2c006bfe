"""AWS refuses delivery for hours: packs wait, use up no receives, and what was delivered is not repeated."""

import math

import pytest

from sluice.outages import PATIENCE
from tests.unit.delivery.world import DLQ, NOW, QUEUE, World, ids_of, make_event, make_pack, make_workspace

HOUR = 3600


def run_until(world, end):
    """Runs whenever a message is visible; afterwards it is `end` (epoch seconds)."""
    while (due := min((m.visible_at for m in world.waiting), default=math.inf)) < end:
        world.now = max(world.now, due)
        world.poll()
        assert all(message.receive_count < 20 for message in world.waiting)
    world.now = end


def refuse_letters(world, where):
    world.archive.broken = where == "archive"
    world.queues.refuse = lambda url, _body: where == "DLQ" and url == DLQ


def answer(request):
    return 400 if "m-2" in str(request.entries) else 200


@pytest.mark.parametrize("seconds", [28 * 60, 6 * HOUR, 23 * HOUR])
@pytest.mark.parametrize("where", ["archive", "DLQ"])
def test_items_whose_letters_cannot_be_written_wait_alone(where, seconds):
    world = World()
    world.vendor.script = answer
    world.queues.send(QUEUE, [make_pack(make_event(1), make_event(2))])
    refuse_letters(world, where)
    run_until(world, NOW + seconds)
    assert world.vendor.took == ["m-1"]
    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-2"]]
    assert world.letters == []
    refuse_letters(world, "")
    run_until(world, NOW + seconds + 901)
    assert world.vendor.took == ["m-1"]
    assert [letter["message_id"] for letter in world.letters] == ["m-2"]
    assert world.waiting == []


def test_items_whose_letters_cannot_be_archived_for_a_day_are_in_the_dlq_with_a_reason():
    world = World()
    world.vendor.script = answer
    world.queues.send(QUEUE, [make_pack(make_event(2))])
    refuse_letters(world, "archive")
    run_until(world, NOW + PATIENCE + 901)
    assert world.waiting == []
    [dead] = world.queues.messages[DLQ]
    assert (dead.attributes, ids_of(world.letters[0])) == ({"reason": "aws_unavailable"}, ["m-2"])


@pytest.mark.parametrize("seconds", [28 * 60, 6 * HOUR, 23 * HOUR])
def test_a_pack_whose_log_cannot_be_written_outlives_the_outage(seconds):
    world = World()
    world.queues.send(QUEUE, [make_pack()])
    world.log.refuse, world.archive.broken = lambda _record: True, True
    run_until(world, NOW + seconds)
    assert world.queues.messages.get(DLQ, []) == []
    world.log.refuse, world.archive.broken = lambda _record: False, False
    run_until(world, NOW + seconds + 901)
    assert world.waiting == []
    assert [line["outcome"] for line in world.log.lines()] == ["delivered"]


def test_a_queue_that_takes_nothing_for_23_hours_holds_its_packs():
    world = World()
    world.vendor.script = lambda _request: 503
    world.queues.send(QUEUE, [make_pack()])
    world.queues.refuse = lambda _url, _body: True
    run_until(world, NOW + 23 * HOUR)
    assert len(world.waiting) == 1


def test_new_packs_that_the_queue_takes_at_the_second_try_repeat_nothing():
    world = World()
    world.vendor.script = lambda request: 503 if "m-2" in str(request.entries) else 200
    refused = iter([True])
    world.queues.send(QUEUE, [make_pack(make_event(1), make_event(2))])
    world.queues.refuse = lambda _url, _body: next(refused, False)
    world.poll()
    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-2"]]


def test_a_held_pack_keeps_its_message_group():
    world = World()
    world.queues.send(QUEUE, [make_pack(replay="r1")], groups=["replay-r1"])
    world.log.refuse, world.archive.broken = lambda _record: True, True
    world.poll()
    assert [message.group for message in world.waiting] == ["replay-r1"]


def test_what_was_held_up_counts_as_failed_for_the_alarm():
    world = World()
    world.log.refuse, world.archive.broken = lambda _record: True, True
    report = world.run(make_pack())
    assert (report.failed, report.count()["PacksFailed"]) == ({}, 1)


def test_of_several_letters_only_those_that_the_dlq_refuses_come_again():
    world = World()
    world.vendor.script = lambda _request: 400
    world.queues.send(QUEUE, [make_pack(make_event(1), make_event(2), make_event(3))])
    world.queues.refuse = lambda url, body: url == DLQ and '"m-2"' in body
    report = world.poll()
    assert sorted(letter["message_id"] for letter in world.letters) == ["m-1", "m-3"]
    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-2"]]
    assert report.dead == {"rejected": 2}


def test_what_no_time_is_left_for_is_settled_in_one_go():
    world = World()
    times = iter([60.0])
    world.queues.send(QUEUE, [make_pack(*(make_event(100 * n + k) for k in range(100))) for n in range(5)])
    received = [message.as_message() for message in world.queues.receive(QUEUE)]
    sends = []
    send = world.queues.send
    world.queues.send = lambda url, bodies, **more: (sends.append(len(bodies)), send(url, bodies, **more))[1]
    report = world.build().deliver(received, lambda: next(times, 0.0))
    assert (report.postponed, sends) == (500, [5])


SECRET = {"headers": {"X-Key": {"secret": "ssm:key"}}}


def make_world_with_secret():
    world = World(workspace=make_workspace(SECRET))
    world.secrets.secrets["ssm:key"] = "s3cr3t-of-the-crm"
    return world


@pytest.mark.parametrize("seconds", [28 * 60, 6 * HOUR, 23 * HOUR])
def test_a_pack_whose_secret_cannot_be_read_outlives_the_outage_and_its_own_window(seconds):
    world = make_world_with_secret()
    world.secrets.broken = True
    world.queues.send(QUEUE, [make_pack()])
    run_until(world, NOW + seconds)
    assert (world.letters, world.log.lines(), len(world.waiting)) == ([], [], 1)
    world.secrets.broken = False
    run_until(world, NOW + seconds + 901)
    assert (world.vendor.took, world.waiting) == (["m-1"], [])


def test_a_pack_whose_secret_cannot_be_read_for_a_day_is_in_the_dlq_with_a_reason():
    world = make_world_with_secret()
    world.secrets.broken = True
    world.queues.send(QUEUE, [make_pack()])
    run_until(world, NOW + PATIENCE + 901)
    [dead] = world.queues.messages[DLQ]
    assert (dead.attributes, dead.body, world.waiting) == ({"reason": "aws_unavailable"}, make_pack(), [])


def test_a_secret_that_cannot_be_read_afresh_leaves_the_refusal_as_the_reason():
    world = make_world_with_secret()
    world.secrets.cached["ssm:key"] = "s3cr3t-of-the-crm"
    world.secrets.broken = True
    world.vendor.script = lambda _request: 401
    world.run(make_pack())
    [line] = world.log.lines()
    assert (line["outcome"], line["reason"]) == ("retry", "auth_rejected")
