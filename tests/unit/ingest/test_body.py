"""From bytes to events: encodings, content types, and invalid JSON."""

import gzip
import math

import orjson
import pytest

from sluice.ingest.body import NON_FINITE, SURROGATES
from sluice.ingest.packer import REFUSED_NOTE
from tests.builders import make_batch, make_event, make_gateway_event

CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "nonsense",
    "",
]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("carried", [{}, {"packed": True}, {"encoded": True}])
def test_the_content_type_does_not_matter(world, content_type, carried):
    assert world.send(make_batch(), headers={"content-type": content_type}, **carried).status == 200
    assert [event["messageId"] for event in world.events] == ["m-1"]


@pytest.mark.parametrize("encoding", ["gzip", "identity", "deflate", None])
@pytest.mark.parametrize("packed", [True, False])
def test_gzip_is_told_by_its_magic_bytes(world, encoding, packed):
    headers = {"content-encoding": encoding} if encoding else {}
    assert world.send(make_batch(), headers=headers, packed=packed).status == 200


def test_gzip_may_have_several_members(world):
    data = orjson.dumps(make_batch())
    assert world.send(gzip.compress(data[:9]) + gzip.compress(data[9:])).status == 200


def test_what_stands_behind_the_gzip_is_ignored(world):
    assert world.send(gzip.compress(orjson.dumps(make_batch())) + b"\0" * 9).status == 200


def test_a_byte_order_mark_is_ignored(world):
    assert world.send(b"\xef\xbb\xbf" + orjson.dumps(make_batch())).status == 200


PACKED = gzip.compress(
    orjson.dumps(make_batch()), mtime=0
)  # part of the names of tests: the same in every process


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b'{"batch": [}', "invalid_json"),
        (b'{"batch": [1] 2}', "invalid_json"),
        (b"{'batch': []}", "invalid_json"),
        (b'{"batch": ["\xff}', "invalid_json"),
        (b'{"batch": [tr\xffue]}', "invalid_json"),
        (b'{"batch": ["\n}', "invalid_json"),
        (b"batch=1&writeKey=2", "invalid_json"),
        ("{}".encode("utf-16"), "invalid_batch"),
        (b"[" * 100_000, "invalid_json"),
        (b"null", "invalid_body"),
        (b"1", "invalid_body"),
        (b'"text"', "invalid_body"),
        (b"[]", "invalid_body"),
        (b'[{"type":"track"}]', "invalid_body"),
        (b"NaN", "invalid_body"),
        (b"{}", "invalid_batch"),
        (b'{"batch": []}', "invalid_batch"),
        (b'{"batch": null}', "invalid_batch"),
        (b'{"batch": {}}', "invalid_batch"),
        (b'{"batch": "x"}', "invalid_batch"),
        (b'{"batch": [{}], "context": [1]}', "invalid_batch"),
        (b'{"batch": [{}], "integrations": "x"}', "invalid_batch"),
        (PACKED[:-9], "invalid_gzip"),
        (PACKED[:2], "invalid_gzip"),
        (b"\x1f\x8b" + b"x" * 99, "invalid_gzip"),
        (PACKED[:-8] + b"\0" * 8, "invalid_gzip"),
    ],
)
def test_malformed_is_400(world, body, code):
    answer = world.send(body)
    assert (answer.status, answer.json["code"], world.bodies) == (400, code, [])


def test_base64_that_is_none_is_400(world):
    broken = {**make_gateway_event(), "body": "x", "isBase64Encoded": True}
    assert world.serve(broken).answer.status == 400


def send_event(world, fields):
    """Sends a track event with these further fields, as the JSON that they are; gives it as it was stored."""
    world.send('{"batch":[{"type":"track","event":"e","userId":"u",' + fields + "}]}")
    return world.events[0]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400, "9" * 9999])
def test_a_number_that_is_not_finite_becomes_null(world, number):
    event = send_event(world, f'"x":{number}')
    assert event["x"] is None
    assert event["_sluice"]["notes"] == [NON_FINITE]


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**30])
@pytest.mark.parametrize("beside", ["1", "NaN"])
def test_an_integer_beyond_64_bits_keeps_its_magnitude(world, number, beside):
    """Whichever parser reads it."""
    assert math.isclose(send_event(world, f'"x":{number},"y":{beside}')["x"], number)


@pytest.mark.parametrize("number", [0, -(2**63), 2**63 - 1, 2**64 - 1])
@pytest.mark.parametrize("beside", ["1", "NaN"])
def test_an_integer_of_64_bits_is_exact(world, number, beside):
    assert send_event(world, f'"x":{number},"y":{beside}')["x"] == number


@pytest.mark.parametrize("text", [r"a\ud83d", r"\ude00a", r"\ud83d\ud83d", r"\ude00\ud83d"])
def test_a_lone_surrogate_becomes_a_replacement_character(world, text):
    event = send_event(world, f'"name":"{text}"')
    assert "\ufffd" in event["name"]
    assert event["_sluice"]["notes"] == [SURROGATES]


def test_a_lone_surrogate_in_a_name_becomes_a_replacement_character(world):
    assert send_event(world, r'"properties":{"\ud83d":1}')["properties"] == {"\ufffd": 1}


def test_a_lone_surrogate_as_the_gateway_decoded_it_becomes_a_replacement_character(world):
    assert send_event(world, '"name":"a\ud83d"')["name"] == "a\ufffd"


def test_a_surrogate_pair_is_one_character(world):
    assert send_event(world, r'"name":"\ud83d\ude00","x":NaN')["name"] == "😀"


@pytest.mark.parametrize("refused", ["\ufffe", "\uffff"])
@pytest.mark.parametrize("place", [{"event": "a{}"}, {"properties": {"{}": 1}}, {"userId": "u{}"}])
def test_characters_that_sqs_refuses_are_replaced(world, refused, place):
    event = orjson.loads(orjson.dumps(make_event(**place)).decode().replace("{}", refused))
    assert world.take(event)[0]["_sluice"]["notes"] == [REFUSED_NOTE]
    assert refused not in world.bodies[0]
    assert "\ufffd" in world.bodies[0]


def test_characters_that_sqs_refuses_are_replaced_in_blocked_events(world):
    world.take(make_event(userId=None, event="\uffff"))
    assert world.events[0]["event"] == "\ufffd"


@pytest.mark.parametrize(
    "text", ["\ufffd", "\uff01", "\U0001fffe", "\U0010ffff", "\x7f", "\x00\x1f", "\u2028"]
)
def test_all_other_characters_stay(world, text):
    [event] = world.take(make_event(event="a" + text))
    assert event["event"] == "a" + text
    assert "_sluice" not in event


def test_only_events_that_were_repaired_have_a_note(world):
    world.send('{"batch":[{"userId":"u","type":"page","x":NaN},{"userId":"u","type":"page","x":1}]}')
    assert ["_sluice" in event for event in world.events] == [True, False]


def test_what_was_repaired_for_the_whole_batch_is_noted_on_each_event(world):
    world.send('{"context":{"x":NaN},"batch":[{"userId":"u","type":"page"},{"userId":"u","type":"page"}]}')
    assert [event["_sluice"]["notes"] for event in world.events] == [[NON_FINITE]] * 2


def test_a_client_cannot_write_notes(world):
    assert "_sluice" not in world.take(make_event(_sluice={"notes": ["forged"]}))[0]


def test_of_a_name_that_stands_twice_the_last_value_counts(world):
    world.send('{"batch":[{"type":"page","userId":"a","userId":"b"}]}')
    assert world.events[0]["userId"] == "b"
