"""What of the routed events operators are shown: how many, which first, and cut to what size."""

from dataclasses import dataclass, field

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.routing.decide import compile_source
from sluice.routing.verdicts import judge_pack
from sluice.tailing import CALL_ROWS, EXCERPT_BYTES, Tail, make_row, merge_rows
from tests.unit.routing.world import NOW, make_event, make_pack, make_sync


@dataclass
class Shown:
    """A tail of 20 a minute with a clock that tests move."""

    per_minute: int = 20
    now: float = NOW
    calls: list = field(default_factory=list)

    def __post_init__(self):
        self.tail = Tail(self, per_minute=self.per_minute, clock=lambda: self.now)

    def put(self, rows):
        assert 0 < len(rows) <= CALL_ROWS
        self.calls.append(list(rows))

    def run(self, *packs):
        """The message ids that one invocation shows."""
        made = len(self.calls)
        self.tail.note(packs)
        self.tail.write()
        return [orjson.loads(row.line)["message_id"] for call in self.calls[made:] for row in call]


def judge(count=1, *, first=0, blocked=(), **over):
    events = [make_event(n) for n in range(first, first + count)]
    pack = make_pack(
        *events, pack_id=f"p-{first}", blocked={n: ["missing_identity"] for n in blocked}, **over
    )
    decide = compile_source({"all": make_sync("All")}, lambda: NOW)
    return judge_pack(pack, decide, frozenset(), "0123456789ab")


def test_a_burst_is_cut_at_what_a_minute_may_show():
    assert len(Shown().run(judge(100))) == 15  # a quarter is kept for what is blocked


def test_in_the_long_run_a_minute_shows_no_more_than_its_share():
    shown = Shown()
    shown.run(judge(100))
    counts = []
    for _ in range(120):
        shown.now += 1
        counts.append(len(shown.run(judge(100))))
    assert 39 <= sum(counts) <= 40
    assert max(counts) == 1


def test_blocked_events_are_shown_first_and_others_do_not_use_up_their_room():
    shown = Shown()
    assert shown.run(judge(3, blocked=[2]))[0] == "m-2"
    shown.run(judge(100, first=10))
    assert shown.run(judge(9, first=200, blocked=[8])) == ["m-208"]


def test_each_source_has_a_share_of_its_own():
    shown = Shown()
    shown.run(judge(100))
    assert shown.run(judge(2, first=500, source="app")) == ["m-500", "m-501"]


def test_an_invocation_makes_one_call_at_most():
    shown = Shown(per_minute=1000)
    assert len(shown.run(judge(100), judge(100, first=100, source="app"))) == CALL_ROWS
    assert len(shown.calls) == 1


def test_an_invocation_without_rows_makes_no_call():
    shown = Shown()
    shown.run(judge(100))
    assert shown.run(judge(100, first=100)) == []
    assert len(shown.calls) == 1


def test_what_is_replayed_is_left_out():
    routed = judge(3)
    routed.replay = "r-1"
    assert Shown().run(routed) == []


def test_a_row_says_what_the_archive_says():
    routed = judge(2, blocked=[1])
    row = make_row(routed.lines[1], NOW)
    assert (row.source, row.at, row.expires) == ("web", "2027-01-15T08:00:00.000Z#p-0.00001", NOW + 86_400)
    assert orjson.loads(row.line) == {
        "received_at": "2027-01-15T08:00:00.000Z",
        "verdict": "blocked",
        "reasons": ["missing_identity"],
        "syncs": [],
        "workspace": "0123456789ab",
        "message_id": "m-1",
        "type": "track",
        "name": "Order Completed",
        "event": make_event(1),
    }


def make_line(event, **over):
    archived = {
        "pack_id": "p-1",
        "n": 0,
        "source": "web",
        "received_at": "2027-01-15T08:00:00.000Z",
        "message_id": "m-1",
        "verdict": "accepted",
        "reasons": [],
        "syncs": [],
        "workspace": "0123456789ab",
        "event": event,
        **over,
    }
    return orjson.dumps(archived) + b"\n"


def test_a_large_event_is_cut_to_its_first_4_kb():
    line = orjson.loads(make_row(make_line({"type": "track", "blob": "ü" * 9000}), NOW).line)
    assert line["event"] is None
    assert line["excerpt"].startswith('{"type":"track","blob":"ü')
    assert EXCERPT_BYTES - 1 <= len(line["excerpt"].encode()) <= EXCERPT_BYTES


def test_the_notes_of_ingest_are_told_also_of_an_event_that_is_cut():
    event = {"type": "track", "blob": "x" * 9000, "_sluice": {"notes": ["timestamp replaced: …"]}}
    line = orjson.loads(make_row(make_line(event), NOW).line)
    assert (line["event"], line["notes"]) == (None, ["timestamp replaced: …"])


def test_violations_are_told():
    line = orjson.loads(
        make_row(make_line({"type": "track"}, violations=["total is not a number"]), NOW).line
    )
    assert line["violations"] == ["total is not a number"]


@given(
    st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists),
    st.none() | st.text(max_size=2000),
)
def test_no_event_is_too_odd_to_be_shown(value, message_id):
    row = make_row(make_line({"type": value, "event": value, "more": value}, message_id=message_id), NOW)
    assert len(row.line.encode()) < 20_000


def test_rows_that_were_read_twice_are_there_once_in_order_of_routing():
    first, second = make_row(make_line({}, n=1), NOW), make_row(make_line({}, n=2), NOW - 1)
    assert merge_rows([first, second, first]) == [second, first]


@pytest.mark.parametrize("per_minute", [1, 3])
def test_a_small_share_shows_something(per_minute):
    assert len(Shown(per_minute).run(judge(50))) == per_minute
