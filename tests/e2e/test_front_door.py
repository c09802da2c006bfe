"""What a stack says and takes at its door: the URL it tells SDKs, quotas, and how much a request may grow."""

from urllib.parse import urlsplit

import pytest

from tests.e2e.deadlines import eventually
from tests.e2e.events import POOL, make_event, post_batch
from tests.e2e.evidence import Facts, count_verdicts, wait_for_lines

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

QUOTA = 30  # of the source kiosk, in events a minute


@pytest.mark.parametrize("prefix", ["", "/a/b"])
def test_an_sdk_that_follows_the_settings_reaches_the_stack(facts: Facts, run: str, prefix: str) -> None:
    url, key = f"{facts['api_url']}{prefix}", facts["write_keys"]["shop"]

    settings = POOL.request("GET", f"{url}/v1/projects/{key}/settings").json()["integrations"]["Segment.io"]

    assert f"{settings['protocol']}://{settings['apiHost']}" == f"{url}/v1"
    assert urlsplit(url).scheme == settings["protocol"] == "http"


def test_a_source_above_its_quota_is_told_when_to_come_again_and_then_accepted(
    facts: Facts, run: str
) -> None:
    """The quota may be that of two minutes, if one ends meanwhile."""
    accepted: list[str] = []

    def send_ten() -> int:
        events = [make_event(run, properties={"n": n}) for n in range(10)]
        answer = post_batch(facts, events, "kiosk")
        if answer.status == 200:
            accepted.extend(event["messageId"] for event in events)
        elif answer.status == 429:
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
            assert answer.json["code"] == "quota_exceeded"
        return answer.status

    eventually(send_ten, lambda status: status == 429, what="the quota is used up")
    assert QUOTA <= len(accepted) <= 2.4 * QUOTA
    eventually(send_ten, lambda status: status == 200, what="the next minute begins", seconds=90)

    assert count_verdicts(wait_for_lines(facts, accepted)) == {"accepted": len(accepted)}


def test_a_batch_whose_context_would_multiply_it_is_refused(facts: Facts, run: str) -> None:
    events = [{"type": "page", "userId": f"{run}-customer"}] * 500

    answer = post_batch(facts, events, context={"text": "x" * 9_000})

    assert (answer.status, answer.json["code"]) == (413, "request_too_large")
