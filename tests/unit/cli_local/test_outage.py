"""`sluice local break` and `heal`, on a real sink."""

import threading
import urllib.error
import urllib.request

import pytest

from cli.local.errors import LocalStackError
from cli.local.outage import break_destination, heal_destination
from cli.local.sink import SinkServer

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def stack():
    server = SinkServer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    syncs = {"crm": "http", "slack": "slack", "box": "sandbox"}
    yield {
        "sink_url": server.url,
        "syncs": {f"to-{name}": {"destination": name, "kind": kind} for name, kind in syncs.items()},
    }
    server.shutdown()
    server.server_close()


def post(stack, path):
    request = urllib.request.Request(f"{stack['sink_url']}{path}", data=b"{}", method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code


@pytest.mark.parametrize("path", ["/crm", "/crm/events", "/crm/a/b?c=d"])
def test_a_broken_destination_fails_until_it_is_healed(stack, path):
    break_destination(stack, "crm", 503)
    assert [post(stack, path) for _ in range(3)] == [503] * 3
    heal_destination(stack, "crm")
    assert post(stack, path) == 200


def test_other_destinations_go_on_working(stack):
    break_destination(stack, "crm", 401)
    assert [post(stack, path) for path in ("/slack/api", "/crm-2/events", "/crm/events")] == [200, 200, 401]


def test_the_last_status_counts(stack):
    break_destination(stack, "crm", 503)
    break_destination(stack, "crm", 429)
    assert post(stack, "/crm/events") == 429


def test_a_destination_that_works_can_be_healed(stack):
    heal_destination(stack, "crm")
    assert post(stack, "/crm/events") == 200


@pytest.mark.parametrize(
    "change", [lambda stack, name: break_destination(stack, name, 503), heal_destination]
)
def test_a_destination_that_the_sink_does_not_play_is_told(stack, change):
    with pytest.raises(
        LocalStackError, match="no sync sends to a destination 'cmr'; the sink plays: crm, slack"
    ):
        change(stack, "cmr")
    with pytest.raises(LocalStackError, match="does not play box: it is of the kind sandbox"):
        change(stack, "box")
