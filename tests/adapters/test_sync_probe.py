"""`sluice sync probe`, on the rows that delivery's breakers write."""

import time

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.sync_probe import READ_AGAIN, end_pause
from sluice.adapters.breaker_row import BreakerRow, make_key
from sluice.delivery.breaker import FAILURES, READ_SECONDS, Breaker, Pause
from sluice.errors import RetryLater
from sluice.reasons import Reason
from tests.adapters.stacks import deployed_stack

SYNC = "all-to-crm"
DOWN = RetryLater(Reason.SERVER_ERROR, status=503)


class Clock:
    def __init__(self):
        self.now = round(time.time(), 3)

    def __call__(self):
        return self.now


@pytest.fixture
def stack():
    with deployed_stack() as found:
        yield found


@pytest.fixture
def clock():
    return Clock()


def make_breaker(stack, clock):
    return Breaker(BreakerRow(stack.dynamodb, "control", SYNC), now=clock, lease=60)


def open_breaker(stack, clock):
    """A container's breaker after enough failing calls."""
    breaker = make_breaker(stack, clock)
    assert breaker.look() is None
    for _ in range(FAILURES):
        breaker.note(DOWN)
    return breaker


def run(sync=SYNC):
    return CliRunner().invoke(app, ["sync", "probe", sync, "--stack", "stack"])


def read_row(stack):
    return BreakerRow(stack.dynamodb, "control", SYNC).read()


def test_a_container_probes_at_its_next_look_and_closes_the_breaker(stack, clock):
    breaker = open_breaker(stack, clock)
    clock.now += READ_SECONDS
    assert breaker.look() is not None
    assert run().exit_code == 0
    clock.now += READ_SECONDS
    assert breaker.look() is None
    assert (breaker.enter(), breaker.probing) == (None, True)
    breaker.note(None)
    assert read_row(stack) is None


def test_a_probe_that_fails_opens_the_breaker_for_twice_as_long(stack, clock):
    breaker = open_breaker(stack, clock)
    before = read_row(stack)
    run()
    clock.now += READ_SECONDS
    breaker.look()
    breaker.enter()
    breaker.note(DOWN)
    after = read_row(stack)
    assert (after.seconds, after.opened_at) == (before.seconds * 2, before.opened_at)


def test_of_two_containers_one_probes(stack, clock):
    first, second = open_breaker(stack, clock), make_breaker(stack, clock)
    run()
    clock.now += READ_SECONDS
    assert (first.look(), second.look()) == (None, None)
    assert first.enter() is None
    assert second.enter() is not None
    assert (first.probing, second.probing) == (True, False)


def test_the_answer_says_when_it_is_tried_and_when_waiting_events_are_back(stack, clock):
    open_breaker(stack, clock)
    told = run().stdout
    assert "lets one call through, 5 s from now at the latest" in told
    assert f"{READ_SECONDS:g} s" == READ_AGAIN
    assert "come back by " in told


def test_a_closed_breaker_is_told(stack):
    told = run()
    assert (told.exit_code, "the breaker of all-to-crm is closed" in told.stderr) == (1, True)
    assert "Item" not in stack.dynamodb.get_item(TableName="control", Key=make_key(SYNC))


def test_a_running_probe_is_left_alone(stack, clock):
    pause = Pause(clock() - 60, clock() + 60, Reason.SERVER_ERROR, 5, 30, probing=True)
    BreakerRow(stack.dynamodb, "control", SYNC).write(pause, seen=None)
    told = run()
    assert (told.exit_code, "a probe of all-to-crm is running" in told.stderr) == (1, True)
    assert read_row(stack) == pause


def test_a_probe_whose_container_died_is_given_up(stack, clock):
    pause = Pause(clock() - 600, clock() - 60, Reason.SERVER_ERROR, 5, 30, probing=True)
    BreakerRow(stack.dynamodb, "control", SYNC).write(pause, seen=None)
    assert run().exit_code == 0
    assert read_row(stack).probing is False


def test_a_row_that_changes_meanwhile_is_left_alone(stack, clock, monkeypatch):
    open_breaker(stack, clock)
    row = BreakerRow(stack.dynamodb, "control", SYNC)
    seen = read_row(stack)

    class Racing:
        """The breaker closes between the reading and the writing."""

        def get_item(self, **options):
            found = stack.dynamodb.get_item(**options)
            row.clear(seen)
            return found

        def update_item(self, **options):
            return stack.dynamodb.update_item(**options)

    class Raced:
        def client(self, _service):
            return Racing()

        def find(self, _name):
            return "control"

    with pytest.raises(Exception, match="has just changed"):
        end_pause(Raced(), SYNC, now=clock())
    assert read_row(stack) is None


def test_an_unknown_sync_is_told_with_those_there_are(stack):
    told = run("all-to-cmr")
    assert told.exit_code == 1
    assert "its syncs: all-to-crm, orders-to-shop" in told.stderr
