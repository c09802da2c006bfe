"""Which events are blocked, and for which reasons; the rest of the request goes on."""

import pytest

from tests.builders import make_batch, make_event, make_gateway_event

VALID = [
    make_event(),
    make_event(userId=None, anonymousId="a-1"),
    make_event(anonymousId=None),
    make_event(userId=7),
    make_event(userId=0),
    make_event(userId=1.5),
    make_event(properties=None),
    {**make_event(), "properties": None, "traits": None, "context": None, "integrations": None},
    {**make_event(userId=None), "anonymousId": "a", "userId": None},
    {"type": "identify", "userId": "u-1"},
    {"type": "identify", "userId": "u-1", "event": 5},
    {"type": "page", "anonymousId": "a-1"},
    {"type": "screen", "anonymousId": "a-1", "name": None},
    {"type": "group", "userId": "u-1", "groupId": "g-1"},
    {"type": "group", "userId": "u-1", "groupId": 0},
    {"type": "alias", "userId": "u-1", "previousId": "p-1"},
]


@pytest.mark.parametrize("event", VALID)
def test_an_event_that_keeps_the_rules_passes(world, event):
    world.take(event)
    assert world.blocked == {}


BROKEN = [
    ("missing_identity", make_event(userId=None)),
    ("missing_identity", {**make_event(), "userId": None, "anonymousId": None}),
    ("missing_identity", make_event(userId="", anonymousId="")),
    ("missing_identity", make_event(userId=" ", anonymousId="\t")),
    ("missing_event_name", make_event(event=None)),
    ("missing_event_name", {**make_event(), "event": None}),
    ("missing_event_name", make_event(event="")),
    ("missing_event_name", make_event(event=" ")),
    ("missing_event_name", make_event(event="\u200b")),
    ("missing_type", make_event(type=None)),
    ("missing_type", make_event(type="")),
    ("unknown_type", make_event(type="trak")),
    ("missing_type", make_event(type=" ")),
    ("unknown_type", make_event(type=["track"])),
    ("unknown_type", make_event(type={"track": 1})),
    ("unknown_type", make_event(type=1)),
    ("missing_group_id", {"type": "group", "userId": "u-1"}),
    ("missing_group_id", {"type": "group", "userId": "u-1", "groupId": ""}),
    ("missing_previous_id", {"type": "alias", "userId": "u-1"}),
    ("missing_previous_id", {"type": "alias", "userId": "u-1", "previousId": None}),
    ("invalid_shape", make_event(userId={"id": 1})),
    ("invalid_shape", make_event(userId=True)),
    ("invalid_shape", make_event(anonymousId=["a"])),
    ("invalid_shape", make_event(event={"name": "e"})),
    ("invalid_shape", make_event(event=5)),
    ("invalid_shape", make_event(properties=[1])),
    ("invalid_shape", make_event(properties="x")),
    ("invalid_shape", make_event(traits=1)),
    ("invalid_shape", make_event(context="x")),
    ("invalid_shape", make_event(context=[[]])),
    ("invalid_shape", make_event(integrations=["All"])),
    ("invalid_shape", {"type": "group", "userId": "u-1", "groupId": []}),
    ("invalid_shape", {"type": "alias", "userId": "u-1", "previousId": {}}),
    ("invalid_shape", "text"),
    ("invalid_shape", 1),
    ("invalid_shape", None),
    ("invalid_shape", True),
    ("invalid_shape", []),
    ("invalid_shape", [make_event()]),
]


@pytest.mark.parametrize(("reason", "event"), BROKEN)
def test_an_event_that_breaks_one_rule_is_blocked_for_it(world, reason, event):
    world.take(event)
    assert world.blocked == {0: [reason]}


def test_an_event_is_blocked_for_every_rule_that_it_breaks(world):
    world.take({"type": "track", "properties": "x"})
    assert set(world.blocked[0]) == {"missing_identity", "missing_event_name", "invalid_shape"}


def test_a_blocked_event_holds_nobody_up(world):
    world.take(make_event(messageId="m-1"), {}, make_event(messageId="m-3"))
    assert [n for n in range(3) if n not in world.blocked] == [0, 2]
    assert [event["messageId"] for event in world.events][::2] == ["m-1", "m-3"]


def test_a_blocked_event_travels_on_as_it_was(world):
    [event] = world.take(make_event(userId=None, properties={"a": {"b": [1, None]}}))
    assert event["properties"] == {"a": {"b": [1, None]}}


@pytest.mark.parametrize("value", ["text", 1, None, False, [1, [2]]])
def test_what_is_no_event_travels_on_as_a_value(world, value):
    [event] = world.take(value)
    assert event["value"] == value


@pytest.mark.parametrize(("_reason", "event"), BROKEN)
def test_every_event_has_a_message_id_and_a_time(world, _reason, event):
    [stored] = world.take(event)
    assert stored["messageId"]
    assert stored["receivedAt"] == "2026-11-22T00:00:00.000Z"


def test_accepted_and_blocked_add_up(world):
    outcome = world.serve(make_gateway_event(make_batch(make_event(), {}, make_event(), 1)))
    assert (outcome.accepted, len(world.blocked)) == (2, 2)
    assert outcome.blocked == {"missing_type": 1, "missing_identity": 1, "invalid_shape": 1}
