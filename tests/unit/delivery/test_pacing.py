from concurrent.futures import Future
from dataclasses import dataclass, replace

import pytest

from sluice.delivery.auth import Auth
from sluice.delivery.breaker import Breaker
from sluice.delivery.budget import TimeBudget
from sluice.delivery.calls import Caller
from sluice.delivery.pacing import Pacer
from sluice.delivery.pack_work import PackWork, prepare_requests
from sluice.delivery.sync import compile_sync
from sluice.messages import Message
from sluice.packs import parse_sync_pack
from tests.unit.delivery.world import NOW, World, ids_of, make_event, make_pack, make_workspace


class Clock:
    def __init__(self):
        self.now, self.slept = NOW, []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def pacer(self, rate):
        return Pacer(rate, now=lambda: self.now, sleep=self.sleep)


def make_paced(rate, **over):
    """A world in which one container may make `rate` calls a second."""
    over = {"rate_limit": rate * 2, "max_concurrency": 2, "concurrency": 4, **over}
    return World(make_workspace(**over))


def test_without_a_limit_nobody_waits():
    clock = Clock()
    pacer = clock.pacer(None)
    assert [pacer.take_turn() for _ in range(100)] == [0.0] * 100
    assert clock.slept == []


def test_turns_are_evenly_spaced():
    clock = Clock()
    pacer = clock.pacer(4)
    assert [pacer.take_turn() for _ in range(4)] == [0.0] * 4
    assert clock.slept == [0.25, 0.25, 0.25]


def test_time_that_passed_is_not_saved_up():
    clock = Clock()
    pacer = clock.pacer(4)
    pacer.take_turn()
    clock.now += 60
    pacer.take_turn()
    pacer.take_turn()
    assert clock.slept == [0.25]


def test_a_turn_that_is_over_a_second_away_is_not_waited_for():
    clock = Clock()
    pacer = clock.pacer(0.1)
    assert pacer.take_turn() == 0.0
    clock.now += 4
    assert (pacer.take_turn(), pacer.take_turn()) == (6.0, 6.0)
    clock.now += 6
    assert pacer.take_turn() == 0.0
    assert clock.slept == []


def test_a_clock_that_is_set_back_stops_nothing_for_long():
    clock = Clock()
    pacer = clock.pacer(2)
    pacer.take_turn()
    clock.now -= 3600
    assert pacer.take_turn() == 0.0
    assert clock.slept == [0.5]


def test_no_more_threads_wait_in_line_than_calls_can_be_under_way():
    assert Clock().pacer(None).count_useful(64, 10) == 64
    assert Clock().pacer(1).count_useful(64, 10) == 10
    assert Clock().pacer(100).count_useful(64, 10) == 64
    assert Clock().pacer(0.01).count_useful(64, 10) == 1
    assert Clock().pacer(1).count_useful(64, 2.5) == 3


@dataclass
class CountingPool:
    """Counts the helpers that are asked for, and does none of their work."""

    helpers: int = 0

    def submit(self, _work, *_args):
        self.helpers += 1
        done = Future()
        done.set_result(None)
        return done


@pytest.mark.parametrize(
    ("rate", "concurrency", "calls", "parallel"),
    [
        (None, 8, 20, 8),  # without a limit: as many as the sync allows
        (None, 8, 3, 3),  # … but no more than there are calls
        (100, 8, 20, 8),
        (0.5, 8, 20, 5),  # 10 s for a call to start: 5 turns come in that time
        (0.2, 8, 20, 2),
        (0.01, 8, 20, 1),
    ],
)
def test_a_run_uses_no_more_threads_than_turns_come_while_a_call_may_start(
    rate, concurrency, calls, parallel
):
    world = World(make_workspace(concurrency=concurrency))
    sync, pool = compile_sync(world.workspace, "crm"), CountingPool()
    breaker = Breaker(world.pauses, now=lambda: world.now, lease=30)
    pacer = Pacer(rate, now=lambda: world.now, sleep=world.sleep)
    work = PackWork(Message("m1", "r1", 1, ""), parse_sync_pack(make_pack(*map(make_event, range(calls)))))
    send, auth = world.vendor, Auth(sync.auth, world.secrets)
    auth.open()
    budget = TimeBudget(start=20, settle=10)
    caller = Caller(sync, send, auth, breaker, pacer, lambda: world.now, lambda: world.left, budget)
    caller.make_calls([(work, request) for request in prepare_requests(sync, work)], pool)
    assert pool.helpers + 1 == parallel


def test_waiting_for_turns_leaves_the_time_to_write_down_what_became_of_all():
    world = make_paced(1, concurrency=64)

    def sleep(seconds):
        world.left -= seconds
        world.now += seconds

    world.ports = replace(world.ports, outside=replace(world.ports.outside, sleep=sleep))
    report = world.run(make_pack(*(make_event(n) for n in range(200))))
    assert report.delivered + report.postponed == 200
    assert report.delivered >= 40
    assert world.left >= 9


def test_a_syncs_limit_is_divided_by_its_containers():
    assert compile_sync(make_workspace(rate_limit=5, max_concurrency=10), "crm").rate == 0.5
    assert compile_sync(make_workspace(rate_limit=None, max_concurrency=10), "crm").rate is None


def test_a_run_keeps_to_the_limit_with_all_its_threads():
    world = make_paced(10)
    report = world.run(make_pack(*(make_event(n) for n in range(31))))
    assert (report.delivered, report.postponed) == (31, 0)
    assert sum(world.slept) >= 29 * 0.1
    assert max(world.slept) <= 0.1 + 1e-6


def test_what_must_wait_longer_goes_back_each_with_its_place_in_line():
    world = make_paced(0.1, concurrency=1)
    report = world.run(make_pack(*(make_event(n) for n in range(4)), attempt=3))
    assert (report.delivered, report.postponed, report.retried) == (1, 3, 0)
    assert [(ids_of(pack), pack["attempt"], pack["first_attempt_at"]) for pack in world.waiting_packs] == [
        ([f"m-{n}"], 3, None) for n in (1, 2, 3)
    ]
    assert [message.visible_at - NOW for message in world.waiting] == [10, 20, 30]
    assert world.slept == []


def test_who_stands_far_back_waits_as_long_as_sqs_can_delay_in_one_pack():
    world = make_paced(0.01, concurrency=1)
    world.run(make_pack(*(make_event(n) for n in range(20))))
    waits = [message.visible_at - NOW for message in world.waiting]
    assert waits == [100, 200, 300, 400, 500, 600, 700, 800, 900]
    assert len(world.waiting_packs[-1]["items"]) == 11


def test_a_backlog_is_worked_off_at_the_rate():
    world = make_paced(0.5, concurrency=1)
    world.queues.visibility = 10
    delivery = world.build()
    world.queues.send("https://sqs/stack-Crm", [make_pack(*(make_event(n) for n in range(30)))])
    while world.waiting:
        world.poll(delivery)
        world.now = max(world.now + 0.5, min((m.visible_at for m in world.waiting), default=0))
    assert len(world.vendor.took) == 30
    assert 58 <= world.now - NOW <= 90
