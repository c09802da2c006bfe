"""Every request that was captured from a released SDK, replayed."""

import json
from pathlib import Path

import orjson
import pytest

from tests.conftest import SHARED

CAPTURES = sorted((SHARED / "captures").glob("*/*.json"))
KEPT = {"timestamp", "originalTimestamp", "receivedAt", "sentAt", "context", "integrations", "writeKey"}

pytestmark = pytest.mark.usefixtures("shared")


@pytest.fixture(
    params=CAPTURES or [None], ids=lambda path: f"{path.parent.name}/{path.stem}" if path else "none"
)
def capture(request, shared):
    if request.param is None:
        pytest.skip(f"there are no captures in {shared.name}")
    return json.loads(Path(request.param).read_text())


def replay(world, capture):
    """Sends a captured request as it was sent, by a gateway that leaves bytes alone."""
    headers = {name.lower(): value for name, value in capture["headers"]}
    body = b"" if capture["body"] is None else orjson.dumps(capture["body"])
    return world.send(
        body,
        method=capture["method"],
        path=capture["path"],
        query=capture["query"],
        headers=headers,
        user_agent=headers.get("user-agent", ""),
        key=None,
        packed=capture["encoding"] == "gzip",
    )


def list_events(capture):
    """The events of a request; every POST has some."""
    body = capture["body"]
    if capture["method"] != "POST":
        return []
    events = body.get("batch", [body])
    assert events
    return events


def test_it_is_answered_as_the_sdk_expects(world, capture):
    answer = replay(world, capture)
    if capture["method"] == "OPTIONS":
        assert answer.status == 204
    else:
        assert (answer.status, type(answer.json)) == (200, dict)


def test_no_event_of_it_is_blocked_and_none_is_lost(world, capture):
    replay(world, capture)
    assert world.blocked == {}
    assert [e["messageId"] for e in world.events] == [e["messageId"] for e in list_events(capture)]


def test_what_the_client_said_stays_as_it_was(world, capture):
    replay(world, capture)
    for sent, stored in zip(list_events(capture), world.events, strict=True):
        assert {name: stored[name] for name in sent.keys() - KEPT} == {
            name: sent[name] for name in sent.keys() - KEPT
        }
        assert stored["context"].items() >= (sent.get("context") or {}).items()
        assert "_sluice" not in stored


def test_its_events_keep_their_own_time(world, capture):
    replay(world, capture)
    for sent, stored in zip(list_events(capture), world.events, strict=True):
        assert stored["originalTimestamp"] == sent.get("originalTimestamp", sent.get("timestamp"))


def test_no_write_key_of_it_is_stored(world, capture):
    replay(world, capture)
    assert not any("wk_test" in body for body in world.bodies)


def test_a_browser_has_an_address_and_a_server_only_its_own(world, capture):
    replay(world, capture)
    is_browser = any(name.lower() == "origin" for name, _ in capture["headers"])
    stamped = "198.51.100.7" if is_browser else None
    for sent, stored in zip(list_events(capture), world.events, strict=True):
        assert stored["context"].get("ip") == (sent.get("context") or {}).get("ip", stamped)


def test_all_captures_are_replayed(shared):
    assert len(CAPTURES) >= 34
