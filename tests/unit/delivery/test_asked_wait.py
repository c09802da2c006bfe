from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.delivery.asked_wait import LONGEST, RESETS, find_asked_wait, parse_wait

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 5 ", 5),
        ("1.5", 1.5),
        ("120.", 120),
        ("86400", 86_400),
        (7, 7),
        (0, 0),
        ("120, 120", 120),
        ("5, 60", 60),
    ],
)
def test_a_sane_number_is_seconds(text, seconds):
    assert parse_wait(text, NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "1800000090",
        "1800000090.0",
        "1800000090000",
        "1800000090000000",
        "1800000090000000000",
        "Fri, 15 Jan 2027 08:01:30 GMT",
        "Friday, 15-Jan-27 08:01:30 GMT",
        "Fri Jan 15 08:01:30 2027",
        "Fri, 15 Jan 2027 08:01:30 -0000",
        "Fri, 15 Jan 2027 10:01:30 +0200",
        "2027-01-15T08:01:30Z",
        "2027-01-15T09:01:30+01:00",
    ],
)
def test_a_plausible_time_is_waited_for(text):
    assert parse_wait(text, NOW) == 90


@pytest.mark.parametrize(
    "text", ["1799999999", "1767225600", "1767225600000", "Fri, 01 Jan 1999 00:00:00 GMT"]
)
def test_a_time_that_is_over_asks_for_no_wait(text):
    assert parse_wait(text, NOW) == 0


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "-5",
        "+5",
        "nan",
        "inf",
        "1e3",
        "1_000",
        "\u0663\u0660",
        "soon",
        "12 parsecs",
        "86401",
        "31536000",
        "999999999",
        "1800100000",
        "9999999999",
        "9" * 400,
        "1" * 30,
        "5, " * 1000,
        "3600000",
        "30s",
        "+30",
        "1,5s",
        True,
        "Fri, 99 Foo 1999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "9999-12-31T23:59:59Z",
    ],
)
def test_anything_else_leaves_it_to_the_schedule(text):
    assert parse_wait(text, NOW) is None


@given(st.text() | st.integers(0, 10**20).map(str) | st.floats().map(str) | st.integers() | st.none())
def test_no_value_breaks_anything(value):
    seconds = parse_wait(value, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST


@given(st.datetimes().map(lambda moment: formatdate(moment.timestamp(), usegmt=True)))
def test_no_date_breaks_anything(text):
    seconds = parse_wait(text, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST


@pytest.mark.parametrize("name", RESETS)
@pytest.mark.parametrize("value", ["45", "1800000045", "1800000045000", "Fri, 15 Jan 2027 08:00:45 GMT"])
def test_every_reset_is_read_in_every_form(name, value):
    assert find_asked_wait({name: value}, NOW, limited=True) == 45


@pytest.mark.parametrize(
    "value", ["limit=100, remaining=0, reset=45", '"minute";r=0;t=45', '"second";r=3;t=1, "minute";r=0;t=45']
)
def test_the_field_that_names_all_of_a_limit_is_read(value):
    assert find_asked_wait({"ratelimit": value}, NOW, limited=True) == 45


def test_milliseconds_are_read():
    assert find_asked_wait({"retry-after-ms": "2500"}, NOW, limited=False) == 2.5
    assert find_asked_wait({"retry-after-ms": "9" * 20}, NOW, limited=False) is None


def test_retry_after_comes_before_a_reset_where_it_can_be_read():
    reset = {"x-ratelimit-reset": "600"}
    assert find_asked_wait({"retry-after": "7", **reset}, NOW, limited=True) == 7
    assert find_asked_wait({"retry-after": "-1", **reset}, NOW, limited=True) == 600


def test_a_reset_in_an_answer_that_refuses_no_rate_means_nothing():
    assert find_asked_wait({"x-ratelimit-reset": "600"}, NOW, limited=False) is None
