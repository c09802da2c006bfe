"""What a source may send in a minute: over all containers, at what cost, and what its client is told."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from sluice.ingest.quota import Quota, QuotaExceeded, Quotas
from tests.builders import make_batch, make_event
from tests.fakes.counters import FakeCounters
from tests.unit.ingest.world import NOW, World

CONTAINERS = 50
WRITE, READ = 0.625, 0.125  # $ per million, on demand in us-east-1
MOST = 0.05  # $ per million events


@dataclass
class Fleet:
    """Containers with one table and one clock; `send` gives a request to one of them."""

    quota: Quota
    size: int = CONTAINERS
    now: float = NOW
    counters: FakeCounters = field(default_factory=FakeCounters)
    accepted: int = 0
    sent: int = 0

    def __post_init__(self) -> None:
        self.containers = [
            Quotas({"web": self.quota}, self.counters, clock=lambda: self.now) for _ in range(self.size)
        ]

    def send(self, container: int, events: int, size: int = 0) -> bool:
        self.sent += events
        try:
            self.containers[container].check("web")
            self.containers[container].take("web", events, size)
        except QuotaExceeded:
            return False
        self.accepted += events
        return True

    def run_minute(self, offered: int, per_request: int, pick: Callable[[], int]) -> int:
        """What is accepted of so many events, evenly over a minute; then the next one begins."""
        before, requests = self.accepted, offered // per_request
        start = self.now
        for n in range(requests):
            self.now = start + 60 * n / requests
            self.send(pick(), per_request)
        self.now = start + 60
        return self.accepted - before

    @property
    def cost(self) -> float:
        """$ per million events sent."""
        dollars = self.counters.writes * WRITE + self.counters.reads * READ
        return dollars / self.sent


def evenly(draw: random.Random) -> Callable[[], int]:
    return lambda: draw.randrange(CONTAINERS)


def mostly_one(draw: random.Random) -> Callable[[], int]:
    return lambda: 0 if draw.random() < 0.9 else draw.randrange(CONTAINERS)


def few_then_rest(draw: random.Random) -> Callable[[], int]:
    return lambda: min(int(draw.paretovariate(0.7)) - 1, CONTAINERS - 1)


LOADS = [evenly, mostly_one, few_then_rest]


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize(
    ("quota", "per_request"),
    [(1_000, 1), (1_000, 20), (10_000, 1), (10_000, 20), (10_000, 100), (200_000, 20)],
)
def test_fifty_containers_keep_a_quota_within_a_fifth(load, quota, per_request):
    """Also in the second minute, in which they know how many they are, and at five times the quota."""
    fleet, pick = Fleet(Quota(events=quota)), load(random.Random(7))
    for times in (2, 2, 5):
        accepted = fleet.run_minute(times * quota, per_request, pick)
        assert quota <= accepted <= 1.2 * quota


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize(
    ("quota", "per_request", "containers"),
    [(1_000, 20, 50), (10_000, 20, 50), (100_000, 20, 50), (6_000, 1, 50), (1_500, 1, 5), (700, 1, 1)],
)
@pytest.mark.parametrize("used", [0.3, 0.95, 2])
def test_keeping_a_quota_costs_at_most_5_cents_per_million_events(load, quota, per_request, containers, used):
    """Requests of 20 events at any quota; those of one event with as many containers as they keep busy."""
    fleet, pick = Fleet(Quota(events=quota)), load(random.Random(7))
    for _ in range(30 if quota <= 2_000 else 4):
        fleet.run_minute(int(used * quota), per_request, lambda: pick() % containers)
    assert fleet.cost <= MOST


@pytest.mark.parametrize(("quota", "per_request"), [(1_000, 20), (6_000, 1), (60_000, 5)])
def test_the_first_minute_costs_no_more(quota, per_request):
    fleet = Fleet(Quota(events=quota))
    fleet.run_minute(2 * quota, per_request, evenly(random.Random(7)))
    assert fleet.cost <= MOST


@pytest.mark.parametrize("load", LOADS)
def test_a_source_that_stays_under_its_quota_is_never_refused(load):
    fleet, pick = Fleet(Quota(events=10_000)), load(random.Random(7))
    assert [fleet.run_minute(9_980, 20, pick) for _ in range(3)] == [9_980] * 3


def test_containers_that_start_together_after_a_quiet_minute_keep_the_quota():
    """The one that was alone thinks that the quota is nearly its own; the others know better."""
    fleet, draw = Fleet(Quota(events=10_000)), random.Random(7)
    fleet.run_minute(5_000, 1, lambda: 0)
    assert 10_000 <= fleet.run_minute(30_000, 1, evenly(draw)) <= 12_000


def test_bytes_are_limited_as_events_are():
    fleet, draw = Fleet(Quota(bytes=1_000_000)), random.Random(7)
    accepted = sum(fleet.send(draw.randrange(CONTAINERS), 20, 2_000) for _ in range(2_000))
    assert 1_000_000 <= accepted * 2_000 <= 1_200_000


@pytest.mark.parametrize("quota", [Quota(events=100, bytes=10**9), Quota(events=10**9, bytes=10_000)])
def test_of_two_limits_the_first_that_is_reached_counts(quota):
    fleet = Fleet(quota, size=1)
    assert [fleet.send(0, 50, 5_000) for _ in range(3)] == [True, True, False]


def test_the_request_that_reaches_the_quota_is_accepted_whole():
    """Else a request that is larger than the quota could never pass."""
    fleet = Fleet(Quota(events=10), size=1)
    assert [fleet.send(0, 500), fleet.send(0, 1)] == [True, False]


def test_once_the_quota_is_used_up_a_refusal_costs_nothing():
    fleet = Fleet(Quota(events=10), size=1)
    fleet.send(0, 10)
    before = fleet.counters.writes
    assert not any(fleet.send(0, 1) for _ in range(100))
    assert fleet.counters.writes == before


def test_the_next_minute_begins_with_a_whole_quota():
    fleet = Fleet(Quota(events=10), size=1, now=NOW + 59.9)
    assert [fleet.send(0, 10), fleet.send(0, 10)] == [True, False]
    fleet.now = NOW + 60
    assert fleet.send(0, 10)


@pytest.mark.parametrize(("second", "after"), [(0, 60), (0.4, 60), (30, 30), (59.2, 1), (59.999, 1)])
def test_a_refusal_says_when_the_next_minute_begins(second, after):
    fleet = Fleet(Quota(events=1), size=1, now=NOW + second)
    fleet.send(0, 1)
    with pytest.raises(QuotaExceeded) as refused:
        fleet.containers[0].check("web")
    assert (refused.value.status, refused.value.after) == (429, after)


def test_sources_do_not_use_up_each_others_quotas():
    counters = FakeCounters()
    quotas = Quotas({"web": Quota(events=1), "app": Quota(events=1)}, counters, clock=lambda: NOW)
    assert quotas.take("web", 1, 1)
    assert quotas.take("app", 1, 1)


def test_a_source_without_a_quota_is_not_counted():
    fleet = Fleet(Quota(events=1), size=1)
    assert all(fleet.containers[0].take("other", 1_000, 10**6) for _ in range(100))
    assert fleet.counters.writes == 0


def test_without_the_table_requests_pass_and_it_is_seldom_asked():
    fleet = Fleet(Quota(events=1), size=1)
    fleet.counters.fails = True
    quotas = fleet.containers[0]
    assert [quotas.take("web", 1, 1) for _ in range(50)] == [False] * 50
    assert fleet.counters.writes == 1
    fleet.now += 5
    quotas.take("web", 1, 1)
    assert fleet.counters.writes == 2


def test_once_the_table_answers_again_the_quota_is_kept():
    fleet = Fleet(Quota(events=10), size=1)
    fleet.counters.fails = True
    fleet.send(0, 500)
    fleet.counters.fails = False
    fleet.now += 5
    assert [fleet.send(0, 10), fleet.send(0, 1)] == [True, False]


def send_all(world: World, times: int, **over: object) -> Sequence[int]:
    return [world.send(make_batch(*[make_event()] * 5), **over).status for _ in range(times)]


@pytest.mark.parametrize("place", [{}, {"key": None, "query": {"writeKey": "wk_test"}}])
def test_a_client_above_the_quota_is_asked_to_come_again(place):
    world = World(quotas={"web": Quota(events=10)}, now=NOW + 20)
    assert send_all(world, 3, **place) == [200, 200, 429]
    answer = world.send(**place)
    assert (answer.headers["Retry-After"], answer.json["code"]) == ("40", "quota_exceeded")
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert len(world.events) == 10


def test_a_key_in_the_body_is_limited_too():
    world = World(quotas={"web": Quota(events=1)})
    body = {**make_batch(), "writeKey": "wk_test"}
    assert [world.send(body, key=None).status for _ in range(2)] == [200, 429]


def test_another_source_is_not_refused():
    world = World(quotas={"web": Quota(events=5)})
    assert send_all(world, 2) == [200, 429]
    assert send_all(world, 2, key="wk_shop") == [200, 200]


@pytest.mark.parametrize("body", [b"{", {"batch": []}, b"\x1f\x8bno gzip"])
def test_while_the_quota_is_used_up_a_body_is_not_even_read(body):
    world = World(quotas={"web": Quota(events=1)})
    world.send()
    assert world.send(body).status == 429


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), ({"batch": []}, 400), (make_batch(*[{}] * 2501), 413)]
)
def test_a_request_that_is_refused_is_not_counted(body, status):
    world = World(quotas={"web": Quota(events=5)})
    assert world.send(body).status == status
    assert send_all(world, 1) == [200]
    assert [row["events"] for row in world.counters.rows.values()] == [5]


def test_bytes_are_those_of_the_body_once_unpacked():
    body = make_batch(make_event(properties={"x": "x" * 5_000}))
    world = World(quotas={"web": Quota(bytes=10_000)})
    assert [world.send(body, packed=True).status for _ in range(3)] == [200, 200, 429]


def test_a_pixel_above_the_quota_is_still_an_image():
    world = World(quotas={"web": Quota(events=1)})
    get = {"method": "GET", "path": "/pixel/v1/page", "query": "userId=u-1"}
    assert [world.send(**get).status for _ in range(2)] == [200, 429]
    answer = world.send(**get)
    assert (answer.data[:6], answer.headers["Retry-After"]) == (b"GIF89a", "60")


def test_settings_and_preflights_have_no_quota():
    world = World(quotas={"web": Quota(events=1)})
    world.send()
    assert world.send(method="GET", path="/v1/projects/wk_test/settings", key=None).status == 200
    assert world.send(b"", method="OPTIONS").status == 204


def test_without_the_table_events_are_stored():
    world = World(quotas={"web": Quota(events=1)})
    world.counters.fails = True
    assert send_all(world, 3) == [200, 200, 200]
    assert len(world.events) == 15
