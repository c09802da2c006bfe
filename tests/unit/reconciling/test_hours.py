"""Which hour a run looks at follows from the time it was scheduled for, and from nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.reconciling.hours import HOUR, SLACK, find_span

FOUR_HOURS = 4 * 3600


@pytest.mark.parametrize(
    ("scheduled", "hour"),
    [
        ("2026-11-22T10:20:00Z", "2026-11-22T03"),
        ("2026-11-22T10:00:00Z", "2026-11-22T03"),
        ("2026-11-22T09:59:59Z", "2026-11-22T02"),
        ("2026-11-22T11:20:00+01:00", "2026-11-22T03"),
        ("2026-11-22T05:20:00Z", "2026-11-21T22"),
    ],
)
def test_the_hour_ended_a_window_and_the_slack_before(scheduled, hour):
    assert f"{find_span(datetime.fromisoformat(scheduled), FOUR_HOURS).hour:%Y-%m-%dT%H}" == hour


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)), st.integers(0, 7 * 86400))
def test_runs_an_hour_apart_leave_no_hour_out_and_look_at_none_that_is_not_decided(moment, window):
    moment = moment.replace(tzinfo=UTC)
    span, following = find_span(moment, window), find_span(moment + HOUR, window)

    assert following.hour - span.hour == HOUR
    assert span.hour + HOUR + timedelta(seconds=window) + SLACK <= moment


def test_attempts_are_looked_for_from_the_hour_before_until_the_run():
    span = find_span(datetime(2026, 11, 22, 6, 20, tzinfo=UTC), FOUR_HOURS)

    assert span.events == "events/dt=2026-11-21/hr=23/"
    assert list(span.list_deliveries()) == [
        "deliveries/dt=2026-11-21/hr=22/",
        "deliveries/dt=2026-11-21/hr=23/",
        *(f"deliveries/dt=2026-11-22/hr={hour:02}/" for hour in range(7)),
    ]
    assert list(span.list_dead("crm")) == [
        "dead/sync=crm/dt=2026-11-21/",
        "dead/sync=crm/dt=2026-11-22/",
    ]
