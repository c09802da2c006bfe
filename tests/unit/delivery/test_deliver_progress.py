"""What a run delivered before it died is not delivered again, where AWS was slow to settle it."""

from dataclasses import replace

import pytest

from sluice.delivery.progress import CALM_SECONDS, LIFETIME, SLOW_SECONDS, Note
from sluice.times import format_time
from tests.unit.delivery.steps import Killed
from tests.unit.delivery.world import NOW, QUEUE, World, make_event, make_pack, make_workspace


class SlowLog:
    """A delivery log that takes its time, and in which the process dies where `dies` says so."""

    def __init__(self, world, seconds):
        self.world, self.seconds, self.dies, self.kept = world, seconds, False, world.log

    def put(self, records):
        if self.dies:
            raise Killed
        self.world.now += self.seconds
        return self.kept.put(records)


@pytest.fixture
def world():
    return World(make_workspace(concurrency=1))


def die_while_settling(world, *events, seconds=1.0, first=99):
    """A container settles one pack in so many seconds, and dies while it settles the next one."""
    log = SlowLog(world, seconds)
    world.ports = replace(world.ports, log=log)
    delivery = world.build()
    world.queues.send(QUEUE, [make_pack(make_event(first))])
    world.poll(delivery)
    world.vendor.took.clear()
    world.queues.send(QUEUE, [make_pack(*events)])
    log.dies = True
    with pytest.raises(Killed):
        world.poll(delivery)
    log.dies = False


def receive_again(world):
    for message in world.waiting:
        message.visible_at = world.now
    return world.poll()


def test_what_was_delivered_before_the_process_died_is_not_sent_again(world):
    die_while_settling(world, make_event(1), make_event(2))
    assert world.vendor.took == ["m-1", "m-2"]
    report = receive_again(world)
    assert world.vendor.took == ["m-1", "m-2"]
    assert report.delivered == 2
    assert not world.waiting


def test_it_is_in_the_log_all_the_same_with_the_time_of_then(world):
    die_while_settling(world, make_event(1))
    delivered_at = format_time(world.now)
    world.now += 600
    receive_again(world)
    [line] = [line for line in world.log.lines() if line["message_id"] == "m-1"]
    assert line["outcome"] == "delivered"
    assert line["at"] == delivered_at


def test_what_was_refused_is_tried_again_alone(world):
    world.vendor.script = lambda request: {"m-2": 503}.get(request.entries[0][0].message_id, 200)
    die_while_settling(world, make_event(1), make_event(2), make_event(3))
    world.vendor.took.clear()
    world.vendor.script = lambda _request: 200
    assert receive_again(world).delivered == 3
    assert world.vendor.took == ["m-2"]


def test_after_a_minute_without_trouble_nothing_is_noted(world):
    log = SlowLog(world, SLOW_SECONDS / 2)
    world.ports = replace(world.ports, log=log)
    delivery = world.build()
    world.now += CALM_SECONDS
    for n in (1, 2):
        world.queues.send(QUEUE, [make_pack(make_event(n))])
        world.poll(delivery)
    assert world.notes.rows == {}
    world.queues.send(QUEUE, [make_pack(make_event(3))])
    log.dies = True
    with pytest.raises(Killed):
        world.poll(delivery)
    log.dies = False
    receive_again(world)
    assert world.vendor.took == ["m-1", "m-2", "m-3", "m-3"]


def test_without_its_note_everything_is_sent_again(world):
    die_while_settling(world, make_event(1))
    world.notes.broken = True
    assert receive_again(world).delivered == 1
    assert world.vendor.took == ["m-1", "m-1"]


def test_a_new_process_notes_in_its_first_minute(world):
    """It may follow one that was killed, and what it received may come back to the next one."""
    log = SlowLog(world, 0.0)
    world.ports = replace(world.ports, log=log)
    world.queues.send(QUEUE, [make_pack(make_event(1))])
    log.dies = True
    with pytest.raises(Killed):
        world.poll()
    log.dies = False
    assert receive_again(world).delivered == 1
    assert world.vendor.took == ["m-1"]


@pytest.mark.parametrize("trouble", ["slow", "refused", "received before", ""])
def test_what_is_wrong_is_remembered_for_a_minute(world, trouble):
    log = SlowLog(world, SLOW_SECONDS * 2 if trouble == "slow" else 0.0)
    world.ports = replace(world.ports, log=log)
    delivery = world.build()
    world.now += CALM_SECONDS
    if trouble == "refused":
        world.log.refuse = lambda _record: True
        world.archive.broken = True
    world.queues.send(QUEUE, [make_pack(make_event(1))])
    if trouble == "received before":
        world.waiting[0].receive_count = 1
    world.poll(delivery)
    world.notes.rows.clear()
    world.now += CALM_SECONDS - 1
    world.queues.send(QUEUE, [make_pack(make_event(2))])
    world.poll(delivery)
    assert bool(world.notes.rows) == bool(trouble)


def test_a_note_has_a_bit_for_each_place_and_an_end():
    seen = []

    class Rows:
        def write(self, notes, *, expires):
            seen.append((list(notes.values()), expires))

        def read(self, _keys):
            return {}

    world = World(make_workspace(concurrency=1))
    world.notes = Rows()
    world.ports = replace(world.ports, notes=world.notes)
    world.vendor.script = lambda request: {"m-2": 400}.get(request.entries[0][0].message_id, 200)
    world.run(make_pack(make_event(1), make_event(2), make_event(3)), receives=2)
    assert seen == [([Note(0b101, NOW)], int(NOW) + LIFETIME)]


def test_while_aws_is_slow_what_was_taken_is_noted_between_the_calls(world):
    """A pack of a destination that takes single events may be under way for seconds."""
    world.vendor.script = lambda request: die(request.entries[0][0].message_id)
    world.queues.send(QUEUE, [make_pack(*(make_event(n) for n in range(60)))])
    world.waiting[0].receive_count = 1

    def die(message_id):
        if message_id == "m-55":
            raise Killed
        return 200

    with pytest.raises(Killed):
        world.poll()
    [note] = world.notes.rows.values()
    assert note.taken == (1 << 50) - 1


def test_a_pack_that_aws_errors_held_up_is_not_sent_again_as_a_whole(world):
    """The queue did not take the retry of one item, so the pack goes back under another message id."""
    world.vendor.script = lambda request: {"m-2": 503}.get(request.entries[0][0].message_id, 200)
    refused = []

    def refuse_retries(_url, body):
        is_retry = '"attempt":2' in body
        refused.append(is_retry)
        return is_retry and refused.count(True) <= 2

    world.queues.refuse = refuse_retries
    world.queues.send(QUEUE, [make_pack(make_event(1), make_event(2), make_event(3))])
    world.poll()
    [again] = world.waiting
    assert again.as_message().held is not None
    world.vendor.script = lambda _request: 200
    world.vendor.took.clear()
    world.now += 900
    assert world.poll().delivered == 3
    assert world.vendor.took == ["m-2"]
