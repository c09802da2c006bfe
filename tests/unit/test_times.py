"""Times: what is read, and how they are written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.times import EARLIEST, LATEST, format_time, parse_time


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T00:00:00.5Z", 0.5),
        ("1970-01-01", 0.0),
        ("1970-01-01T02:00:00+02:00", 0.0),
        ("1970-01-01T00:00:00", 0.0),
        ("1970-01-01 00:00:01.250000+00:00", 1.25),
        ("2026-11-22T00:00:00.123456789Z", 1795305600.123456),
        ("1969-12-31T23:59:59Z", -1.0),
    ],
)
def test_a_time_is_read(text, epoch):
    assert parse_time(text) == epoch


OUT_OF_RANGE = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00+99:00"]
NO_TEXT = [None, 0, 1.5, True, [], {}, b"1970-01-01"]
NO_TIME = ["", "x", "now", "1970-02-30", "24:00", "1970-01-01T25:00:00Z", "\ud800", "\x00"]


@pytest.mark.parametrize("wrong", [*OUT_OF_RANGE, *NO_TEXT, *NO_TIME])
def test_what_is_no_time_is_none(wrong):
    assert parse_time(wrong) is None


@given(st.text())
def test_no_text_breaks_the_reader(text):
    assert parse_time(text) is None or EARLIEST <= parse_time(text) <= LATEST


@pytest.mark.parametrize(
    ("epoch", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1795305600.456, "2026-11-22T00:00:00.456Z"),
        (1795305600.9999, "2026-11-22T00:00:01.000Z"),
        (-0.001, "1969-12-31T23:59:59.999Z"),
        (1e300, "9999-12-30T00:00:00.000Z"),
        (-1e300, "0001-01-02T00:00:00.000Z"),
    ],
)
def test_a_time_is_written(epoch, text):
    assert format_time(epoch) == text


@given(st.floats(allow_nan=False))
def test_every_time_has_24_characters(epoch):
    assert len(format_time(epoch)) == 24


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 29)))
def test_what_is_written_is_read_back_and_written_alike(moment):
    text = format_time(moment.replace(tzinfo=UTC).timestamp())
    assert format_time(parse_time(text)) == text


@given(
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)),
    st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
        lambda d: timedelta(minutes=d // timedelta(minutes=1))
    ),
)
def test_an_offset_is_taken_into_account(moment, offset):
    moment = moment.replace(tzinfo=timezone(offset))
    assert parse_time(moment.isoformat()) == pytest.approx(moment.timestamp(), abs=1e-6)
