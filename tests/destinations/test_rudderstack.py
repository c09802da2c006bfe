"""Events through delivery to a server that plays RudderStack's gateway: its key, its checks, its answers."""

import re
from base64 import b64encode
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from sluice.adapters.http import HttpTransport
from sluice.destinations.declaration import Batch
from sluice.destinations.rudderstack import MAX_BODY, RudderstackSettings, build
from sluice.packs import Item
from sluice.workspace.compile import Workspace, compile_workspace, find_problems
from sluice.workspace.models import Destination, Source, Sync
from tests.fakes.vendor_server import run_server
from tests.unit.delivery.world import World, make_event, make_pack

KEY = "2abcWriteKey"
SETTINGS = {"data_plane_url": "https://rudder.example", "write_key": {"secret": "ssm:key"}}
TYPES = [{"type": "track"}, {"type": "identify"}]


def play_gateway(sock, request):
    """401 for another key, 404 for a disabled source, 400 for a batch with one call that it cannot read."""
    head, _, body = request.partition(b"\r\n\r\n")
    key = b"authorization: Basic " + b64encode(f"{KEY}:".encode())
    calls = orjson.loads(body)["batch"]
    known = all(call.get("userId") or call.get("anonymousId") for call in calls)
    known = known and not any(call.get("event") == "Unreadable" for call in calls)
    status = 401 if key.lower() not in head.lower() else 200 if known else 400
    status = 404 if any(call.get("event") == "Disabled" for call in calls) else status
    sock.sendall(b"HTTP/1.1 %d Said\r\nContent-Length: 2\r\n\r\nOK" % status)


@contextmanager
def run_rudderstack(event_types=TYPES, *, key=KEY):
    """A sync to a gateway on loopback, with its defaults as the compiled workspace has them."""
    with run_server(play_gateway) as server:
        settings = {**SETTINGS, "data_plane_url": server.url("")}
        compiled = compile_workspace(
            Workspace(
                sources={"web": Source()},
                destinations={"crm": Destination(kind="rudderstack", settings=settings)},
                syncs={"crm": Sync(source="web", destination="crm", event_types=event_types)},
            )
        )
        world = World(compiled, vendor=HttpTransport(allow_private=True))
        world.secrets.secrets["ssm:key"] = key
        yield world, server


def read_calls(server):
    return [call for raw in server.requests for call in orjson.loads(raw.partition(b"\r\n\r\n")[2])["batch"]]


@pytest.mark.enable_socket
def test_a_track_event_is_a_track_call_with_its_message_id():
    event = make_event(
        1,
        properties={"total": 12.5},
        context={"ip": "203.0.113.9"},
        timestamp="2026-11-22T01:02:03.456Z",
        receivedAt="2026-11-22T01:02:04.000Z",
    )
    with run_rudderstack() as (world, server):
        report = world.run(make_pack(event, type="track"))
    assert report.delivered == 1
    assert server.requests[0].startswith(b"POST /v1/batch HTTP/1.1\r\n")
    assert read_calls(server) == [
        {
            "type": "track",
            "event": "Order Completed",
            "messageId": "m-1",
            "userId": "u-1",
            "timestamp": "2026-11-22T01:02:03.456Z",
            "properties": {"total": 12.5},
            "context": {"ip": "203.0.113.9"},
        }
    ]


@pytest.mark.enable_socket
def test_an_identify_event_brings_the_traits_of_a_visitor_who_is_not_known():
    event = {"type": "identify", "messageId": "m-1", "anonymousId": "a-1", "traits": {"plan": "pro"}}
    with run_rudderstack() as (world, server):
        report = world.run(make_pack(event, type="identify"))
    assert report.delivered == 1
    assert read_calls(server) == [event]


@pytest.mark.enable_socket
def test_events_share_a_request_and_one_without_identity_does_not_spoil_it():
    nobody = {**make_event(2), "userId": " "}
    with run_rudderstack() as (world, server):
        report = world.run(make_pack(make_event(1), nobody, make_event(3), type="track"))
    assert (report.delivered, report.dead) == (2, Counter(missing_required_field=1))
    assert [call["messageId"] for call in read_calls(server)] == ["m-1", "m-3"]
    assert len(server.requests) == 1
    assert "'userId' or 'anonymousId'" in world.letters[0]["detail"]


@pytest.mark.enable_socket
def test_one_call_that_rudderstack_cannot_read_costs_no_other_one():
    with run_rudderstack() as (world, server):
        events = [make_event(n, event="Unreadable" if n == 41 else "Viewed") for n in range(100)]
        report = world.run(make_pack(*events, type="track"))
    assert (report.delivered, report.dead) == (99, Counter(rejected=1))
    [letter] = world.letters
    assert [call["messageId"] for call in orjson.loads(letter["request"]["body"])["batch"]] == ["m-41"]
    assert len(server.requests) <= 15


@pytest.mark.enable_socket
def test_a_source_that_is_disabled_is_asked_once():
    with run_rudderstack() as (world, server):
        report = world.run(make_pack(*(make_event(n, event="Disabled") for n in range(10)), type="track"))
    assert (report.dead, len(server.requests)) == (Counter(rejected=10), 1)


@pytest.mark.enable_socket
def test_a_key_that_is_refused_waits_and_is_not_shown():
    with run_rudderstack(key="an-old-key") as (world, _server):
        report = world.run(make_pack(type="track"))
    assert (report.delivered, len(world.waiting)) == (0, 1)
    written = orjson.dumps(world.waiting_packs).decode()
    assert "an-old-key" not in written
    assert b64encode(b"an-old-key:").decode() not in written


@pytest.mark.enable_socket
def test_a_sync_may_change_single_fields_of_the_defaults():
    own = {"extends": "defaults", "event": {"value": "Bought"}, "userId": "omit", "context": "omit"}
    with run_rudderstack([{"type": "track", "mappings": own}]) as (world, server):
        world.run(make_pack(make_event(1, anonymousId="a-1", context={"ip": "x"}), type="track"))
    assert read_calls(server) == [
        {"type": "track", "event": "Bought", "anonymousId": "a-1", "messageId": "m-1"}
    ]


def build_all(payloads, *, max_items=100):
    entries = [(Item("track", {"messageId": f"m-{n}"}), payload) for n, payload in enumerate(payloads)]
    return list(build(RudderstackSettings.model_validate(SETTINGS), Batch("crm", 1, max_items, entries)))


def test_the_message_id_is_kept_where_the_mapping_gives_none():
    [request] = build_all([{"event": "a"}, {"event": "b", "messageId": "own"}, {"messageId": None}])
    assert [call["messageId"] for call in orjson.loads(request.body)["batch"]] == ["m-0", "own", "m-2"]


def test_a_call_has_no_null_and_the_type_of_its_event_type():
    [request] = build_all([{"event": "a", "userId": None, "anonymousId": "a-1", "type": "page"}])
    [call] = orjson.loads(request.body)["batch"]
    assert call == {"type": "track", "event": "a", "anonymousId": "a-1", "messageId": "m-0"}


def test_requests_end_at_the_batch_size_and_at_what_rudderstack_takes():
    assert [len(request.entries) for request in build_all([{}] * 5, max_items=2)] == [2, 2, 1]
    large = build_all([{"event": "x" * 1_500_000}] * 4)
    assert [len(request.entries) for request in large] == [2, 2]
    assert all(len(request.body) <= MAX_BODY for request in large)


def test_a_data_plane_url_may_end_in_a_slash_or_have_a_path():
    entries = [(Item("track", {}), {})]
    for given in ("https://rudder.example/in", "https://rudder.example/in/"):
        settings = RudderstackSettings.model_validate({**SETTINGS, "data_plane_url": given})
        [request] = build(settings, Batch("crm", 1, 1, entries))
        assert request.url == "https://rudder.example/in/v1/batch"


@pytest.mark.parametrize(
    "wrong",
    [
        {"data_plane_url": "ftp://rudder.example"},
        {"data_plane_url": "https://rudder.example/?a=b"},
        {"write_key": "in-the-open"},
        {"write_key": {"secret": "ssm:key", "format": "Basic {}"}},
        {"batch_size": 0},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValidationError):
        RudderstackSettings.model_validate({**SETTINGS, **wrong})


def read_examples(name):
    """The YAML blocks of a page."""
    text = (Path(__file__).parents[2] / "docs" / name).read_text()
    return [YAML(typ="safe").load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)]


def test_the_examples_of_the_page_pass_the_check():
    destination, sync, twice = read_examples("destinations/rudderstack.md")
    of_syncs = next(
        tree for tree in read_examples("syncs.md") if "event_types" in tree and "source" not in tree
    )
    syncs = {"a": sync, "b": {**sync, **twice}, "c": {**sync, **of_syncs}}
    workspace = Workspace(
        sources={"web": Source()},
        destinations={"rudderstack": Destination.model_validate(destination)},
        syncs={slug: Sync.model_validate(tree) for slug, tree in syncs.items()},
    )
    assert find_problems(workspace) == []
