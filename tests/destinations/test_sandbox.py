import pytest

from sluice.destinations.declaration import Batch, Outside
from sluice.destinations.sandbox import DECLARATION, SandboxSettings, answer_status, build, judge, open_sender
from sluice.errors import GiveUp, RetryLater
from sluice.packs import Item
from sluice.reasons import Reason


def make_entry(n, *, event="Order"):
    return Item("custom_event", {"messageId": f"m-{n}", "event": event}), {}


def ask(settings, entries, *, attempt=1, timeout=10.0):
    """The answer to one request, and how long the sandbox slept."""
    slept = []
    send = open_sender(settings, Outside(lambda *_args: pytest.fail("it called somebody"), slept.append))
    [request] = build(settings, Batch("crm", attempt, len(entries), entries))
    try:
        return request, send(request, {}, timeout), slept
    except RetryLater as error:
        return request, error, slept


def test_by_default_everything_is_taken_at_once():
    request, response, slept = ask(SandboxSettings(), [make_entry(1), make_entry(2)])
    assert (response.status, slept) == (200, [])
    assert judge(SandboxSettings(), request, response, 0.0) is None


def test_events_fail_by_name():
    settings = SandboxSettings(fail_events=("Refund",), fail_status=422)
    assert answer_status(settings, make_entry(1, event="Refund"), 1) == 422
    assert answer_status(settings, make_entry(1), 1) == 200


def test_a_share_of_message_ids_fails_and_always_the_same():
    settings = SandboxSettings(fail_rate=0.3, fail_status=503)
    statuses = [answer_status(settings, make_entry(n), 1) for n in range(2000)]
    assert 0.25 < statuses.count(503) / 2000 < 0.35
    assert statuses == [answer_status(settings, make_entry(n), 7) for n in range(2000)]


@pytest.mark.parametrize(("rate", "status"), [(0, 200), (1, 500)])
def test_a_share_of_none_or_all(rate, status):
    settings = SandboxSettings(fail_rate=rate, fail_status=500)
    assert {answer_status(settings, make_entry(n), 1) for n in range(200)} == {status}


def test_a_flaky_item_is_taken_from_an_attempt_on():
    settings = SandboxSettings(fail_rate=1, fail_status=503, take_from_attempt=3)
    assert [answer_status(settings, make_entry(1), attempt) for attempt in (1, 2, 3, 4)] == [
        503,
        503,
        200,
        200,
    ]


def test_a_batch_is_answered_item_by_item():
    settings = SandboxSettings(fail_events=("Refund",), fail_status=429, retry_after=30)
    request, response, _ = ask(settings, [make_entry(1), make_entry(2, event="Refund")])
    taken, refused = judge(settings, request, response, 0.0)
    assert (response.status, taken) == (207, None)
    assert isinstance(refused, RetryLater)
    assert (refused.reason, refused.after, refused.status) == (Reason.RATE_LIMITED, 30, 429)


def test_a_batch_that_fails_as_a_whole_is_answered_as_one():
    settings = SandboxSettings(fail_rate=1, fail_status=413)
    request, response, _ = ask(settings, [make_entry(1), make_entry(2)])
    verdict = judge(settings, request, response, 0.0)
    assert isinstance(verdict, GiveUp)
    assert verdict.reason is Reason.PAYLOAD_TOO_LARGE


def test_it_is_as_slow_as_it_is_told():
    assert ask(SandboxSettings(delay=0.5), [make_entry(1)])[2] == [0.5]


def test_slower_than_the_timeout_is_a_timeout():
    _, error, slept = ask(SandboxSettings(delay=30), [make_entry(1)], timeout=2.0)
    assert error.reason is Reason.TIMEOUT
    assert slept == [2.0]


def test_any_event_type_may_be_sent_and_one_is_strict():
    assert DECLARATION.any_event_type
    assert list(DECLARATION.event_types["strict_event"].required) == ["id"]
