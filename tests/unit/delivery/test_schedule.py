from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.delivery.schedule import LONGEST_DELAY, Schedule, next_delay, queue_delay

schedules = st.builds(
    Schedule,
    window=st.floats(0, 100_000),
    first=st.floats(1, 3600),
    longest=st.floats(1, 43_200),
    attempts=st.none() | st.integers(1, 50),
)
draws = st.floats(0, 1, exclude_max=True)
afters = st.none() | st.floats(0, allow_infinity=True)


@settings(deadline=None)
@given(schedules, st.integers(1, 10_000), st.floats(0, 100_000), draws, afters)
def test_a_wait_never_leaves_the_window(schedule, attempt, waited, draw, after):
    delay = next_delay(schedule, attempt=attempt, waited=waited, draw=draw, after=after)
    if waited >= schedule.window or (schedule.attempts and attempt >= schedule.attempts):
        assert delay is None
    else:
        assert delay is not None
        assert 0 < delay <= schedule.window - waited


@settings(deadline=None)
@given(schedules, st.integers(1, 10_000), draws, st.floats(0, 100_000))
def test_what_the_destination_asked_for_is_kept_where_the_window_allows(schedule, attempt, draw, after):
    delay = next_delay(schedule, attempt=attempt, waited=0, draw=draw, after=after)
    assert delay is None or delay >= min(after, schedule.window)


@settings(deadline=None)
@given(schedules, st.lists(draws, min_size=1), afters)
def test_every_item_comes_to_its_last_attempt(schedule, draws, after):
    waited, attempt = 0.0, 1
    while (
        delay := next_delay(
            schedule, attempt=attempt, waited=waited, draw=draws[attempt % len(draws)], after=after
        )
    ) is not None:
        waited += queue_delay(delay) if delay <= LONGEST_DELAY else delay
        attempt += 1
        assert attempt <= schedule.window + 2
    assert waited >= schedule.window or attempt == schedule.attempts


def test_the_ceiling_doubles_from_first_to_longest():
    ceilings = [next_delay(Schedule(), attempt=n, waited=0, draw=1.0) for n in range(1, 11)]
    assert ceilings == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_a_very_late_attempt_overflows_nothing():
    assert next_delay(Schedule(), attempt=10**9, waited=0, draw=1.0) == 900


def test_the_jitter_is_full():
    assert next_delay(Schedule(), attempt=5, waited=0, draw=0.5) == 40
    assert next_delay(Schedule(), attempt=5, waited=0, draw=0.0) == 1


def test_seeded_waits_lie_evenly_between_nothing_and_the_ceiling():
    chance = Random(7)
    waits = [next_delay(Schedule(), attempt=5, waited=0, draw=chance.random()) for _ in range(8000)]
    assert waits[:3] == [pytest.approx(wait, abs=0.01) for wait in (25.91, 12.07, 52.07)]
    eighths = Counter(int(wait // 10) for wait in waits)
    assert sorted(eighths) == list(range(8))
    assert all(900 <= count <= 1100 for count in eighths.values())


def test_the_last_attempt_is_at_the_end_of_the_window():
    assert next_delay(Schedule(), attempt=9, waited=14_000, draw=0.9, after=3600) == 400
    assert next_delay(Schedule(), attempt=9, waited=14_400, draw=0.9) is None


def test_a_limit_of_attempts_ends_it_early():
    assert next_delay(Schedule(attempts=3), attempt=2, waited=0, draw=0.5) is not None
    assert next_delay(Schedule(attempts=3), attempt=3, waited=0, draw=0.5) is None


@settings(deadline=None)
@given(st.floats(-10, allow_infinity=True, allow_nan=False))
def test_a_queue_delay_is_what_sqs_takes(seconds):
    delay = queue_delay(seconds)
    assert type(delay) is int
    assert 0 <= delay <= 900
    assert delay >= min(seconds, 900)
