"""Times of public bug reports (cases/reports/ingest.json): each arrives as its sender meant it."""

import json

import pytest

from sluice.times import parse_time
from tests.conftest import SHARED

CASES = SHARED / "cases" / "reports" / "ingest.json"
TIMES = [case for case in json.loads(CASES.read_text()) if case["kind"] == "times"] if CASES.exists() else []

pytestmark = pytest.mark.usefixtures("shared")


@pytest.mark.parametrize("case", TIMES or [None], ids=lambda case: case["name"] if case else "none")
def test_a_reported_time_arrives_as_it_was_meant(world, case):
    if case is None:
        pytest.skip(f"there is no {CASES}")
    answer = world.send(case["body"], path=case["path"], headers=case["headers"])
    assert answer.status == 200
    sent_at = parse_time(case["body"].get("sentAt"))
    for event in world.events:
        expected = case["expect"][event["event"]]
        skew = abs(world.now - sent_at) if expected.get("within_s") == "skew" else 0
        assert parse_time(event["timestamp"]) == pytest.approx(parse_time(expected["timestamp"]), abs=skew)
