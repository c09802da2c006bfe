"""Ids and types as clients send them: what is missing, what is the same, and what keeps its digits."""

import orjson
import pytest

from tests.builders import make_event
from tests.unit.ingest.world import World

MADE = "id-"


@pytest.mark.parametrize(
    "nothing",
    [
        "   ",
        "\x00",
        "\u200b",
        "undefined",
        "null",
        "0",
        0,
        0.0,
        -1,
        "[object Object]",
        "unknown",
        "string",
        "%s",
        "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "ajs-next-undefined",
        "n.a.",
    ],
)
def test_events_whose_message_id_identifies_nothing_are_not_duplicates_of_each_other(world, nothing):
    first, second = world.take(make_event(messageId=nothing), make_event(messageId=nothing))
    assert first["messageId"] != second["messageId"]
    for event in (first, second):
        assert event["messageId"].startswith(MADE)
        assert event["_sluice"]["notes"][0].startswith("messageId replaced: ")


def test_two_requests_with_such_an_id_have_different_keys(world):
    world.take(make_event(messageId="undefined"))
    world.take(make_event(messageId="undefined"))
    assert len({pack.dedup_key for pack in world.packs}) == 2


@pytest.mark.parametrize(
    ("sent", "stored"), [("17", "17"), ("17.0", "17"), ("1.7e1", "17"), ("1.5", "1.5"), ('"17"', "17")]
)
def test_a_message_id_is_the_same_in_every_form(world, sent, stored):
    world.send(f'{{"batch":[{{"type":"page","userId":"u","messageId":{sent}}}]}}')
    assert world.events[0]["messageId"] == stored
    assert "_sluice" not in world.events[0]


NAMES = ["messageId", "userId", "anonymousId", "groupId", "previousId"]
NEIGHBOURS = [
    ("12345678901234567890123", "12345678901234567890124"),
    ("9007199254740992.0", "9007199254740993.0"),
    ("1.234567890123456789012e21", "1.234567890123456789013e21"),
    ("-12345678901234567890", "-12345678901234567891"),
    ("0.12345678901234567890", "0.12345678901234567891"),
    ("9223372036854775808", "9223372036854775809"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("numbers", NEIGHBOURS)
@pytest.mark.parametrize("beside", ["1", "NaN", '"\t"'])
def test_two_ids_never_become_one_because_a_number_was_rounded(world, name, numbers, beside):
    """Whichever parser reads the body."""
    events = ",".join(f'{{"type":"page","userId":"u","x":{beside},"{name}":{number}}}' for number in numbers)
    world.send(f'{{"batch":[{events}]}}')
    first, second = (str(event[name]) for event in world.events)
    assert first != second


LONG = "12345678901234567890123"
NESTED_IDS = [
    '"traits":{"id":%s}',
    '"properties":{"order_id":%s}',
    '"properties":{"products":[{"productId":%s}]}',
    '"properties":{"product_ids":[1,%s]}',
    '"context":{"groupId":%s,"traits":{"paid":12345678901234567890123}}',
    '"context":{"externalIds":[{"ID":%s}]}',
]


@pytest.mark.parametrize("place", NESTED_IDS)
@pytest.mark.parametrize("end", ["", "\x01"], ids=["valid", "with a raw control character"])
def test_ids_inside_an_event_keep_digits_beyond_64_bits(world, place, end):
    event = f'"type":"identify","userId":"u{end}",' + place % LONG
    assert world.send(f'{{"batch":[{{{event}}}]}}').status == 200
    assert f'"{LONG}"' in world.bodies[0]


def test_the_ids_of_a_batchs_context_keep_digits_beyond_64_bits(world):
    world.send(f'{{"batch":[{{"type":"page","userId":"u"}}],"context":{{"groupId":-{LONG}}}}}')
    assert world.events[0]["context"] == {"groupId": f"-{LONG}"}


def test_other_numbers_beyond_64_bits_stay_numbers(world):
    numbers = f'{{"paid":{LONG},"valid":[{LONG}],"grid":1.0,"id":1.5,"ids":2.0}}'
    world.send(f'{{"batch":[{{"type":"track","event":"e","userId":"u","properties":{numbers}}}]}}')
    assert world.events[0]["properties"] == {
        "paid": float(LONG),
        "valid": [float(LONG)],
        "grid": 1.0,
        "id": 1.5,
        "ids": 2.0,
    }


@pytest.mark.parametrize("path", ["/v1/track", "/v1/pixel/track"])
def test_a_single_event_keeps_the_digits_of_its_id(world, path):
    body = b'{"event":"e","userId":12345678901234567890123}'
    if "pixel" in path:
        world.send(
            method="GET",
            path=path,
            query={"data": "eyJldmVudCI6ImUiLCJ1c2VySWQiOjEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzfQ=="},
        )
    else:
        world.send(body, path=path)
    assert world.events[0]["userId"] == "12345678901234567890123"


@pytest.mark.parametrize(
    ("sent", "stored"), [("7", 7), ("7.0", 7), ("7e0", 7), ('"7"', "7"), ("0", 0), ("1.5", 1.5)]
)
def test_a_user_id_that_is_a_number_stays_one(world, sent, stored):
    world.send(f'{{"batch":[{{"type":"page","userId":{sent}}}]}}')
    assert (world.events[0]["userId"], world.blocked) == (stored, {})
    assert type(world.events[0]["userId"]) is type(stored)


def test_other_numbers_are_not_changed_beside_an_id_that_is_read_again(world):
    world.send('{"batch":[{"type":"page","userId":1.0,"x":1.0,"y":12345678901234567890123,"z":0.1}]}')
    event = world.events[0]
    assert (event["x"], event["y"], event["z"]) == (1.0, 12345678901234567890123.0, 0.1)


def test_an_id_that_is_no_finite_number_is_missing(world):
    world.send('{"batch":[{"type":"page","userId":1e999}]}')
    assert world.blocked == {0: ["missing_identity"]}


@pytest.mark.parametrize("name", ["userId", "anonymousId", "groupId", "previousId"])
@pytest.mark.parametrize("blank", [" ", "\x00", "\u200b\ufeff"])
def test_a_blank_id_of_a_person_is_removed_and_noted(world, name, blank):
    [event] = world.take({"type": "page", "userId": "u", "anonymousId": "a", name: blank})
    assert name not in event
    assert event["_sluice"]["notes"] == [f"{name} removed: {blank!r} is blank"]


@pytest.mark.parametrize(
    ("reason", "event"),
    [
        ("missing_identity", {"type": "page", "userId": "\u200b", "anonymousId": "\x00"}),
        ("missing_group_id", {"type": "group", "userId": "u", "groupId": "\u3164"}),
        ("missing_previous_id", {"type": "alias", "userId": "u", "previousId": "\ufeff"}),
    ],
)
def test_a_blank_id_is_missing_for_the_rules(world, reason, event):
    world.take(event)
    assert world.blocked == {0: [reason]}


@pytest.mark.parametrize("placeholder", ["undefined", "null", "0", "[object Object]"])
def test_a_persons_id_that_looks_like_a_placeholder_is_kept_and_noted(world, placeholder):
    """A user may be called so; nobody is lost for it."""
    [event] = world.take(make_event(userId=placeholder))
    assert (event["userId"], world.blocked) == (placeholder, {})
    assert event["_sluice"]["notes"] == [f"userId kept: {placeholder!r} looks like a placeholder"]


@pytest.mark.parametrize("kind", ["Track", "TRACK", " track ", "track\n", "\u200btRaCk"])
def test_the_case_of_a_type_and_space_around_it_do_not_matter(world, kind):
    [event] = world.take(make_event(type=kind))
    assert (event["type"], world.blocked) == ("track", {})


@pytest.mark.parametrize("name", ["Page", "IDENTIFY", "Group", "Alias", "Screen"])
def test_every_type_may_be_written_in_another_case(world, name):
    [event] = world.take(make_event(type=name, groupId="g", previousId="p"))
    assert (event["type"], world.blocked) == (name.lower(), {})


@pytest.mark.parametrize("kind", ["", " ", "\x00", None])
def test_a_blank_type_gives_way_to_the_paths(world, kind):
    world.send({"type": kind, "userId": "u"}, path="/v1/page")
    assert (world.events[0]["type"], world.blocked) == ("page", {})


@pytest.mark.parametrize("path", ["/v1/Track", "/V1/TRACK", "/v1/T", "/Proxy/v1/trACK/"])
def test_the_case_of_a_path_does_not_matter(world, path):
    assert world.send({"event": "e", "userId": "u"}, path=path).status == 200
    assert world.events[0]["type"] == "track"


@pytest.mark.parametrize("kind", ["tracks", "trac k", "purchase", "track,page"])
def test_other_types_stay_unknown(world, kind):
    [event] = world.take(make_event(type=kind))
    assert (event["type"], world.blocked) == (kind, {0: ["unknown_type"]})


def test_an_event_whose_id_is_longer_than_64_bits_is_accepted():
    world = World()
    world.send(b'{"batch": [{"type": "track", "event": "E", "userId": 12345678901234567890123}]}')
    [pack] = map(orjson.loads, world.bodies)
    assert (pack["blocked"], pack["events"][0]["userId"]) == ({}, "12345678901234567890123")
