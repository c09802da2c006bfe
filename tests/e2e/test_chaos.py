"""The short form of `make chaos`: everything fails at once, and nothing is lost."""

import pytest

from tests.chaos.plan import SYNCS, make_plan
from tests.chaos.run import run

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

SEED, EVENTS = 7, 2000
SETTLE_SECONDS = 150


def test_no_event_is_lost_while_destinations_aws_and_functions_fail() -> None:
    plan = make_plan(SEED, EVENTS)

    result = run(plan, SETTLE_SECONDS)

    assert result.faults > 50, "AWS failed"
    assert result.kills > 5, "functions were killed"
    assert result.copies == sum(times * len(batch) for batch, times in plan.requests) > EVENTS
    assert result.waiting == 0
    for sync in SYNCS:
        found = result.balances[sync]
        assert (found.lost, found.strangers) == ([], [])
        assert found.sent == found.delivered + found.dead + found.blocked + found.dropped == result.copies
        assert found.blocked >= len(plan.blocked)
        assert found.dead < 0.05 * EVENTS, "most are delivered once everything is well"
    braze = result.balances["events-to-braze"]
    assert braze.refused >= plan.refused > 0, "events were refused by name"
    assert braze.rejected >= plan.refused, "and died of it"
    assert result.holds
