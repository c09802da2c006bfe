"""The router as a whole: what is sent, archived, acknowledged; what is received again, and when."""

import pytest

from tests.unit.routing.world import (
    BASE,
    INGEST,
    NOW,
    ORDERS,
    World,
    make_event,
    make_pack,
    make_sync,
    make_type,
    make_workspace,
)


def make_packs(count, **over):
    return [make_pack(make_event(n), pack_id=f"pack-{n}", **over) for n in range(1, count + 1)]


def test_events_reach_every_sync_that_takes_them_and_the_archive():
    world = World(
        make_workspace(orders=make_sync("Orders", make_type("purchase", ORDERS)), rest=make_sync("Rest"))
    )
    world.post(make_pack(make_event(1), make_event(2, event="Signed Up")))
    report = world.run()
    assert world.sent("Orders") == [("purchase", "m-1")]
    assert world.sent("Rest") == [("custom_event", "m-1"), ("custom_event", "m-2")]
    assert world.verdicts() == [("m-1", "accepted"), ("m-2", "accepted")]
    assert (report.accepted, report.routed) == (2, {"orders": 1, "rest": 2})
    assert world.waiting() == 0


def test_several_ingest_packs_become_one_sync_pack_and_one_record():
    world = World()
    world.post(*make_packs(5))
    world.run()
    assert len(world.queues.messages[BASE + "AllToCrm"]) == 1
    assert len(world.stream.records) == 1


def test_events_of_a_source_that_left_the_workspace_are_archived():
    world = World()
    world.post(make_pack(source="gone"))
    report = world.run()
    assert world.verdicts() == [("m-1", "accepted")]
    assert (world.sent(), report.unknown_sources, world.waiting()) == ([], {"gone"}, 0)


@pytest.mark.parametrize("dedup", ["request", "event"])
@pytest.mark.parametrize("apart", [True, False], ids=["in another run", "in the same run"])
def test_a_client_that_sends_a_request_again_delivers_it_once(dedup, apart):
    world = World(make_workspace(dedup))
    world.post(make_pack(make_event(1), make_event(2), pack_id="first"))
    if apart:
        world.run()
    world.post(make_pack(make_event(1), make_event(2), pack_id="again"))
    world.run()
    assert world.sent() == [("custom_event", "m-1"), ("custom_event", "m-2")]
    assert sorted(verdict for _, verdict in world.verdicts()) == ["accepted"] * 2 + ["duplicate"] * 2


def test_by_event_a_request_with_one_new_event_delivers_that_one():
    world = World(make_workspace("event"))
    world.post(make_pack(make_event(1), pack_id="first"))
    world.post(make_pack(make_event(1), make_event(2), pack_id="second"))
    world.run()
    assert world.sent() == [("custom_event", "m-1"), ("custom_event", "m-2")]


def test_the_same_events_pass_again_after_the_window():
    world = World()
    world.post(make_pack(pack_id="first"))
    world.run()
    world.now += 24 * 3600 + 1
    world.post(make_pack(pack_id="again"))
    world.run()
    assert world.sent() == [("custom_event", "m-1")] * 2


@pytest.mark.parametrize(("dedup", "hours"), [("off", 24), ("request", 0)])
def test_without_de_duplication_everything_passes(dedup, hours):
    world = World(make_workspace(dedup), dedup_hours=hours)
    world.post(make_pack(pack_id="first"), make_pack(pack_id="again"))
    world.run()
    assert len(world.sent()) == 2
    assert world.table.rows == {}


def test_a_pack_of_which_nobody_knows_the_owner_is_tried_again_alone():
    world = World()
    world.table.broken = "m-2".__eq__
    world.post(*make_packs(3))
    report = world.run()
    assert [message_id for _, message_id in world.sent()] == ["m-1", "m-3"]
    assert (world.waiting(), report.trouble) == (1, {"claim": 1})
    assert [message_id for message_id, _ in world.verdicts()] == ["m-1", "m-3"]


def test_a_failed_archive_record_reaches_no_destination_and_fails_its_packs_only():
    world = World()
    world.stream.refuse = lambda record: b'"m-2"' in record
    large = [make_pack(make_event(n, pad="x" * 600_000), pack_id=f"pack-{n}") for n in (1, 2, 3)]
    world.post(*large)
    report = world.run()
    assert [message_id for _, message_id in world.sent()] == ["m-1", "m-3"]
    assert (world.waiting(), report.trouble, report.accepted) == (1, {"archive": 1}, 2)


def test_a_sync_message_that_sqs_takes_nowhere_fails_only_the_packs_whose_items_it_held():
    world = World()
    world.queues.refuse = lambda url, body: '"m-2"' in body and "pack_id" not in body
    world.post(*[make_pack(make_event(n, pad="x" * 200_000), pack_id=f"pack-{n}") for n in (1, 2, 3)])
    report = world.run()
    assert [message_id for _, message_id in world.sent()] == ["m-1", "m-3"]
    assert (world.waiting(), report.trouble, report.accepted) == (1, {"send": 1}, 2)


def test_archived_but_not_sent_repeats_only_archive_lines_that_readers_can_tell():
    world = World()
    world.post(make_pack(make_event(1), make_event(2)))
    world.queues.refuse = lambda _url, _body: True
    world.run()
    world.queues.refuse = lambda _url, _body: False
    world.now += 10
    world.run()
    assert world.sent() == [("custom_event", "m-1"), ("custom_event", "m-2")]
    lines = world.stream.lines()
    assert lines[:2] == lines[2:]
    assert [(line["pack_id"], line["n"]) for line in lines[:2]] == [("pack-1", 0), ("pack-1", 1)]


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "{}", '{"v":1}', '{"v":1,"pack_id":"p","events":[1]}'])
def test_a_message_that_is_no_pack_fails_alone_and_comes_back_at_once(body):
    world = World()
    world.queues.send(INGEST, [body])
    world.post(make_pack())
    report = world.run()
    assert world.sent() == [("custom_event", "m-1")]
    (poison,) = world.queues.messages[INGEST]
    assert (poison.visible_at, len(report.unreadable)) == (NOW + 1, 1)


def test_a_pack_that_breaks_the_router_fails_alone():
    world = World()
    world.post(make_pack(make_event(1), pack_id="bad", blocked={0: [{"no": "reason"}]}))
    world.post(make_pack(make_event(2), pack_id="good"))
    report = world.run()
    assert world.sent() == [("custom_event", "m-2")]
    assert (world.waiting(), len(report.unreadable)) == (1, 1)


def test_failed_packs_are_counted_only_once_they_are_finished():
    world = World()
    world.stream.refuse = lambda _record: True
    world.post(make_pack(make_event(1), make_event(2), blocked={1: ["missing_type"]}))
    assert world.run().events == 0
    world.stream.refuse = lambda _record: False
    world.now += 10
    report = world.run()
    assert (report.events, report.accepted, report.blocked) == (2, 1, {"missing_type": 1})
