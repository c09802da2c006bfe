"""What a client's language writes for an empty object or a missing value, in the places of objects."""

import pytest

from tests.builders import make_event

NAMES = ["properties", "traits", "context", "integrations"]


@pytest.mark.parametrize("name", ["properties", "traits", "context", "integrations"])
def test_an_empty_list_is_an_empty_object(world, name):
    [event] = world.take(make_event(**{name: []}))
    assert (event[name], world.blocked) == ({}, {})


@pytest.mark.parametrize("name", ["properties", "traits", "integrations"])
@pytest.mark.parametrize("nothing", [None, "", " ", "\u200b"])
def test_null_or_a_blank_text_is_a_missing_object(world, name, nothing):
    [event] = world.take({**make_event(), name: nothing})
    assert name not in event
    assert world.blocked == {}


@pytest.mark.parametrize("nothing", [[], None, ""])
@pytest.mark.parametrize("name", ["context", "integrations"])
def test_an_event_with_an_empty_value_gets_the_batchs(world, name, nothing):
    [event] = world.take({**make_event(), name: nothing}, **{name: {"CRM": True}})
    assert event[name] == {"CRM": True}


@pytest.mark.parametrize("nothing", [[], None, "", " "])
@pytest.mark.parametrize("name", ["context", "integrations"])
def test_a_batch_may_have_an_empty_value(world, name, nothing):
    [event] = world.take(make_event(context={"a": 1}, integrations={"b": True}), **{name: nothing})
    assert (event["context"], event["integrations"]) == ({"a": 1}, {"b": True})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrong", [[1], [{}], [[]], "x", "{}", 0, 1, False, True])
def test_anything_else_is_an_invalid_shape(world, name, wrong):
    [event] = world.take(make_event(**{name: wrong}))
    assert (event[name], world.blocked) == (wrong, {0: ["invalid_shape"]})


@pytest.mark.parametrize("wrong", [[1], "x", 1, False])
@pytest.mark.parametrize("name", ["context", "integrations"])
def test_anything_else_is_refused_for_the_batch(world, name, wrong):
    answer = world.send({"batch": [make_event()], name: wrong})
    assert (answer.status, answer.json["code"]) == (400, "invalid_batch")


def test_a_client_is_recognised_by_its_device_only_where_there_is_one(world):
    [event] = world.take(make_event(context={"device": []}))
    assert event["context"] == {"device": []}
