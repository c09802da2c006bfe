"""The two messages between stages: read as they were written, or refused; and how they are cut."""

from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import PackUnreadable
from sluice.packs import (
    IngestPack,
    Item,
    SyncPack,
    cut,
    dump_ingest_pack,
    dump_item,
    dump_sync_pack,
    parse_ingest_pack,
    parse_sync_pack,
)

INGEST = IngestPack(
    pack_id="p-1",
    part=0,
    source="web",
    received_at="2026-11-22T00:00:00.000Z",
    client={"ip": "192.0.2.1"},
    dedup_key="d",
    events=[{"messageId": "m-1"}, {"messageId": "m-2", "x": "ü\u2028"}],
    blocked={1: ["missing_identity"]},
)
SYNC = SyncPack(
    sync="a-to-b",
    items=[Item("custom_event", {"messageId": "m-1"}), Item("purchase", {"messageId": "m-2"})],
    attempt=2,
    first_seen="2026-11-22T00:00:00.000Z",
    first_attempt_at="2026-11-22T00:00:01.000Z",
    not_before=None,
)


def dump_ingest(pack=INGEST):
    return dump_ingest_pack(pack, [orjson.dumps(event) for event in pack.events])


def dump_sync(pack=SYNC):
    return dump_sync_pack(pack, [dump_item(item.type, orjson.dumps(item.event)) for item in pack.items])


def test_an_ingest_pack_is_read_as_it_was_written():
    assert parse_ingest_pack(dump_ingest()) == INGEST


def test_a_sync_pack_is_read_as_it_was_written():
    assert parse_sync_pack(dump_sync()) == SYNC


def test_a_pack_is_plain_json():
    assert orjson.loads(dump_ingest())["blocked"] == {"1": ["missing_identity"]}


@pytest.mark.parametrize(
    ("parse", "body"), [(parse_ingest_pack, dump_ingest()), (parse_sync_pack, dump_sync())]
)
@pytest.mark.parametrize("wrong", [7, None, "text", [], [1], {}, {"v": 1}, {"x": [1]}])
def test_a_pack_with_a_field_of_another_kind_is_refused_or_still_of_its_shape(parse, body, wrong):
    whole = orjson.loads(body)
    for name in whole:
        try:
            pack = parse(orjson.dumps({**whole, name: wrong}).decode())
        except PackUnreadable:
            continue
        events = pack.events if parse is parse_ingest_pack else [item.event for item in pack.items]
        assert all(type(event) is dict for event in events)


@pytest.mark.parametrize(
    ("parse", "body"), [(parse_ingest_pack, dump_ingest()), (parse_sync_pack, dump_sync())]
)
def test_a_pack_without_one_of_its_fields_is_refused(parse, body):
    whole = orjson.loads(body)
    for name in whole:
        with pytest.raises(PackUnreadable):
            parse(orjson.dumps({k: v for k, v in whole.items() if k != name}).decode())


@pytest.mark.parametrize("parse", [parse_ingest_pack, parse_sync_pack])
@pytest.mark.parametrize(
    "body", ["", "{", "null", "[]", '"x"', "1", "{}", '{"v":2}', '{"v":1}', "\ud800", "[" * 9999]
)
def test_what_is_no_pack_is_refused(parse, body):
    with pytest.raises(PackUnreadable):
        parse(body)


@given(st.text())
def test_no_text_breaks_the_readers(body):
    for parse in (parse_ingest_pack, parse_sync_pack):
        with pytest.raises(PackUnreadable):
            parse(body)


def test_one_kind_of_pack_is_not_taken_for_the_other():
    with pytest.raises(PackUnreadable):
        parse_sync_pack(dump_ingest())
    with pytest.raises(PackUnreadable):
        parse_ingest_pack(dump_sync())


sizes = st.lists(st.integers(0, 120), max_size=60)
limits = st.fixed_dictionaries({"max_bytes": st.integers(1, 200), "max_items": st.none() | st.integers(1, 9)})


@given(sizes, limits)
def test_cutting_loses_and_moves_nothing(items, limit):
    slices = list(cut(items, **limit))
    assert [item for piece in slices for item in items[piece]] == items


@given(sizes, limits)
def test_no_piece_is_empty(items, limit):
    assert all(items[piece] for piece in cut(items, **limit))


@given(sizes, limits)
def test_no_piece_is_too_large_unless_it_is_one_item(items, limit):
    for piece in cut(items, **limit):
        part = items[piece]
        assert len(part) == 1 or sum(part) + len(part) - 1 <= limit["max_bytes"]


@given(sizes, limits)
def test_no_piece_has_too_many_items(items, limit):
    assert all(len(items[piece]) <= (limit["max_items"] or 60) for piece in cut(items, **limit))


@given(sizes, limits)
def test_no_two_neighbours_would_fit_one_piece(items, limit):
    pieces = list(cut(items, **limit))
    for piece, after in pairwise(pieces):
        part = [*items[piece], items[after.start]]
        fits = sum(part) + len(part) - 1 <= limit["max_bytes"]
        assert not (fits and len(part) <= (limit["max_items"] or 60))
