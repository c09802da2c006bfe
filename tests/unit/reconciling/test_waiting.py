"""Queues that nobody empties, by the limits of their syncs."""

import pytest

from sluice.reconciling.waiting import INGEST, find_stuck

WORKSPACE = {
    "syncs": {
        "all-to-crm": {"name": "AllToCrm", "alarms": {"queue_age": 900}},
        "all-to-lake": {"name": "AllToLake", "alarms": {"queue_age": 5}},
    }
}


def find(**ages: float) -> dict[str, float]:
    asked: list[str] = []

    def read_ages(names, now):
        assert now == 1000
        asked.extend(names)
        return {f"s-id-{name}": age for name, age in ages.items()}

    found = find_stuck(WORKSPACE, "s-id-", read_ages, 1000)
    assert asked == ["s-id-AllToCrm", "s-id-AllToLake", "s-id-ingest"]
    return found


@pytest.mark.parametrize(
    ("ages", "found"),
    [
        ({}, {}),
        ({"AllToCrm": 900, "AllToLake": 5, "ingest": 900}, {}),
        ({"AllToCrm": 901, "AllToLake": 0}, {"all-to-crm": 901}),
        ({"AllToLake": 6, "ingest": 901}, {"all-to-lake": 6, INGEST: 901}),
    ],
)
def test_a_queue_whose_oldest_message_is_above_its_limit_is_found(ages, found):
    assert find(**ages) == found
