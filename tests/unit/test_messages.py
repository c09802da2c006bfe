"""Messages as Lambda hands them over, and the state of packs that AWS errors held up."""

import pytest

from sluice.messages import Held, read_held, read_messages


def make_record(**over):
    return {
        "messageId": "m-1",
        "receiptHandle": "r-1",
        "body": "{}",
        "attributes": {"ApproximateReceiveCount": "3"},
        "messageAttributes": {},
        **over,
    }


def wrap(attributes):
    return {name: {"stringValue": text, "dataType": "String"} for name, text in attributes.items()}


def test_a_message_that_was_never_held_up_says_so():
    [message] = read_messages({"Records": [make_record()]})
    assert (message.id, message.receive_count, message.group, message.held) == ("m-1", 3, "", None)


def test_the_message_group_is_read():
    attributes = {"ApproximateReceiveCount": "1", "MessageGroupId": "replay-r1"}
    [message] = read_messages({"Records": [make_record(attributes=attributes)]})
    assert message.group == "replay-r1"


def test_the_state_comes_back_as_it_was_written():
    held = Held(since=1_800_000_000, tries=7)
    [message] = read_messages({"Records": [make_record(messageAttributes=wrap(held.attributes))]})
    assert message.held == held


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"held_since": "1"},
        {"held_since": "soon", "held_tries": "1"},
        {"held_since": "-1", "held_tries": "1"},
        {"held_since": "1", "held_tries": "-1"},
        {"held_since": "", "held_tries": ""},
    ],
)
def test_a_state_that_cannot_be_read_is_none(attributes):
    assert read_held(wrap(attributes)) is None


@pytest.mark.parametrize("value", [None, {}, {"stringValue": None}, {"binaryValue": "eA=="}, "text"])
def test_an_attribute_of_another_kind_is_no_state(value):
    assert read_held({"held_since": value, "held_tries": value}) is None
