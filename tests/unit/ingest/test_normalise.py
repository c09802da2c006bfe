"""How an event is completed: ids, times by our clock, what the batch says of all."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.ingest.normalise import Surroundings, normalise_event
from sluice.times import format_time, parse_time
from tests.builders import make_event
from tests.unit.ingest.world import NOW, RECEIVED

EARLIER, LATER = "2026-11-21T23:00:00.000Z", "2026-11-22T01:00:00.000Z"


def normalise(event, **around):
    return normalise_event(event, Surroundings(NOW, RECEIVED, lambda: "made", **around))


def test_a_missing_message_id_is_made(world):
    assert world.take(make_event(messageId=None))[0]["messageId"].startswith("id-")


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_message_id_is_made(nothing):
    assert normalise({"messageId": nothing})["messageId"] == "made"


def test_a_whole_number_is_a_message_id_as_text():
    """A made one would hide a resend."""
    assert normalise({"messageId": 17})["messageId"] == "17"


@pytest.mark.parametrize("wrong", [True, [], {"id": 1}])
def test_a_message_id_that_is_no_text_is_replaced_and_noted(wrong):
    event = normalise({"messageId": wrong})
    assert event["messageId"] == "made"
    assert "messageId" in event["_sluice"]["notes"][0]


@pytest.mark.parametrize(
    "opaque",
    ["node-next-1795305363520-db5cf29f", "8f6463fec4e7483c83db7c38380b0e4b", "1x8k2q", "ü 😀", "a\x00"],
)
def test_any_text_is_a_message_id(world, opaque):
    assert world.take(make_event(messageId=opaque))[0]["messageId"] == opaque


def test_a_client_whose_clock_is_right_keeps_its_time():
    event = normalise({"timestamp": EARLIER, "sentAt": RECEIVED})
    assert (event["originalTimestamp"], event["timestamp"]) == (EARLIER, EARLIER)


def test_a_client_whose_clock_is_an_hour_fast_is_put_right():
    event = normalise({"timestamp": "2026-11-22T00:59:00.000Z", "sentAt": LATER})
    assert event["timestamp"] == "2026-11-21T23:59:00.000Z"
    assert event["originalTimestamp"] == "2026-11-22T00:59:00.000Z"


def test_a_client_that_does_not_say_when_it_sent_keeps_its_time():
    event = normalise({"timestamp": EARLIER})
    assert event["timestamp"] == EARLIER
    assert "sentAt" not in event


def test_of_two_times_the_timestamp_is_the_callers():
    """RudderStack's Node SDK writes its own clock into originalTimestamp."""
    event = normalise({"originalTimestamp": RECEIVED, "timestamp": EARLIER, "sentAt": RECEIVED})
    assert (event["originalTimestamp"], event["timestamp"]) == (RECEIVED, EARLIER)


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_an_original_timestamp_alone_is_the_time(nothing):
    event = normalise({"originalTimestamp": LATER, "timestamp": nothing, "sentAt": LATER})
    assert (event["originalTimestamp"], event["timestamp"]) == (LATER, RECEIVED)


@pytest.mark.parametrize("event", [{}, {"timestamp": None}, {"timestamp": "", "originalTimestamp": ""}])
def test_an_event_without_a_time_happened_when_it_was_received(event):
    event = normalise(event)
    assert (event["originalTimestamp"], event["timestamp"]) == (RECEIVED, RECEIVED)
    assert "_sluice" not in event


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_original_timestamp_gives_way_to_the_timestamp(nothing):
    assert normalise({"originalTimestamp": nothing, "timestamp": EARLIER})["originalTimestamp"] == EARLIER


def test_a_received_at_of_the_client_is_replaced():
    assert normalise({"receivedAt": EARLIER})["receivedAt"] == RECEIVED


WRONG_TIMES = [
    "yesterday",
    "22.11.2026",
    "2026-13-45T00:00:00Z",
    "undefined",
    True,
    [],
    {},
    "x\x00",
    "x" * 9999,
]


@pytest.mark.parametrize("wrong", WRONG_TIMES)
@pytest.mark.parametrize("name", ["timestamp", "originalTimestamp", "sentAt"])
def test_a_time_that_is_none_is_replaced_and_noted(name, wrong):
    event = normalise({name: wrong})
    assert event["timestamp"] == RECEIVED
    assert event.get("sentAt", RECEIVED) == RECEIVED
    [note] = event["_sluice"]["notes"]
    assert note.startswith(f"{name} replaced: ")
    assert len(note) < 150


@pytest.mark.parametrize("wrong", WRONG_TIMES)
@pytest.mark.parametrize("name", ["timestamp", "originalTimestamp"])
def test_what_was_sent_in_the_place_of_a_time_is_kept(name, wrong):
    event = normalise({name: wrong})
    assert event["originalTimestamp"] == wrong
    assert event["_sluice"]["time"] == "replaced"


def test_a_wrong_timestamp_is_the_receipt_even_where_the_sdk_has_a_time_of_its_own():
    event = normalise({"originalTimestamp": EARLIER, "timestamp": "yesterday"})
    assert (event["originalTimestamp"], event["timestamp"]) == (EARLIER, RECEIVED)
    assert "'yesterday'" in event["_sluice"]["notes"][0]


OUT_OF_RANGE = [
    "1969-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59Z",
    "2026-11-23T00:00:00.001Z",
    -1,
    32503680000,  # the year 3000 in seconds
    "Thu, 01 Jan 1900 00:00:00 GMT",
]


@pytest.mark.parametrize("wrong", OUT_OF_RANGE)
@pytest.mark.parametrize("sent_at", [{}, {"sentAt": RECEIVED}])
def test_a_time_before_1970_or_a_day_after_the_receipt_is_replaced(wrong, sent_at):
    event = normalise({"timestamp": wrong, **sent_at})
    assert (event["timestamp"], event["originalTimestamp"]) == (RECEIVED, wrong)
    assert event["_sluice"]["notes"][0].startswith("timestamp replaced: ")
    assert event["_sluice"]["time"] == "replaced"


@pytest.mark.parametrize(
    "edge", ["1970-01-01T00:00:00.000Z", "2026-11-23T00:00:00.000Z", "2026-11-22T00:10:00.000Z"]
)
def test_a_time_of_the_range_stands(edge):
    event = normalise({"timestamp": edge})
    assert event["timestamp"] == edge
    assert "_sluice" not in event


@pytest.mark.parametrize("sent_at", ["1970-01-01T00:00:00.000Z", 0, "2001-09-09T01:46:40Z"])
def test_a_correction_past_the_receipt_is_not_made(sent_at):
    event = normalise({"timestamp": EARLIER, "sentAt": sent_at})
    assert event["timestamp"] == EARLIER
    assert "_sluice" not in event


def test_a_correction_to_before_1970_is_not_made():
    event = normalise({"timestamp": EARLIER, "sentAt": "2106-02-07T06:28:15Z"})
    assert event["timestamp"] == EARLIER


def test_a_time_after_the_receipt_as_sent_and_as_corrected_is_the_receipt():
    event = normalise({"timestamp": LATER, "sentAt": EARLIER})
    assert (event["timestamp"], event["originalTimestamp"]) == (RECEIVED, LATER)
    assert event["_sluice"]["time"] == "replaced"


def test_a_clock_ten_years_fast_is_put_right_and_the_move_is_noted():
    event = normalise({"timestamp": "2036-11-22T00:00:00Z", "sentAt": "2036-11-22T00:01:00Z"})
    assert event["timestamp"] == "2026-11-21T23:59:00.000Z"
    assert event["_sluice"] == {
        "notes": ["timestamp moved by more than a day: it was '2036-11-22T00:00:00Z'"],
        "time": "moved",
    }


def test_an_event_of_years_ago_keeps_its_time():
    event = normalise({"timestamp": "1999-05-05T05:05:05.000Z", "sentAt": RECEIVED})
    assert event["timestamp"] == "1999-05-05T05:05:05.000Z"
    assert "_sluice" not in event


def test_the_batch_may_say_in_any_form_when_it_was_sent(world):
    sent = "Sun, 22 Nov 2026 01:00:00 GMT"
    [event] = world.take(make_event(timestamp="2026-11-22T00:59:00.000Z"), sentAt=sent)
    assert (event["sentAt"], event["timestamp"]) == (sent, "2026-11-21T23:59:00.000Z")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T23:00:00Z",
        "2026-11-21T23:00:00.000Z",
        "2026-11-21T23:00:00.000000+00:00",
        "2026-11-22T01:00:00.000+02:00",
        "2026-11-21T23:00:00",
        "2026-11-21 23:00:00",
        "2026-11-21T23:00:00.000000000Z",
        "Sat, 21 Nov 2026 23:00:00 GMT",
        1795302000,
        1795302000000,
        "1795302000000000",
    ],
)
def test_the_shapes_of_time_that_sdks_send_are_read(text):
    event = normalise({"timestamp": text})
    assert (event["timestamp"], event["originalTimestamp"]) == (EARLIER, text)


def test_the_batch_tells_when_its_events_were_sent(world):
    [event] = world.take(make_event(timestamp="2026-11-22T00:59:00.000Z"), sentAt=LATER)
    assert (event["sentAt"], event["timestamp"]) == (LATER, "2026-11-21T23:59:00.000Z")


def test_an_event_that_says_when_it_was_sent_is_believed_before_its_batch(world):
    [event] = world.take(make_event(sentAt=RECEIVED), sentAt=LATER)
    assert event["sentAt"] == RECEIVED


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_batch_may_not_say_when_it_was_sent(world, nothing):
    [event] = world.take(make_event(timestamp=EARLIER), sentAt=nothing)
    assert event["timestamp"] == EARLIER
    assert "sentAt" not in event


@pytest.mark.parametrize("wrong", ["now", True, {}])
def test_a_wrong_time_of_the_batch_is_noted_on_each_event(world, wrong):
    events = world.take(make_event(), make_event(), sentAt=wrong)
    assert [event["sentAt"] for event in events] == [RECEIVED] * 2
    assert [event["_sluice"]["notes"][0][:15] for event in events] == ["sentAt replaced"] * 2


@given(
    original=st.datetimes(
        timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)
    ),
    skew=st.timedeltas(timedelta(days=-400), timedelta(days=400)),
    travel=st.timedeltas(timedelta(0), timedelta(minutes=5)),
)
def test_any_clock_is_put_right_to_the_millisecond(original, skew, travel):
    """The client's clock is off by `skew`; its event is `travel` old when it sends, and arrives at once."""
    happened = datetime.fromtimestamp(NOW, UTC) - travel
    event = normalise(
        {
            "timestamp": (happened + skew).isoformat(),
            "sentAt": (datetime.fromtimestamp(NOW, UTC) + skew).isoformat(),
        }
    )
    assert abs(parse_time(event["timestamp"]) - happened.timestamp()) < 0.0011


@given(
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])),
    st.datetimes(timezones=st.just(UTC)),
)
def test_no_time_is_out_of_range(original, sent):
    event = normalise({"timestamp": original.isoformat(), "sentAt": sent.isoformat()})
    assert format_time(parse_time(event["timestamp"])) == event["timestamp"]
    assert 0 <= parse_time(event["timestamp"]) <= NOW


def test_the_context_of_the_batch_lies_under_the_events_own(world):
    [event] = world.take(
        make_event(context={"locale": "de", "page": {"path": "/"}}),
        context={"locale": "en", "library": {"name": "l"}, "page": {"url": "u"}},
    )
    assert event["context"] == {"locale": "de", "page": {"path": "/"}, "library": {"name": "l"}}


@pytest.mark.parametrize("nothing", [{}, {"context": None}, {"context": {}}])
def test_an_event_without_context_gets_the_batchs(world, nothing):
    [event] = world.take({**make_event(), **nothing}, context={"locale": "en"})
    assert event["context"] == {"locale": "en"}


def test_the_integrations_of_the_batch_lie_under_the_events_own(world):
    [event] = world.take(make_event(integrations={"All": False}), integrations={"All": True, "CRM": True})
    assert event["integrations"] == {"All": False, "CRM": True}


def test_events_do_not_share_what_they_get_of_the_batch(world):
    first, second = world.take(make_event(context={"a": 1}), make_event(), context={"b": 2})
    assert (first["context"], second["context"]) == ({"a": 1, "b": 2}, {"b": 2})


@pytest.mark.parametrize("nothing", [None, {}])
def test_a_batch_may_have_an_empty_context(world, nothing):
    assert world.take(make_event(), context=nothing)[0]["context"] == {}


def test_nothing_else_of_the_batch_reaches_its_events(world):
    [event] = world.take(make_event(), timestamp=LATER, userId="batch", _metadata={"a": 1}, type="page")
    assert event.keys() == make_event().keys() | {"originalTimestamp", "receivedAt", "context"}


def test_a_single_event_is_not_merged_with_itself(world):
    world.send(make_event(context={"locale": "en"}), path="/v1/track")
    assert world.events[0]["context"] == {"locale": "en"}


@given(
    st.dictionaries(
        st.sampled_from(["type", "userId", "context", "sentAt", "timestamp", "x"]), st.none() | st.text()
    )
)
def test_the_event_that_came_in_is_left_as_it_was(raw):
    before = dict(raw)
    normalise(raw, context={"a": 1}, ip="198.51.100.7", is_client=True)
    assert raw == before
