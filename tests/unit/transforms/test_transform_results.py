"""What a function may return, and what its events then are."""

import uuid

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.transforms.protocol import Reply, pack_lines, read_reply
from sluice.transforms.results import EventLimits, Item, collect_outcomes, derive_id
from tests.unit.transforms.world import make_event, play


def run(function, *events, **more):
    return play(function, **more).apply(list(events) or [make_event()])


def test_an_event_that_is_left_out_is_dropped():
    dropped, kept = run(lambda events: events[1:], make_event(1), make_event(2))
    assert (dropped.events, dropped.error) == ((), "")
    assert list(kept.events) == [make_event(2)]


def test_none_in_the_place_of_an_event_drops_it():
    dropped, kept = run(lambda events: [None, events[1]], make_event(1), make_event(2))
    assert (dropped.events, dropped.error) == ((), "")
    assert list(kept.events) == [make_event(2)]


def test_an_event_is_known_by_its_message_id_whatever_its_place():
    def swap(events):
        return [{**event, "properties": {"of": event["messageId"]}} for event in reversed(events)]

    one, two = run(swap, make_event(1), make_event(2))
    assert one.events[0]["properties"] == {"of": "m-1"}
    assert two.events[0]["properties"] == {"of": "m-2"}


def fan_out(events):
    return [{**event, "event": f"Part {n}"} for event in events for n in range(3)]


def test_the_first_of_several_is_the_event_and_the_others_get_ids_of_their_own():
    [outcome] = run(fan_out)
    own, *children = outcome.events
    assert own["messageId"] == "m-1"
    assert [child["messageId"] for child in children] == [derive_id("m-1", "f", 1), derive_id("m-1", "f", 2)]
    assert [event["event"] for event in outcome.events] == ["Part 0", "Part 1", "Part 2"]


def test_the_ids_of_children_are_the_same_at_every_try_and_in_every_batch():
    alone = run(fan_out, make_event(2))[0]
    together = run(fan_out, make_event(1), make_event(2), make_event(3))[1]
    assert alone == together


@given(st.text(), st.text(max_size=5), st.integers(0, 99))
def test_a_derived_id_is_a_uuid(message_id, function, n):
    derived = uuid.UUID(derive_id(message_id, function, n))
    assert (derived.version, derived.variant) == (8, uuid.RFC_4122)


@pytest.mark.parametrize("placeholder", ["", " ", "\u200b", "undefined", "None", 0, -1, 0.0, None])
def test_a_function_cannot_give_events_an_id_that_identifies_nothing(placeholder):
    def change(events):
        for event in events:
            event["messageId"] = placeholder
        return events

    [outcome] = run(change)
    assert [event["messageId"] for event in outcome.events] == ["m-1"]


@pytest.mark.parametrize("number", [7, 7.0])
def test_a_whole_number_is_an_id_as_text(number):
    def change(events):
        events[0]["messageId"] = number
        return events

    [outcome] = run(change)
    assert [event["messageId"] for event in outcome.events] == ["7"]


def test_ids_and_the_type_may_change():
    def change(events):
        for event in events:
            event.update(type="identify", userId="other", anonymousId=None, messageId="mine", traits={"a": 1})
            del event["event"]
        return events

    [outcome] = run(change)
    [made] = outcome.events
    assert (made["type"], made["userId"], made["messageId"]) == ("identify", "other", "mine")


def test_a_number_in_the_place_of_a_boolean_is_a_change():
    """Python takes 1 and true for equal, and the two events are of one length."""

    def swap(events):
        events[0]["properties"] = {"a": True, "b": 1}
        return events

    [outcome] = run(swap, make_event(properties={"a": 1, "b": True}))
    assert orjson.dumps(outcome.events[0]["properties"]) == b'{"a":true,"b":1}'


REFUSED = {"consent": {"categoryPreferences": {"C1": False}}}
ONLY_CRM = {"All": False, "crm": True}


@pytest.mark.parametrize(
    "left", [("messageId", "type", "event", "userId"), ("messageId", "type", "event", "userId", "context")]
)
def test_a_function_that_makes_an_event_anew_does_not_lose_the_users_choice(left):
    """Else the event and its children would go to whom the user refused."""
    event = make_event(context={**REFUSED, "ip": "198.51.100.7"}, integrations=ONLY_CRM)

    def build(events):
        kept = {name: value for name, value in events[0].items() if name in left}
        if "context" in kept:
            kept["context"] = {"page": {"path": "/"}}
        return [dict(kept), dict(kept)]

    [outcome] = run(build, event)
    assert len(outcome.events) == 2
    for made in outcome.events:
        assert made["integrations"] == ONLY_CRM
        assert made["context"] == {**REFUSED, **({"page": {"path": "/"}} if "context" in left else {})}


def test_a_function_may_say_something_else_of_consent_and_integrations():
    def change(events):
        events[0]["context"]["consent"] = {"categoryPreferences": {"C1": True}}
        events[0]["integrations"] = {}
        return events

    [outcome] = run(change, make_event(context=dict(REFUSED), integrations=ONLY_CRM))
    [made] = outcome.events
    assert made["context"] == {"consent": {"categoryPreferences": {"C1": True}}}
    assert made["integrations"] == {}


def test_two_events_of_one_never_share_an_id():
    def repeat(events):
        events[0]["messageId"] = "mine"
        return [events[0], events[0], events[0]]

    [outcome] = run(repeat)
    assert [event["messageId"] for event in outcome.events] == [
        "mine",
        derive_id("m-1", "f", 1),
        derive_id("m-1", "f", 2),
    ]


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (None, "returned None, not a list of events: did you forget `return events`?"),
        ({"type": "track"}, "returned a dict, not a list"),
        ("events", "returned a str, not a list"),
        ((), "returned a tuple, not a list"),
        (["event"], "a list whose item 0 is a str, not an event"),
        ([{"type": "track", "userId": "u"}], "has the messageId None, which no event has"),
        ([{"type": "track", "userId": "u", "messageId": "x"}], "has the messageId 'x', which no event has"),
        ([{"messageId": ["m-1"]}], "which no event has that it was given"),
    ],
)
def test_what_is_no_list_of_events_is_an_error_that_says_so(returned, told):
    [outcome] = run(lambda _: returned)
    assert told in outcome.error
    assert outcome.error.startswith("f: ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "purchase"}, "unknown_type"),
        ({"type": None}, "missing_type"),
        ({"userId": None}, "missing_identity"),
        ({"event": ""}, "missing_event_name"),
        ({"properties": []}, "invalid_shape"),
        ({"userId": {}}, "invalid_shape"),
        ({"properties": {"text": "x" * 98304}}, "event_too_large"),
        ({"properties": {"deep": orjson.loads(b"[" * 70 + b"]" * 70)}}, "invalid_shape"),
    ],
)
def test_an_event_that_ingest_would_block_fails_alone(changes, reason):
    def change(events):
        events[0].update(changes)
        return events

    world = play(change)
    bad, good = world.apply([make_event(1), make_event(2)])
    assert bad.error == f"f: returned an event that is not valid: {reason}"
    assert list(good.events) == [make_event(2)]
    assert len(world.calls) == 1


def test_every_child_is_measured():
    def grow(events):
        return [{**event, "properties": {"text": "x" * size}} for event in events for size in (10, 2000)]

    [outcome] = run(grow, limits=EventLimits(bytes=1000))
    assert outcome.error == "f: returned an event that is not valid: event_too_large"


def test_an_event_may_become_100_and_no_more():
    assert len(run(lambda events: events * 100)[0].events) == 100
    [outcome] = run(lambda events: events * 101)
    assert outcome.error == "f: returned 101 events for one, more than 100"


def test_what_is_not_json_fails_alone():
    def change(events):
        events[0]["properties"] = {"set": {1, 2}}
        return events

    bad, good = run(change, make_event(1), make_event(2))
    assert bad.error.startswith("f: returned an event that is not JSON: Type is not JSON serializable: set")
    assert list(good.events) == [make_event(2)]


def test_what_only_sluice_knows_is_put_back():
    def change(events):
        for event in events:
            event.update(receivedAt="never", timestamp="soon", context=None, writeKey="k", _sluice=1)
        return events

    event = make_event(context={"ip": "198.51.100.7"}, _sluice={"notes": ["a note"]})
    [outcome] = run(change, event)
    assert outcome.events == [{**event, "context": {}}]


def test_characters_that_sqs_refuses_are_replaced():
    def change(events):
        events[0]["properties"] = {"text": "a\uffffb"}
        return events

    [outcome] = run(change)
    assert outcome.events[0]["properties"] == {"text": "a\ufffdb"}


def test_another_order_of_fields_is_no_change():
    event = make_event()
    [outcome] = run(lambda events: [dict(reversed(events[0].items()))], event)
    assert outcome.events[0] is event


ANSWER = {"v": 1, "events": "", "parents": [], "errors": {}}
ONE = pack_lines(b"{}\n")


def test_an_answer_has_its_events_in_base64():
    answer = read_reply(Reply(payload=orjson.dumps({**ANSWER, "events": ONE, "parents": [0]})), 1)
    assert (answer.events, answer.parents, answer.error) == ([b"{}"], [0], "")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"not json",
        orjson.dumps({**ANSWER, "events": []}),
        orjson.dumps({**ANSWER, "events": "{}\n", "parents": [0]}),
        orjson.dumps({**ANSWER, "events": "é", "parents": [0]}),
        orjson.dumps({**ANSWER, "parents": [0]}),
        orjson.dumps({**ANSWER, "events": ONE, "parents": [7]}),
        orjson.dumps({**ANSWER, "events": ONE, "parents": [-1]}),
        orjson.dumps({**ANSWER, "events": ONE, "parents": [True]}),
        orjson.dumps({**ANSWER, "errors": []}),
        orjson.dumps({**ANSWER, "errors": {"x": "y"}}),
        orjson.dumps({**ANSWER, "events": pack_lines(b" " * 4_000_000 + b"\n"), "parents": [0]}),
    ],
    ids=lambda payload: payload[:40].decode(),
)
def test_an_answer_that_is_none_is_an_error_of_what_ran(payload):
    answer = read_reply(Reply(payload=payload), 1)
    assert answer.error
    assert not answer.events


@pytest.mark.parametrize("line", ["{", "[]", "1", '{"a": NaN}'])
def test_a_line_that_is_no_event_fails_alone(line):
    good = {"messageId": "m-2", "type": "page", "userId": "u"}
    items = [Item(0, make_event(n), orjson.dumps(make_event(n))) for n in (1, 2)]
    payload = {
        **ANSWER,
        "events": pack_lines(b"%b\n%b\n" % (line.encode(), orjson.dumps(good))),
        "parents": [0, 1],
    }
    answer = read_reply(Reply(payload=orjson.dumps(payload)), 2)
    bad, kept = collect_outcomes("f", items, answer, EventLimits())
    assert bad.error.startswith("f: ")
    assert kept.events[0]["type"] == "page"


@given(st.binary(max_size=200))
def test_no_answer_raises(payload):
    read_reply(Reply(payload=payload), 3)


@pytest.mark.parametrize("form", ["2026-11-21T00:00:00Z", 1795219200000, "Sat, 21 Nov 2026 00:00:00 GMT"])
def test_a_time_that_a_function_sets_may_have_any_form(form):
    [outcome] = run(lambda events: [{**events[0], "timestamp": form}])
    assert outcome.events[0]["timestamp"] == "2026-11-21T00:00:00.000Z"


@pytest.mark.parametrize("wrong", ["9999-01-01T00:00:00Z", -1, True, [], None, "2026-11-24T00:00:00Z"])
def test_a_time_that_cannot_have_happened_is_put_back(wrong):
    event = make_event()
    [outcome] = run(lambda events: [{**events[0], "timestamp": wrong}], event)
    assert outcome.events[0]["timestamp"] == event["timestamp"]
