import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.packs import PACK_BYTES, parse_sync_pack
from sluice.quoted import escape
from sluice.routing import fanout
from sluice.routing.fanout import build_sync_packs, limit_items, send_sync_packs
from sluice.routing.verdicts import Routed
from tests.unit.routing.world import BASE, make_event, make_sync

EVENTS = st.lists(
    st.lists(st.tuples(st.sampled_from(["a", 'b"é']), st.text(max_size=20), st.integers(0, 90_000))),
    max_size=4,
)


def make_routed(items, received_at="t", slug="s", **over):
    """What became of one ingest pack, from (event type, event) pairs."""
    raws = [(event_type, orjson.dumps(event)) for event_type, event in items]
    return Routed(received_at, **over, items={slug: [(name, escape(raw), len(raw)) for name, raw in raws]})


def make_packs(drawn):
    return [
        [
            (name, {"messageId": f"{at}-{n}", "text": text, "pad": "x" * size})
            for n, (name, text, size) in told
        ]
        for at, told in enumerate(map(enumerate, drawn))
    ]


@settings(max_examples=30, deadline=None)
@given(EVENTS)
def test_all_items_arrive_in_order_in_packs_that_are_not_too_large(drawn):
    packs = make_packs(drawn)
    built = list(build_sync_packs("s", [make_routed(pack) for pack in packs], None))
    items = [item for body, _ in built for item in parse_sync_pack(body.text).items]
    assert [(item.type, item.event) for item in items] == [pair for pack in packs for pair in pack]
    for body, _ in built:
        assert body.size == len(body.text.encode())
        assert body.size <= PACK_BYTES + 16 * 1024


@settings(max_examples=30, deadline=None)
@given(EVENTS)
def test_each_sync_pack_knows_the_ingest_packs_it_is_made_of(drawn):
    packs = make_packs(drawn)
    named: list[str] = []
    for body, owners in build_sync_packs("s", [make_routed(pack) for pack in packs], None):
        ids = [item.message_id for item in parse_sync_pack(body.text).items]
        named += ids
        assert owners == {int(message_id.split("-")[0]) for message_id in ids}
    assert named == [event["messageId"] for pack in packs for _, event in pack]


def test_a_sync_pack_is_a_first_attempt_seen_when_its_earliest_event_was():
    packs = [make_routed([("a", make_event(1))], at) for at in ("2026-02", "2026-01", "2026-03")]
    ((body, _),) = build_sync_packs("s", packs, None)
    pack = parse_sync_pack(body.text)
    assert (pack.sync, pack.attempt, pack.first_seen) == ("s", 1, "2026-01")
    assert (pack.first_attempt_at, pack.not_before) == (None, None)


@pytest.mark.parametrize(
    ("batch_size", "limit"), [(None, None), (1, 200), (75, 150), (200, 200), (1000, 1000)]
)
def test_a_pack_holds_whole_batches_and_not_a_few_items(batch_size, limit):
    assert limit_items(batch_size) == limit


def test_a_pack_is_cut_at_the_batches_of_its_sync():
    packs = [make_routed([("a", {"n": n}) for n in range(450)])]
    sizes = [len(parse_sync_pack(body.text).items) for body, _ in build_sync_packs("s", packs, 100)]
    assert sizes == [200, 200, 50]


def refuse_all(bodies, groups):
    return range(len(bodies))


def test_a_failed_message_fails_only_the_packs_whose_items_it_holds():
    packs = [
        make_routed([("a", make_event(1))], slug="one"),
        make_routed([("a", make_event(2))], slug="two"),
        Routed("t", items={"one": [("a", b"{}", 2)], "two": [("a", b"{}", 2)]}),
    ]
    syncs = {"one": make_sync("One"), "two": make_sync("Two")}

    def send_all(bodies, groups):
        return {url: [0] for url in bodies if "Two" in url}

    assert send_sync_packs(packs, syncs, BASE, send_all, refuse_all) == {1, 2}


def test_bodies_are_sent_as_soon_as_they_are_many(monkeypatch):
    monkeypatch.setattr(fanout, "SEND_BYTES", 1)
    packs = [make_routed([("a", make_event(1))], slug="one"), make_routed([("a", make_event(2))], slug="two")]
    calls = []

    def send_all(bodies, groups):
        calls.append(list(bodies))
        return {url: [0] for url in bodies if "One" in url}

    syncs = {"one": make_sync("One"), "two": make_sync("Two")}
    assert send_sync_packs(packs, syncs, BASE, send_all, refuse_all) == {0}
    assert calls == [[BASE + "One"], [BASE + "Two"]]


def test_what_a_queue_refuses_is_put_back_in_its_group_and_fails_no_pack():
    packs = [make_routed([("a", make_event(1))], slug="one", replay="r1")]
    put = []

    def send_all(bodies, groups):
        return {url: [0] for url in bodies}

    def put_back(bodies, groups):
        put.extend((parse_sync_pack(body.text), group) for body, group in zip(bodies, groups, strict=True))
        return []

    assert send_sync_packs(packs, {"one": make_sync("One")}, BASE, send_all, put_back) == set()
    assert [(pack.sync, pack.replay, group) for pack, group in put] == [("one", "r1", "replay-r1")]


def test_a_large_ingest_pack_makes_the_same_bodies_whatever_it_is_routed_with():
    large = make_routed([("a", make_event(n)) for n in range(60)], pack_id="large")
    small = make_routed([("a", make_event(99))], pack_id="small")

    alone = [body.text for body, _ in build_sync_packs("s", [large], None)]
    beside = {body.text: held for body, held in build_sync_packs("s", [small, large], None)}

    assert [beside[body] for body in alone] == [{1}]
    assert sorted(map(sorted, beside.values())) == [[0], [1]]


def test_two_ingest_packs_with_the_same_events_make_different_bodies():
    bodies = [
        body.text
        for pack_id in ("first", "second")
        for body, _ in build_sync_packs("s", [make_routed([("a", make_event(1))], pack_id=pack_id)], None)
    ]
    assert len(set(bodies)) == 2
