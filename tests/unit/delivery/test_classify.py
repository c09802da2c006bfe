from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.delivery.classify import classify_response, parse_retry_after
from sluice.destinations.declaration import Response
from sluice.errors import AuthRejected, GiveUp, RetryLater
from sluice.reasons import Reason

NOW = 1_800_000_000.0


def classify(status, headers=None, **over):
    return classify_response(Response(status, headers or {}), NOW, **over)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207, 299])
def test_a_success_is_delivered(status):
    assert classify(status) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (408, Reason.TIMEOUT),
        (423, Reason.NOT_READY),
        (425, Reason.NOT_READY),
        (429, Reason.RATE_LIMITED),
        (500, Reason.SERVER_ERROR),
        (502, Reason.SERVER_ERROR),
        (503, Reason.SERVER_ERROR),
        (504, Reason.SERVER_ERROR),
        (507, Reason.SERVER_ERROR),
        (599, Reason.SERVER_ERROR),
    ],
)
def test_what_may_pass_is_tried_again(status, reason):
    error = classify(status)
    assert type(error) is RetryLater
    assert (error.reason, error.status) == (reason, status)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (s, Reason.REJECTED)
        for s in (400, 402, 404, 405, 406, 409, 410, 411, 415, 418, 422, 451, 501, 600, 999)
    ]
    + [(s, Reason.REDIRECT_REFUSED) for s in (300, 301, 302, 303, 304, 307, 308)]
    + [(413, Reason.PAYLOAD_TOO_LARGE)],
)
def test_what_stays_as_it_is_ends(status, reason):
    error = classify(status)
    assert type(error) is GiveUp
    assert (error.reason, error.status) == (reason, status)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_wait_for_better_ones(status):
    error = classify(status)
    assert type(error) is AuthRejected
    assert error.reason is Reason.AUTH_REJECTED


def test_a_destination_may_say_that_409_passes():
    error = classify(409, also_retry=(409,))
    assert type(error) is RetryLater
    assert error.reason is Reason.NOT_READY


def test_retry_after_comes_in_seconds_or_as_a_date():
    assert classify(429, {"retry-after": "120"}).after == 120
    assert classify(503, {"retry-after": formatdate(NOW + 90, usegmt=True)}).after == 90
    assert classify(401, {"retry-after": "7"}).after == 7


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 5 ", 5),
        ("1.5", 1.5),
        ("9" * 400, float("inf")),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("12 parsecs", None),
        ("", None),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 0),
        ("Fri, 99 Foo 1999 00:00:00 GMT", None),
    ],
)
def test_a_retry_after_is_read_or_left_alone(text, seconds):
    assert parse_retry_after(text, NOW) == seconds


@given(st.text() | st.integers(0, 10**20).map(str))
def test_no_retry_after_breaks_anything(text):
    seconds = parse_retry_after(text, NOW)
    assert seconds is None or seconds >= 0
