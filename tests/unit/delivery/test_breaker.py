"""The breaker as several containers see it: one row, a clock, no threads."""

from dataclasses import dataclass, field

import pytest

from sluice.delivery.breaker import Breaker, Pause, find_wait
from sluice.errors import AuthRejected, GiveUp, RetryLater
from sluice.reasons import Reason
from tests.fakes.pauses import FakePauses

NOW = 1_800_000_000.0
DOWN = RetryLater(Reason.SERVER_ERROR, "HTTP 503", status=503)


@dataclass
class Containers:
    """Breakers over one row. `start` is what a run asks before its first call."""

    now: float = NOW
    row: FakePauses = field(default_factory=FakePauses)

    def make(self):
        return Breaker(self.row, now=lambda: self.now, lease=30)

    def open(self, breaker, *, calls=5, verdict=DOWN):
        start(breaker)
        for _ in range(calls):
            breaker.note(verdict)

    def wait(self, seconds):
        self.now += seconds


def start(breaker):
    return breaker.look() or breaker.enter()


@pytest.fixture
def world():
    return Containers()


def test_four_failures_keep_it_closed_and_the_fifth_opens_it(world):
    breaker = world.make()
    world.open(breaker, calls=4)
    assert (breaker.find_pause(), breaker.is_open) == (None, False)
    breaker.note(DOWN)
    assert breaker.find_pause() == Pause(NOW, NOW + 30, Reason.SERVER_ERROR, 5, 30)
    assert world.row.row == breaker.find_pause()


@pytest.mark.parametrize(
    "verdict",
    [None, GiveUp(Reason.REJECTED), [DOWN, None], [GiveUp(Reason.REJECTED), DOWN], []],
    ids=["taken", "refused for good", "half taken", "half refused", "of nothing"],
)
def test_an_answer_that_is_more_than_not_now_begins_the_count_anew(world, verdict):
    breaker = world.make()
    world.open(breaker, calls=4)
    breaker.note(verdict)
    world.open(breaker, calls=4)
    assert not breaker.is_open


def test_a_batch_of_which_every_item_waits_is_a_failing_call(world):
    breaker = world.make()
    world.open(breaker, verdict=[DOWN, DOWN])
    assert breaker.is_open


def test_credentials_that_are_refused_open_it_at_once(world):
    breaker = world.make()
    world.open(breaker, calls=1, verdict=AuthRejected(Reason.AUTH_REJECTED))
    assert breaker.find_pause().reason is Reason.AUTH_REJECTED


@pytest.mark.parametrize(("asked", "pause"), [(None, 30), (10, 30), (120, 120), (86_400, 900)])
def test_a_pause_is_at_least_what_the_destination_asked_for(world, asked, pause):
    breaker = world.make()
    world.open(breaker, verdict=RetryLater(Reason.RATE_LIMITED, after=asked))
    assert breaker.find_pause().until == NOW + pause


def test_while_it_is_open_no_container_calls(world):
    world.open(world.make())
    other = world.make()
    world.wait(29)
    assert start(other).until == NOW + 30


def test_a_container_learns_within_five_seconds_and_reads_no_more_often(world):
    other = world.make()
    assert start(other) is None
    world.open(world.make())
    reads = world.row.reads
    world.wait(4)
    assert (start(other), world.row.reads) == (None, reads)
    world.wait(1)
    assert start(other)
    assert world.row.reads == reads + 1


def test_of_all_containers_one_probes_and_the_others_come_back_in_seconds(world):
    breakers = [world.make() for _ in range(4)]
    world.open(breakers[0])
    for breaker in breakers:
        start(breaker)
    world.wait(30)
    answers = [start(breaker) for breaker in breakers]
    assert [breaker.probing for breaker in breakers].count(True) == 1
    for breaker, pause in zip(breakers, answers, strict=True):
        if not breaker.probing:
            assert 0 < find_wait(pause, now=world.now, draw=0.5) <= 10
            assert breaker.find_pause() is not None


def test_a_probe_that_is_taken_closes_it_for_all(world):
    breaker, other = world.make(), world.make()
    world.open(breaker)
    start(other)
    world.wait(30)
    assert (start(breaker), breaker.probing) == (None, True)
    breaker.note(None)
    assert (breaker.is_open, breaker.probing, world.row.row) == (False, False, None)
    world.wait(5)
    assert (start(other), other.probing, other.is_open) == (None, False, False)


def test_pauses_double_from_30_s_to_5_min_while_probes_fail(world):
    breaker = world.make()
    world.open(breaker)
    pauses = [breaker.find_pause().until - world.now]
    for _ in range(5):
        world.wait(pauses[-1])
        assert start(breaker) is None
        breaker.note(DOWN)
        pauses.append(breaker.find_pause().until - world.now)
    assert pauses == [30, 60, 120, 240, 300, 300]
    assert (breaker.find_pause().failures, breaker.find_pause().opened_at) == (10, NOW)


def test_a_container_that_dies_probing_is_followed_by_another(world):
    breaker, other = world.make(), world.make()
    world.open(breaker)
    world.wait(30)
    start(breaker)
    world.wait(29)
    assert start(other).probing
    world.wait(5)
    assert (start(other), other.probing) == (None, True)


def test_a_probe_for_which_there_was_no_time_is_made_in_the_next_run(world):
    breaker = world.make()
    world.open(breaker)
    world.wait(30)
    start(breaker)
    world.wait(3)
    assert (start(breaker), breaker.probing) == (None, True)


def test_who_lost_its_lease_closes_nobody_elses_pause(world):
    breaker, other = world.make(), world.make()
    world.open(breaker)
    world.wait(30)
    start(breaker)
    world.wait(31)
    start(other)
    other.note(DOWN)
    kept = world.row.row
    breaker.note(None)
    assert world.row.row == kept


def test_of_two_that_open_it_at_once_one_row_stays_and_both_stop(world):
    breaker, other = world.make(), world.make()
    start(breaker), start(other)
    world.open(breaker)
    kept = world.row.row
    world.wait(1)
    world.open(other)
    assert world.row.row == kept
    assert other.is_open
    world.wait(1)
    assert start(other) == kept


def test_after_others_closed_it_old_failures_count_no_more(world):
    breaker, other = world.make(), world.make()
    world.open(breaker)
    world.wait(30)
    start(other)
    other.note(None)
    world.wait(5)
    world.open(breaker, calls=4)
    assert not breaker.is_open


def test_trouble_with_the_row_never_stops_delivery(world):
    world.row.broken = True
    breaker = world.make()
    world.open(breaker)
    assert breaker.is_open  # by its own five calls
    world.wait(5)
    assert start(breaker) is None


@pytest.mark.parametrize(("draw", "wait"), [(0.0, 20), (0.5, 23.75), (0.999, 27.4925)])
def test_waiting_packs_come_back_spread_over_a_quarter_of_the_pause(draw, wait):
    pause = Pause(NOW, NOW + 30, Reason.TIMEOUT, 5, 30)
    assert find_wait(pause, now=NOW + 10, draw=draw) == pytest.approx(wait)
