"""How much a client may send, to the byte, and that too much costs little."""

import json
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from sluice.ingest.packer import Limits
from tests.builders import make_batch, make_event
from tests.unit.ingest import costly
from tests.unit.ingest.world import World

EVENT = make_event(messageId="m", timestamp="2026-11-22T00:00:00.000Z")


def fill(size):
    """An event that is so many bytes long once it is stored."""
    event = make_event(properties={"x": ""})
    [stored] = World().take(event)
    event["properties"]["x"] = "x" * (size - len(orjson.dumps(stored)))
    return event


def nest(depth, leaf=1, kind="object"):
    """Containers nested so many deep."""
    for _ in range(depth):
        leaf = {"x": leaf} if kind == "object" else [leaf]
    return leaf


def pad(size):
    """A valid body of so many bytes."""
    body = orjson.dumps(make_batch(padding=""))
    return body.replace(b'"padding":""', b'"padding":"%b"' % (b"x" * (size - len(body))))


@pytest.mark.parametrize("carry", [{}, {"encoded": True}, {"packed": True}])
@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)])
def test_a_request_may_have_so_many_bytes_unpacked(carry, over, status):
    world = World(limits=Limits(request_bytes=50_000))
    assert world.send(pad(50_000 + over).decode(), **carry).status == status


def test_ten_million_bytes_pass_by_default(world):
    assert world.send(pad(10_000_000), packed=True).status == 200


def test_bytes_are_counted_not_characters():
    world = World(limits=Limits(request_bytes=1000))
    assert world.send('{"batch":[{}],"x":"%s"}' % ("ü" * 600)).status == 413


@pytest.mark.parametrize(("count", "status"), [(2500, 200), (2501, 413), (200_000, 413)])
def test_a_request_may_have_so_many_events(world, count, status):
    assert world.send(make_batch(*[{}] * count)).status == status


@pytest.mark.parametrize("kind", ["object", "list"])
@pytest.mark.parametrize(("depth", "blocked"), [(64, {}), (65, {0: ["invalid_shape"]})])
def test_an_event_may_be_nested_so_deep(world, kind, depth, blocked):
    """The event and its properties are the first two."""
    world.take(make_event(properties={"x": nest(depth - 2, kind=kind)}))
    assert world.blocked == blocked


@pytest.mark.parametrize("depth", [65, 100, 253, 254, 255, 1000, 1022])
@pytest.mark.parametrize("kind", ["object", "list"])
@pytest.mark.parametrize("number", [b"1", b"NaN"])
def test_an_event_that_is_nested_too_deep_holds_nobody_up(world, depth, kind, number):
    start, end = (b'{"x":', b"}") if kind == "object" else (b"[", b"]")
    deep = b'{"userId":"u","type":"page","x":' + start * depth + number + end * depth + b"}"
    world.send(b'{"batch":[%b,%b]}' % (deep, orjson.dumps(EVENT)))
    assert world.blocked == {0: ["invalid_shape"]}


@pytest.mark.parametrize("depth", [70, 300, 900])
def test_a_context_of_the_batch_that_is_nested_too_deep_blocks_its_events(world, depth):
    context = b'{"x":' * depth + b"1" + b"}" * depth
    world.send(b'{"context":%b,"batch":[%b]}' % (context, orjson.dumps(EVENT)))
    assert world.blocked == {0: ["invalid_shape"]}


def test_an_event_with_its_own_in_place_of_what_is_too_deep_passes(world):
    context = b'{"x":' * 300 + b"1" + b"}" * 300
    world.send(b'{"context":%b,"batch":[%b]}' % (context, orjson.dumps({**EVENT, "context": {"x": 1}})))
    assert world.blocked == {}


def test_many_brackets_side_by_side_are_not_deep(world):
    world.take(make_event(properties={"x": [{"a": [1]}] * 500}))
    assert world.blocked == {}


@pytest.mark.parametrize(("over", "blocked"), [(0, {}), (1, {0: ["event_too_large"]})])
def test_an_event_may_be_so_large(world, over, blocked):
    world.take(fill(98_304 + over))
    assert world.blocked == blocked


def test_an_event_is_measured_with_what_its_batch_says(world):
    world.take(make_event(properties={"x": "x" * 60_000}), context={"y": "y" * 60_000})
    assert world.blocked == {0: ["event_too_large"]}


def test_of_an_event_that_is_too_large_ids_and_size_and_the_start_are_kept(world):
    event = fill(200_000)
    [stub] = world.take(event)
    assert {name: stub[name] for name in ("messageId", "type", "event", "userId")} == {
        name: event[name] for name in ("messageId", "type", "event", "userId")
    }
    assert stub["size"] == 200_000
    assert len(stub["excerpt"]) == 4096
    assert stub["excerpt"].startswith('{"type":"track","event":"Order Completed"')


def test_of_an_alias_that_is_too_large_both_ids_are_kept(world):
    [stub] = world.take(make_event(type="alias", previousId="before", extra="x" * 200_000))
    assert (stub["type"], stub["userId"], stub["previousId"]) == ("alias", make_event()["userId"], "before")


@pytest.mark.parametrize("name", ["messageId", "event", "userId", "anonymousId", "previousId"])
def test_no_id_makes_the_stub_large(world, name):
    [stub] = world.take(make_event(**{name: "ü" * 100_000}))
    assert len(orjson.dumps(stub)) < 12_000
    assert stub[name] == "ü" * 512


def test_an_event_that_breaks_a_rule_and_is_too_large_is_cut_too(world):
    [stub] = world.take(make_event(userId=None, properties={"x": "x" * 200_000}))
    assert world.blocked == {0: ["missing_identity"]}
    assert len(orjson.dumps(stub)) < 6000


def test_a_request_may_have_so_many_bytes_once_normalised():
    world = World(limits=Limits(normalised_bytes=20_000))
    body = make_batch(*[make_event(properties={"x": "x" * 1000})] * 20)
    assert (world.send(body).status, world.bodies) == (413, [])


def grow(events, shared):
    """A batch that grows by its context, which each event gets."""
    return {**make_batch(*[make_event()] * events), "context": {"x": "x" * shared}}


@pytest.mark.parametrize(
    ("events", "shared", "status"),
    [(2500, 8_000, 413), (1000, 100_000, 413), (400, 4_000, 413), (200, 4_000, 200), (2500, 2_000, 200)],
)
def test_a_request_may_become_a_multiple_of_its_own_size(world, events, shared, status):
    """1.6 MB of 61 KB are too much; 0.8 MB of 33 KB are under the floor, 5.7 MB of 375 KB under 20 times."""
    assert world.send(grow(events, shared), packed=True).status == status
    assert bool(world.bodies) == (status == 200)


def test_the_shared_integrations_grow_a_request_too(world):
    body = {**make_batch(*[make_event()] * 500), "integrations": {"x" * 4_000: True}}
    assert (world.send(body).status, world.bodies) == (413, [])


def test_what_the_request_itself_stamps_on_each_event_counts(world):
    body = make_batch(*[{}] * 2500)
    assert world.send(body, user_agent="Mozilla/" + "x" * 500).status == 413
    assert world.send(body, user_agent="Mozilla/5.0").status == 200


def test_the_reasons_that_travel_with_blocked_events_count():
    body, roomy = make_batch(*[{"messageId": "m"}] * 300), World()
    roomy.send(body)
    stored = sum(len(text) for text in roomy.bodies)
    tight = World(limits=Limits(normalised_bytes=stored - 2000))
    assert (tight.send(body).status, tight.bodies) == (413, [])


@pytest.mark.parametrize(("events", "context"), [(1, 9_000), (100, 9_000), (20, 48_000), (2500, 100)])
def test_honest_batches_pass(world, events, context):
    assert world.send(grow(events, context)).status == 200


def test_a_pixel_may_become_what_any_request_may(world):
    query = {"userId": "u", "event": "Opened"}
    assert world.send(method="GET", path="/pixel/v1/track", query=query).status == 200


@pytest.fixture(scope="module")
def costs():
    """What the costly bodies cost: by name the status and the CPU seconds; last the peak of memory in MB."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.unit.ingest.costly"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {name: (status, seconds) for name, status, seconds, _ in lines}, lines[-1][3]


@pytest.mark.parametrize(
    "name", [name for name in costly.BODIES if "context" in name or "integrations" in name]
)
def test_what_a_batch_says_of_all_is_not_multiplied(costs, name):
    status, seconds = costs[0][name]
    assert status == 413
    assert seconds < 10  # of CPU; what multiplies takes minutes


@pytest.mark.parametrize("name", costly.BODIES)
def test_no_body_takes_long_or_is_our_fault(costs, name):
    status, seconds = costs[0][name]
    assert status in {200, 400, 413}
    assert seconds < 30  # of CPU; two are usual, and what multiplies takes minutes


def test_no_body_needs_more_memory_than_the_function_has(costs):
    """Of its 512 MB, Python and the AWS SDK take 110."""
    assert costs[1] < 350
