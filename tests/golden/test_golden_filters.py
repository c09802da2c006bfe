"""Filter cases: `filters.json` holds `{name, in: {filter, event, now?}, out | error}`; a bug is one more.

`out` is whether the event matches; `error` is what WorkspaceError says, its hint in brackets.
"""

import json
from pathlib import Path

import pytest

from sluice.errors import WorkspaceError
from sluice.filters import compile_filter
from sluice.times import parse_time

CASES = json.loads(Path(__file__).with_name("filters.json").read_bytes())


def run(spec, event, now="2026-11-22T00:00:00Z"):
    return compile_filter(spec, now=lambda: parse_time(now))(event)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_filter_case(case):
    spec, event = case["in"]["filter"], case["in"].get("event", {})
    if "error" in case:
        with pytest.raises(WorkspaceError) as caught:
            compile_filter(spec)
        assert f"{caught.value.message} ({caught.value.hint})" == case["error"]
        return
    assert run(spec, event, case["in"].get("now", "2026-11-22T00:00:00Z")) is case["out"]


def test_every_case_has_a_name_of_its_own():
    assert len({case["name"] for case in CASES}) == len(CASES)
