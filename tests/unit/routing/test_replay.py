"""Replayed events in the router: no de-duplication, the syncs they are for, a mark and a message group."""

import pytest

from sluice.packs import Replay, parse_sync_pack
from sluice.routing.decide import compile_source, restrict
from tests.unit.routing.world import (
    BASE,
    ORDERS,
    World,
    make_event,
    make_pack,
    make_sync,
    make_type,
    make_workspace,
)

RUN = Replay("r1")


@pytest.mark.parametrize("dedup", ["request", "event"])
def test_a_replayed_event_is_no_duplicate_of_itself(dedup):
    world = World(make_workspace(dedup))
    world.post(make_pack(pack_id="live"))
    world.run()
    world.post(make_pack(pack_id="again", replay=RUN))
    world.run()
    assert world.sent() == [("custom_event", "m-1")] * 2
    assert world.verdicts() == [("m-1", "accepted")] * 2


def test_what_is_replayed_claims_nothing():
    world = World(make_workspace("event"))
    world.post(make_pack(replay=RUN))
    world.run()
    assert world.table.rows == {}


def test_a_replay_reaches_only_the_syncs_it_is_for():
    world = World(make_workspace(one=make_sync("One"), two=make_sync("Two")))
    world.post(make_pack(replay=Replay("r1", ("two",))))
    report = world.run()
    assert (world.sent("One"), world.sent("Two")) == ([], [("custom_event", "m-1")])
    (line,) = world.stream.lines()
    assert line["syncs"] == [{"sync": "two", "type": "custom_event"}]
    assert report.routed == {"two": 1}


def test_a_replay_is_still_filtered():
    world = World(make_workspace(orders=make_sync("Orders", make_type("purchase", ORDERS))))
    world.post(make_pack(make_event(1), make_event(2, event="Signed Up"), replay=RUN))
    world.run()
    assert world.sent("Orders") == [("purchase", "m-1")]


def test_the_archive_line_of_a_replayed_event_names_the_replay_and_a_live_one_does_not():
    world = World()
    world.post(make_pack(pack_id="live"), make_pack(make_event(2), pack_id="again", replay=RUN))
    world.run()
    live, replayed = world.stream.lines()
    assert ("replay" in live, replayed["replay"]) == (False, "r1")


def test_live_events_and_each_replay_have_packs_and_message_groups_of_their_own():
    world = World()
    packs = [None, RUN, Replay("r2"), RUN, None]
    world.post(*[make_pack(make_event(n), pack_id=f"p{n}", replay=run) for n, run in enumerate(packs)])
    world.run()
    sent = [(m.group, parse_sync_pack(m.body)) for m in world.queues.messages[BASE + "AllToCrm"]]
    assert [(group, pack.replay, [item.message_id for item in pack.items]) for group, pack in sent] == [
        ("", None, ["m-0", "m-4"]),
        ("replay-r1", "r1", ["m-1", "m-3"]),
        ("replay-r2", "r2", ["m-2"]),
    ]


def test_a_failed_message_of_a_replay_fails_the_packs_it_held_and_no_live_one():
    world = World()
    world.queues.refuse = lambda url, body: '"m-2"' in body and "pack_id" not in body
    world.post(
        make_pack(make_event(1), pack_id="live"), make_pack(make_event(2), pack_id="again", replay=RUN)
    )
    report = world.run()
    assert world.sent() == [("custom_event", "m-1")]
    assert (world.waiting(), report.trouble) == (1, {"send": 1})


def test_replayed_events_are_counted_apart_from_live_ones():
    world = World()
    world.post(make_pack(make_event(1)), make_pack(make_event(2), make_event(3), pack_id="r", replay=RUN))
    report = world.run()
    assert (report.accepted, report.replayed, report.events) == (1, 2, 3)
    assert report.routed == {"all-to-crm": 3}


def test_restricted_decisions_are_made_once_for_each_way_an_event_can_go():
    decide = restrict(
        compile_source({"one": make_sync("One"), "two": make_sync("Two")}, lambda: 0.0), ["one"]
    )
    assert decide(make_event(1)) is decide(make_event(2))
    assert decide(make_event(1)).routes == (("one", "custom_event"),)
