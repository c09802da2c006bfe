import pytest

from sluice.delivery.classify import classify_response
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
        (505, Reason.SERVER_ERROR),
        (599, Reason.SERVER_ERROR),
        (600, Reason.SERVER_ERROR),
        (999, Reason.SERVER_ERROR),
        (0, Reason.SERVER_ERROR),
    ],
)
def test_what_may_pass_is_tried_again(status, reason):
    error = classify(status)
    assert type(error) is RetryLater
    assert (error.reason, error.status) == (reason, status)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(s, Reason.REJECTED) for s in (400, 402, 404, 405, 406, 409, 410, 411, 415, 418, 422, 451, 499, 501)]
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


@pytest.mark.parametrize("status", [400, 404, 409, 412, 413, 418, 422, 451, 499])
def test_a_refusal_of_what_was_sent_is_worth_splitting(status):
    assert classify(status).split


@pytest.mark.parametrize("status", [402, 405, 406, 407, 410, 411, 414, 415, 421, 426, 431, 501])
def test_a_refusal_of_the_account_or_the_endpoint_is_not(status):
    assert not classify(status).split


def test_a_destination_may_say_that_a_status_is_about_the_account():
    assert not classify(404, of_account={404}).split
    assert classify(400, of_account={404}).split


@pytest.mark.parametrize("status", [401, 408, 423, 425, 429, 503])
def test_every_status_that_is_tried_again_honours_retry_after(status):
    assert classify(status, {"retry-after": "120"}).after == 120


@pytest.mark.parametrize(("status", "after"), [(429, 30), (503, None), (401, None)])
def test_the_headers_of_a_rate_limit_count_where_a_rate_is_refused(status, after):
    assert classify(status, {"x-ratelimit-reset": "30"}).after == after
