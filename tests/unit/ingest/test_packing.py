"""How a request becomes messages for SQS, and that a resend becomes the same ones."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.packs import PACK_BYTES
from tests.builders import make_batch, make_event
from tests.unit.ingest.world import RECEIVED, World

BROWSER = "Mozilla/5.0"


def make_events(count, size=1000, **over):
    return [make_event(messageId=f"m-{n}", properties={"x": "x" * size}, **over) for n in range(count)]


def send(events, now=0.0, **over):
    """The packs of a request that is sent so many seconds after the first."""
    world = World()
    world.now += now
    batch = {name: over.pop(name) for name in ("sentAt", "context") if name in over}
    assert world.send(make_batch(*events, **batch), **over).status == 200
    return world.packs


def test_a_small_request_is_one_pack():
    [pack] = send(make_events(3))
    assert (pack.part, pack.source, pack.received_at, len(pack.events)) == (0, "web", RECEIVED, 3)


def test_a_large_request_is_cut_and_keeps_its_order():
    events = make_events(700)
    packs = send(events)
    assert [pack.part for pack in packs] == [0, 1, 2, 3]
    assert [e["messageId"] for pack in packs for e in pack.events] == [e["messageId"] for e in events]


def test_every_pack_has_an_id_of_its_own():
    packs = send(make_events(700))
    assert len({pack.pack_id for pack in packs}) == len(packs)


def test_blocked_events_are_counted_from_the_start_of_their_pack():
    events = make_events(700)
    del events[650]["userId"]
    packs = send(events)
    assert [pack.blocked for pack in packs[:-1]] == [{}, {}, {}]
    [(n, reasons)] = packs[-1].blocked.items()
    assert (packs[-1].events[n]["messageId"], reasons) == ("m-650", ["missing_identity"])


WORST = {
    "events": make_events(2500, 1),
    "events with much to stamp": make_events(2500, 1, context={"device": {}}),
    "events that break every rule": [{"properties": 1}] * 2500,
    "what is not an event": [1] * 2500,
    "large events": make_events(100, 97_000),
    "events that are too large": make_events(95, 100_000),
    "characters of four bytes": make_events(2000, 0, name="😀" * 500),
}


@pytest.mark.parametrize("name", WORST)
def test_a_pack_stays_below_256_kib(name):
    world = World()
    world.send(make_batch(*WORST[name], sentAt=RECEIVED), ip="2001:db8:1234:5678:9abc:def0:1234:5678")
    assert max(len(body.encode()) for body in world.bodies) < 256 * 1024


def test_packs_are_filled():
    *full, _ = send(make_events(2500))
    assert min(len(orjson.dumps(pack.events)) for pack in full) > PACK_BYTES - 4000


RESENDS = {
    "later": {"now": 3600.5},
    "with another sentAt": {"sentAt": "2026-11-22T00:00:10Z"},
    "with a longer sentAt": {"sentAt": "2026-11-22T00:00:10.123456+00:00"},
    "from another address": {"ip": "2001:db8:1234:5678:9abc:def0:1234:5678"},
    "packed": {"packed": True},
}


@pytest.mark.parametrize("resend", RESENDS)
def test_a_resend_is_cut_alike_and_has_the_same_keys(resend):
    events = [event for size in range(900) for event in make_events(1, size, name=size, channel="web")]
    for n, event in enumerate(events):
        event["messageId"] = f"m-{n}"
    first = send(events, **{"sentAt": "2026-11-22T00:00:00.000Z", "ip": "192.0.2.1"})
    again = send(events, **{"sentAt": "2026-11-22T00:00:00.000Z", "ip": "192.0.2.1", **RESENDS[resend]})
    assert len(first) > 3
    assert [(p.dedup_key, len(p.events)) for p in first] == [(p.dedup_key, len(p.events)) for p in again]


def test_a_resend_with_blocked_events_has_the_same_keys():
    events = [*make_events(300), *make_events(100, 20, userId=None), *make_events(3, 200_000)]
    first, again = send(events), send(events, now=1000)
    assert [pack.dedup_key for pack in first] == [pack.dedup_key for pack in again]


OTHERS = {
    "other ids": [make_event(messageId="m-2")],
    "one event more": [make_event(), make_event(messageId="m-2")],
    "ids that join to the same text": [make_event(messageId='m-1","m-2')],
    "no ids": [make_event(messageId=None)],
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_request_has_another_key(other):
    assert send([make_event()])[0].dedup_key != send(OTHERS[other])[0].dedup_key


def test_another_order_is_another_request():
    events = make_events(2)
    assert send(events)[0].dedup_key != send(events[::-1])[0].dedup_key


def test_another_source_has_another_key():
    assert send([make_event()], key="wk_shop")[0].dedup_key != send([make_event()])[0].dedup_key


def test_two_requests_without_message_ids_have_different_keys():
    world = World()
    world.send(make_batch(make_event(messageId=None)))
    world.send(make_batch(make_event(messageId=None)))
    first, second = world.packs
    assert first.dedup_key != second.dedup_key


def test_the_parts_of_a_request_have_different_keys():
    packs = send(make_events(700))
    assert len({pack.dedup_key for pack in packs}) == len(packs)


def test_parts_that_hold_other_events_have_other_keys():
    """Were a resend cut otherwise, its first part would be no duplicate: it holds what was never stored."""
    first = send(make_events(700, 1000))[0]
    again = send(make_events(700, 1300))[0]
    assert len(first.events) != len(again.events)
    assert first.dedup_key != again.dedup_key


@given(
    st.lists(
        st.none()
        | st.integers(-9, 9)
        | st.fixed_dictionaries(
            {"messageId": st.text(max_size=9).map(lambda text: text and f"m-{text}")},
            optional={
                "type": st.sampled_from(["track", "page", "x"]),
                "userId": st.text(max_size=3),
                "x": st.text(max_size=99),
            },
        ),
        min_size=1,
        max_size=40,
    )
)
def test_every_event_is_in_exactly_one_pack(events):
    world = World()
    world.send(make_batch(*events))
    assert len(world.events) == len(events)
    assert [
        e["messageId"] for e in world.events if "value" not in e and not e["messageId"].startswith("id-")
    ] == [e["messageId"] for e in events if type(e) is dict and e["messageId"]]
