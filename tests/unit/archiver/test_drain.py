"""The archiver: what leaves a dead-letter queue is in the archive, what is young or in doubt stays."""

import orjson
import pytest

from tests.unit.archiver.world import (
    DAY,
    DLQ,
    INGEST_DLQ,
    NOW,
    World,
    make_ingest_pack,
    make_letter,
    make_sync_pack,
)


def test_a_letter_that_the_archive_has_leaves_its_queue_and_is_not_written_again():
    world = World()
    world.die(make_letter())
    before = dict(world.archive.objects)
    world.now += 8 * DAY
    result = world.drain()[DLQ]
    assert (world.waiting(), result.deleted, result.archived) == (0, 1, 0)
    assert world.archive.objects == before


def test_letters_of_one_pack_are_found_in_the_object_that_holds_them_all():
    world = World()
    world.die(*[make_letter(n) for n in range(1, 26)])
    world.now += 8 * DAY
    result = world.drain()[DLQ]
    assert (world.waiting(), result.deleted, result.archived) == (0, 25, 0)
    assert len(world.archive.objects) == 1


def test_a_letter_that_the_archive_does_not_have_is_written_first():
    world = World()
    world.die(make_letter(1))
    world.die(make_letter(2), archived=False)
    world.now += 8 * DAY
    result = world.drain()[DLQ]
    assert (world.waiting(), result.deleted, result.archived) == (0, 2, 1)
    assert sorted(line["message_id"] for line in world.archive.lines()) == ["m-1", "m-2"]


def test_another_death_of_the_same_event_is_another_letter():
    world = World()
    world.die(make_letter(1), make_letter(3))
    world.die(make_letter(1, attempts=2, died_at="2027-01-15T09:00:00.000Z"), archived=False)
    world.now += 8 * DAY
    world.drain()
    assert sorted(line["attempts"] for line in world.archive.lines() if line["message_id"] == "m-1") == [1, 2]


def test_a_young_letter_stays_and_can_be_seen_again():
    world = World()
    world.die(make_letter(1))
    world.now += 6 * DAY
    world.die(make_letter(2))
    world.now += 2 * DAY
    result = world.drain()[DLQ]
    assert (result.deleted, result.young) == (1, 1)
    assert (world.waiting(), world.visible()) == (1, 1)


def test_a_whole_pack_is_archived_event_by_event_and_leaves():
    world = World()
    world.queues.send(DLQ, [make_sync_pack(1, 2)])
    world.now += 8 * DAY
    assert world.drain()[DLQ].deleted == 1
    (key,) = world.archive.objects
    assert key.startswith("dead/sync=all-to-crm/dt=2027-01-15/")
    lines = world.archive.lines()
    told = [(line["message_id"], line["event_type"], line["reason"], line["attempts"]) for line in lines]
    assert told == [("m-1", "custom_event", "unhandled", 2), ("m-2", "custom_event", "unhandled", 2)]
    assert lines[0].keys() == make_letter().keys()
    assert lines[0]["event"]["userId"] == "u-1"


def test_a_pack_of_a_replay_keeps_its_mark():
    world = World()
    world.queues.send(DLQ, [make_sync_pack(1, replay="r1")])
    world.now += 8 * DAY
    world.drain()
    assert [line["replay"] for line in world.archive.lines()] == ["r1"]


@pytest.mark.parametrize("body", ["no JSON", "[]", '{"v":1}', make_sync_pack(1, sync="another")])
def test_what_is_no_pack_is_archived_as_it_is(body):
    world = World()
    world.queues.send(DLQ, [body])
    world.now += 8 * DAY
    assert world.drain()[DLQ].deleted == 1
    assert [(line["reason"], line["body"]) for line in world.archive.lines()] == [("unhandled", body)]


def test_a_pack_that_could_not_be_routed_is_archived_so_that_it_can_be_sent_again():
    world = World()
    body = make_ingest_pack(1, 2)
    world.queues.send(INGEST_DLQ, [body, "no pack"])
    world.now += 8 * DAY
    assert world.drain()[INGEST_DLQ].deleted == 2
    assert all(key.startswith("dead/ingest/dt=2027-01-15/") for key in world.archive.objects)
    packs = {line["source"]: line for line in world.archive.lines()}
    assert (packs["web"]["pack"], packs["web"]["message_ids"]) == (orjson.loads(body), ["m-1", "m-2"])
    assert packs[""]["body"] == "no pack"


@pytest.mark.parametrize("form", ["letter", "archived letter", "pack"])
def test_nothing_is_deleted_while_the_archive_is_down(form):
    world = World()
    if form == "pack":
        world.queues.send(DLQ, [make_sync_pack()])
    else:
        world.die(make_letter(), archived=form == "archived letter")
    world.now += 8 * DAY
    world.archive.broken = True
    result = world.drain()[DLQ]
    assert (world.waiting(), world.visible(), result.deleted, result.failed) == (1, 1, 0, 1)
    assert result.trouble
    world.archive.broken = False
    assert world.drain()[DLQ].deleted == 1


def test_a_pack_that_aws_errors_held_up_says_so():
    world = World()
    reason = {"reason": "aws_unavailable"}
    world.queues.send(DLQ, [make_sync_pack(1)], attributes=[reason])
    world.queues.send(INGEST_DLQ, [make_ingest_pack(2)], attributes=[reason])
    world.now += 8 * DAY
    world.drain()
    assert {line["reason"] for line in world.archive.lines()} == {"aws_unavailable"}


def test_a_reason_that_is_none_of_a_whole_pack_counts_as_unhandled():
    world = World()
    world.queues.send(DLQ, [make_sync_pack(1)], attributes=[{"reason": "of somebody else"}])
    world.now += 8 * DAY
    world.drain()
    assert [line["reason"] for line in world.archive.lines()] == ["unhandled"]


def test_a_sync_pack_that_could_not_be_forwarded_is_archived_so_that_it_can_be_sent_again():
    world = World()
    world.queues.send(INGEST_DLQ, [make_sync_pack(1, 2)])
    world.now += 8 * DAY
    world.drain()
    [line] = world.archive.lines()
    assert line["message_ids"] == ["m-1", "m-2"]
    assert line["pack"] == orjson.loads(make_sync_pack(1, 2))


def test_trouble_with_one_queue_holds_up_no_other():
    world = World()
    world.queues.send(INGEST_DLQ, [make_ingest_pack()])
    world.now += 8 * DAY
    receive = world.queues.receive

    def refuse(url, **told):
        if url == DLQ:
            raise OSError("no such queue")
        return receive(url, **told)

    world.queues.receive = refuse
    results = world.drain()
    assert ("no such queue" in results[DLQ].trouble, results[INGEST_DLQ].deleted) == (True, 1)


def test_a_run_after_a_crash_between_archive_and_queue_leaves_one_object():
    world = World()
    world.queues.send(DLQ, [make_sync_pack()])
    world.now += 8 * DAY
    delete = world.queues.delete
    world.queues.delete = lambda url, handles: list(range(len(handles)))
    assert world.drain()[DLQ].failed == 1
    world.queues.delete = delete
    assert world.drain()[DLQ].deleted == 1
    assert len(world.archive.objects) == 1


def test_a_run_ends_in_time_and_the_next_goes_on():
    world = World()
    for n in range(250):
        world.die(make_letter(n))
    world.now = NOW + 8 * DAY
    ticks = iter(range(10**6))
    world.drain(seconds=8, clock=lambda: world.now + next(ticks))
    assert 0 < world.waiting() < 250
    assert world.visible() == world.waiting()
    world.drain()
    assert world.waiting() == 0


def test_a_letter_whose_day_could_not_be_read_in_time_stays():
    world = World()
    for n in range(50):
        world.die(make_letter(n), make_letter(n + 1000))
    world.now = NOW + 8 * DAY
    spent = [0.0]

    def clock():
        return world.now + spent[0]

    read_all = world.archive.read_all

    def read_slowly(keys):
        for content in read_all(keys):
            spent[0] += 10
            yield content

    world.archive.read_all = read_slowly
    result = world.drain(seconds=60, clock=clock)[DLQ]
    assert 0 < result.deleted < 100
    assert result.archived == 0
    assert result.received == result.deleted + result.young + result.failed
