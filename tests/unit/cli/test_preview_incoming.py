"""Events as people have them, and what the router would see of each."""

import gzip
import json
from pathlib import Path

import orjson
import pytest

from cli.preview.incoming import Entrance, read_text
from cli.stack import CommandError
from sluice.ingest.normalise import Surroundings, normalise_event
from sluice.times import format_time
from tests.builders import make_batch, make_event, make_gateway_event
from tests.unit.cli.archives import make_line

EVENTS = Path(__file__).parents[3] / "events"
NOW = 1_795_305_600.0
ENTRANCE = Entrance(NOW, lambda: "new-id")


def read(value, entrance=ENTRANCE):
    content = value if isinstance(value, bytes) else orjson.dumps(value)
    return read_text(content, "file", entrance)


def test_a_raw_event_is_what_ingest_makes_of_it():
    [found] = read(make_event(sentAt="2026-11-22T00:00:05Z"))
    around = Surroundings(NOW, format_time(NOW), lambda: "new-id")
    assert found.event == normalise_event(make_event(sentAt="2026-11-22T00:00:05Z"), around)
    assert (found.verdict, found.source) == ("accepted", None)


def test_an_event_without_a_message_id_gets_one():
    [found] = read(make_event(messageId=None))
    assert found.message_id == "new-id"


def test_a_normalised_event_comes_out_as_it_was():
    [once] = read(make_event(sentAt="2026-11-22T00:00:05Z"))
    [twice] = read(once.event, Entrance(NOW + 5000, lambda: "other"))
    assert twice.event == once.event


def test_the_events_of_a_batch_get_what_it_says_of_all():
    body = make_batch(make_event(messageId="a"), make_event(messageId="b"), context={"app": "x"})
    assert [(one.message_id, one.event["context"]) for one in read(body)] == [
        ("a", {"app": "x"}),
        ("b", {"app": "x"}),
    ]


def test_a_broken_event_of_a_batch_is_blocked_and_the_others_are_not():
    found = read(make_batch(make_event(), make_event(event=None)))
    assert [(one.verdict, one.reasons) for one in found] == [
        ("accepted", ()),
        ("blocked", ("missing_event_name",)),
    ]


def test_a_request_that_ingest_refuses_is_told():
    with pytest.raises(CommandError, match="400 invalid_batch"):
        read({"batch": []})


def test_an_archive_line_gives_its_stored_event():
    line = make_line("a", source="shop", verdict="blocked", reasons=["missing_type"])
    [found] = read(line)
    assert found.event == line["event"]
    assert (found.source, found.verdict, found.reasons) == ("shop", "blocked", ("missing_type",))


def test_a_dead_letter_gives_its_event():
    [found] = read({"v": 1, "sync": "crm", "reason": "rejected", "event": make_event()})
    assert (found.event, found.origin) == (make_event(), "file (dead letter)")


def test_an_event_whose_name_is_an_object_is_an_event_that_ingest_blocks():
    [found] = read(make_event(event={"a": 1}))
    assert found.reasons == ("invalid_shape",)


@pytest.mark.parametrize("pack", [lambda text: text, gzip.compress, lambda text: b"\xef\xbb\xbf" + text])
def test_lines_lists_and_packed_files_are_read(pack):
    lines = b"\n".join(orjson.dumps(make_event(messageId=name)) for name in "abc") + b"\n\n"
    assert [one.message_id for one in read(pack(lines))] == ["a", "b", "c"]
    many = orjson.dumps([make_event(messageId=name) for name in "abc"])
    assert [one.message_id for one in read(pack(many))] == ["a", "b", "c"]


def test_an_id_of_many_digits_keeps_them():
    [found] = read(b'{"type": "page", "userId": 12345678901234567890123}')
    assert found.event["userId"] == "12345678901234567890123"


def test_what_sdks_send_that_json_does_not_have_is_repaired_as_ingest_does():
    text = json.dumps(make_event(properties={"total": float("nan"), "name": "x\ud83d"})).encode()
    [found] = read(text)
    assert found.event["properties"] == {"total": None, "name": "x\ufffd"}
    assert len(found.event["_sluice"]["notes"]) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"[null]", "item 0: an event is a JSON object, not null"),
        (b"{", "is not JSON"),
        (b'{"a": 1}\n{', "line 2 is not JSON"),
        (b"[]", "holds no event"),
        (b"5", "an event is a JSON object, not a number"),
        (b'[{"type": "track"}, "x"]', "item 1: an event is a JSON object, not a text"),
        (b"\x1f\x8bno", "broken gzip"),
        (gzip.compress(b"{}", mtime=0)[:10] + b"\xff" * 20, "broken gzip"),
        (b"[" * 100_000, "nested too deep"),
        (b"\xff\xfe", "is not JSON"),
    ],
)
def test_what_is_no_event_is_told_with_its_place(content, said):
    with pytest.raises(CommandError, match=said):
        read(content)


def test_a_request_as_the_gateway_hands_it_over_is_taken_whole():
    [found] = read_text((EVENTS / "ingest/track.json").read_bytes(), "track.json", ENTRANCE)
    event = found.event
    assert (event["type"], event["receivedAt"]) == ("track", "2026-11-22T09:15:02.000Z")
    assert event["context"]["ip"] == "203.0.113.24"
    assert "writeKey" not in event


def test_a_source_that_never_collects_addresses_keeps_none():
    never = Entrance(NOW, lambda: "new-id", "never")
    [found] = read_text((EVENTS / "ingest/track.json").read_bytes(), "track.json", never)
    assert "ip" not in found.event["context"]


def test_a_request_that_is_none_for_events_is_told():
    with pytest.raises(CommandError, match="GET /v1/batch takes no events"):
        read(make_gateway_event(method="GET", body=b""))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("batch", 3),
        ("batch_gzip", 3),
        ("batch_with_blocked", 3),
        ("pixel", 1),
        ("data_pixel", 1),
        ("beacon", None),
    ],
)
def test_every_kind_of_request_is_read(name, count):
    found = read_text((EVENTS / f"ingest/{name}.json").read_bytes(), name, ENTRANCE)
    assert found
    assert count is None or len(found) == count
