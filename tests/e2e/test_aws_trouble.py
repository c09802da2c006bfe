"""AWS itself in trouble, by a proxy before it: the client is told, or Sluice tries again; nothing is lost."""

import logging
from collections.abc import Iterator

import pytest
from hightouch import htevents

from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, post_batch, send
from tests.e2e.evidence import Facts, count_deliveries, count_verdicts, wait_for_delivery, wait_for_lines
from tests.e2e.fault_proxy import FaultProxy, running_proxy
from tests.e2e.queues import fewer_receives, take_messages
from tests.e2e.stacks import find_free_ports, new_stack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.enable_socket,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),  # the SDK's own
]

# With this status: the name that microburst gives the code is not the one botocore knows as a throttle.
THROTTLED = {"error": {"code": "RequestThrottled", "status": 503}}
UNAVAILABLE = {"error": {"code": "ServiceUnavailableException", "status": 503}}
TRIES = 3


type Proxied = tuple[Facts, FaultProxy]


@pytest.fixture(scope="module")
def proxied() -> Iterator[Proxied]:
    """A stack whose functions reach AWS through a fault proxy."""
    stack = new_stack("proxied")
    [port] = find_free_ports(1)
    with running_proxy(port, f"http://127.0.0.1:{stack.port}", stack.folder) as proxy:
        try:
            yield stack.up("--fault-proxy", proxy.url), proxy
        finally:
            stack.down()


def test_a_throttle_that_passes_is_not_seen_by_the_client(proxied: Proxied, run: str) -> None:
    facts, proxy = proxied
    with proxy.failing("sqs", "SendMessageBatch", times=TRIES - 1, **THROTTLED):
        sent = send(facts, [make_event(run)])

    assert proxy.count_faults() == TRIES - 1
    assert wait_for_delivery(facts, "lake", sent) == dict.fromkeys(sent, 1)


def test_a_throttle_that_lasts_is_answered_503_after_every_try_and_the_sdk_comes_again(
    proxied: Proxied, run: str, caplog: pytest.LogCaptureFixture
) -> None:
    facts, proxy = proxied
    failures: list[Exception] = []
    client = htevents.Client(
        facts["write_keys"]["shop"],
        host=facts["api_url"],
        gzip=True,
        on_error=lambda error, _events: failures.append(error),
    )
    with proxy.failing("sqs", "SendMessageBatch", **THROTTLED), caplog.at_level(logging.INFO, "backoff"):
        answer = post_batch(facts, [make_event(run)])
        faults = proxy.count_faults()
        events = [client.track(f"{run}-customer", "Product Viewed", {"n": n})[1] for n in range(50)]
        sent = [event["messageId"] for event in events]
        eventually(lambda: "Backing off" in caplog.text, what="the SDK was told to come again")
    client.flush()
    client.join()

    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert faults == TRIES
    assert not failures
    assert wait_for_delivery(facts, "lake", sent) == dict.fromkeys(sent, 1)
    assert count_verdicts(wait_for_lines(facts, sent)) == {"accepted": len(sent)}


def test_a_claimed_pack_outlives_an_outage_and_is_neither_dead_nor_its_own_repeat(
    proxied: Proxied, run: str
) -> None:
    facts, proxy = proxied
    queue, dlq = facts["ingest_queue"], facts["ingest_dlq"]
    with (
        fewer_receives(facts, queue, 2),
        proxy.failing("firehose", "PutRecordBatch", **UNAVAILABLE),
    ):
        sent = send(facts, [make_event(run, properties={"n": n}) for n in range(5)])
        eventually(lambda: proxy.count_faults() > 3 * TRIES, what="more runs than the pack has receives")
        assert count_deliveries(facts, "lake", sent) == dict.fromkeys(sent, 0)

    assert take_messages(facts, dlq) == []
    assert wait_for_delivery(facts, "lake", sent) == dict.fromkeys(sent, 1)
    assert count_verdicts(wait_for_lines(facts, sent)) == {"accepted": len(sent)}
