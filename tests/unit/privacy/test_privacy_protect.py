"""Privacy over what ingest really writes: no raw value is left in any place of it."""

import json

import orjson
import pytest

from sluice.ingest.normalise import Surroundings
from sluice.ingest.packer import Limits, Packer
from sluice.packs import parse_ingest_pack
from sluice.privacy import compile_privacy

SECRET = "maria@example.com"
PRIVACY = {"privacy": {"drop": ["properties.email", "context.traits.email", "sentAt"], "hash": ["userId"]}}
NOW = 1_795_338_000.0


def take(*raws, **limits):
    """Packs of the events as the router reads them."""
    around = Surroundings(
        received_at=NOW, received_text="2026-11-22T09:00:00.000Z", new_id=lambda: "new-id", type="track"
    )
    intake = Packer("web", around, Limits(**limits), size=10_000_000, lenient=False).pack(list(raws), {})
    return [parse_ingest_pack(body) for body in intake.bodies]


def deep(levels):
    value = SECRET
    for _ in range(levels):
        value = [value]
    return value


RAWS = {
    "a valid event": {"event": "A", "userId": SECRET, "properties": {"email": SECRET}},
    "an event that is too large": {
        "event": "A",
        "userId": "u",
        "properties": {"email": SECRET, "x": "y" * 100_000},
    },
    "an event that is too deep": {"event": "A", "userId": "u", "properties": {"email": deep(100)}},
    "an event without an identity": {"event": "A", "properties": {"email": SECRET}},
    "properties that are a list": {"event": "A", "userId": "u", "properties": [{"email": SECRET}]},
    "properties that are a text of JSON": {
        "event": "A",
        "userId": "u",
        "properties": json.dumps({"email": SECRET}),
    },
    "a list for an event": [{"properties": {"email": SECRET}}],
    "a text for an event": json.dumps({"properties": {"email": SECRET}}),
    "a plain text for an event": SECRET,
    "a large text for an event": SECRET * 10_000,
    "a text for a time, which a note quotes": {"event": "A", "userId": "u", "sentAt": SECRET},
    "a text for the time of an event": {"event": "A", "userId": "u", "timestamp": SECRET},
    "an object for the time of an event": {"event": "A", "userId": "u", "originalTimestamp": {"by": SECRET}},
    "a text for the time of an event that is too large": {
        "event": "A",
        "userId": "u",
        "timestamp": SECRET,
        "properties": {"x": "y" * 100_000},
    },
    "an unknown message id, which a note quotes": {
        "event": "A",
        "userId": "u",
        "messageId": 1.5,
        "sentAt": SECRET,
    },
}


@pytest.mark.parametrize("name", RAWS)
def test_no_raw_value_is_left_in(name):
    protect = compile_privacy(PRIVACY)
    [pack] = take(RAWS[name])
    [event] = pack.events
    assert SECRET in orjson.dumps(event).decode()
    before = orjson.dumps(event)
    kept = protect(event)
    assert SECRET not in orjson.dumps(kept).decode()
    assert orjson.dumps(event) == before
    assert protect(kept) == kept
    assert kept["messageId"] == event["messageId"]
    assert kept["receivedAt"] == event["receivedAt"]


def test_notes_say_still_what_was_replaced():
    [pack] = take({"event": "A", "userId": "u", "sentAt": "soon", "messageId": True})
    assert compile_privacy(PRIVACY)(pack.events[0])["_sluice"] == {
        "notes": ["messageId replaced", "sentAt replaced"]
    }


def test_a_stub_keeps_its_size_and_its_ids():
    [pack] = take(RAWS["an event that is too large"])
    kept = compile_privacy(PRIVACY)(pack.events[0])
    assert kept["size"] > 100_000
    assert kept.keys() == {"size", "messageId", "type", "event", "userId", "receivedAt", "originalTimestamp"}


def test_fields_of_the_clients_own_that_are_called_like_ingests_stay():
    [pack] = take({"event": "A", "userId": "u", "excerpt": "mine", "value": 5, "size": 1})
    kept = compile_privacy(PRIVACY)(pack.events[0])
    assert (kept["excerpt"], kept["value"], kept["size"]) == ("mine", 5, 1)


def test_an_original_timestamp_that_was_hashed_stays_when_it_is_treated_again():
    [pack] = take({"event": "A", "userId": "u", "timestamp": "2026-11-20", "sentAt": "soon"})
    protect = compile_privacy({"privacy": {"hash": ["originalTimestamp"]}})
    once = protect(pack.events[0])
    assert len(once["originalTimestamp"]) == 64
    assert protect(once) == once
