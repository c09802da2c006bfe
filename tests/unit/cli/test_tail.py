"""`sluice tail` on a table in memory: what is shown first, what follows, what is chosen."""

import io
import re
from math import ceil
from pathlib import Path

import boto3
import orjson
import pytest
from rich.cells import cell_len
from rich.console import Console

from cli.cost.prices import load_prices
from cli.stack import Stack
from cli.tail.choose import Choice, describe_row
from cli.tail.command import EVERY, follow_rows
from cli.tail.reading import OVERLAP, TailReader
from cli.tail.show import show_row
from sluice.adapters.tail_table import TailTable
from sluice.tailing import Row
from sluice.times import format_time
from tests.adapters.aws import fake_aws, make_table

NOW = 1_800_000_000.0


@pytest.fixture
def stack():
    with fake_aws():
        make_table("tail", "source", "at")
        yield Stack("sluice", "us-east-1", {"TailTable": "tail"}, boto3.client, is_local=False)


def make_row(n, *, at=NOW, source="web", **over):
    line = {
        "message_id": f"m-{n}",
        "received_at": format_time(at),
        "verdict": "accepted",
        "reasons": [],
        "syncs": [{"sync": "to-crm", "type": "order"}, {"sync": "to-crm", "type": "any"}],
        "workspace": "0123456789ab",
        "type": "track",
        "name": "Order Completed",
        "event": {},
        **over,
    }
    return Row(source, f"{format_time(at)}#p.{n:05}", int(at) + 86_400, orjson.dumps(line).decode())


def put(stack, *rows):
    TailTable(stack.client("dynamodb"), "tail").put(rows)


def list_ids(rows):
    return [orjson.loads(row.line)["message_id"] for row in rows]


def test_the_newest_of_all_sources_come_first_in_order(stack):
    put(stack, *[make_row(n, at=NOW + n) for n in range(5)], make_row(9, at=NOW + 3.5, source="app"))
    reader = TailReader(stack, ["app", "web"])
    assert list_ids(reader.read_newest(Choice(), 3)) == ["m-3", "m-9", "m-4"]


@pytest.mark.parametrize(
    ("choice", "ids"),
    [
        (Choice(blocked=True), ["m-1"]),
        (Choice(violations=True), ["m-2"]),
        (Choice(event="Signed Up"), ["m-3"]),
        (Choice(event="identify"), ["m-4"]),
        (Choice(event="Order Completed", blocked=True), ["m-1"]),
    ],
)
def test_only_what_was_asked_for_is_shown(stack, choice, ids):
    put(
        stack,
        make_row(1, verdict="blocked"),
        make_row(2, violations={"messages": ["no"]}),
        make_row(3, name="Signed Up"),
        make_row(4, type="identify", name=None),
    )
    assert list_ids(TailReader(stack, ["web"]).read_newest(choice, 20)) == ids


def test_what_comes_is_shown_once_also_where_it_is_written_late(stack):
    put(stack, make_row(1, at=NOW - 5), make_row(2, at=NOW - 4))
    reader = TailReader(stack, ["web"])
    assert list_ids(reader.read_newest(Choice(), 1)) == ["m-2"]
    shown, clock, slept = [], iter([NOW + 2 * n for n in range(9)]), []
    coming = [[make_row(3, at=NOW + 1)], [make_row(4, at=NOW + 0.5), make_row(5, at=NOW + 3)], []]

    def sleep(seconds):
        slept.append(seconds)
        if not coming:
            raise KeyboardInterrupt
        if rows := coming.pop(0):
            put(stack, *rows)

    follow_rows(
        reader,
        Choice(),
        NOW,
        lambda rows: shown.append(list_ids(rows)),
        clock=lambda: next(clock),
        sleep=sleep,
    )
    assert shown == [[], ["m-3"], ["m-4", "m-5"], []]
    assert set(slept) == {EVERY}


def show(row):
    console = Console(file=io.StringIO(), width=80)
    show_row(console, describe_row(row))
    printed = console.file.getvalue()
    assert max(map(cell_len, printed.splitlines())) <= 80
    return [line.rstrip() for line in printed.splitlines()]


def test_an_event_is_two_lines(stack):
    assert show(make_row(1)) == [
        '08:00:00.000  web  track "Order Completed"  accepted',
        "              m-1 → to-crm",
    ]


def test_a_blocked_event_says_why():
    violations = {"event_type": "track", "messages": ["[b]no[/b]"]}
    told = show(make_row(1, verdict="blocked", reasons=["missing_identity"], violations=violations))
    assert told[0].endswith("blocked: missing_identity")
    assert told[1].strip() == "violation: [b]no[/b]"


def test_an_event_that_no_sync_takes_says_so():
    assert show(make_row(1, syncs=[]))[1].strip() == "m-1 → no sync takes it"


def test_what_events_hold_does_not_move_the_cursor():
    printed = "\n".join(show(make_row(1, name="\x1b[2J" * 40, type="\x1b]0;", message_id="\x07" * 90)))
    assert printed.isprintable() or set(printed) - {"\n"} == {c for c in printed if c.isprintable()}


def test_the_page_says_the_price_of_what_is_written():
    page = (Path(__file__).parents[3] / "docs/trace.md").read_text()
    rows = 20 * 60 * 24 * 30
    assert f"{rows:,} rows" in page
    write = load_prices()["dynamodb_write"]
    for units in (2, 5):
        [told] = re.findall(rf"{units} write units[^|]*\| \$([\d.]+) \|", page)
        assert float(told) == pytest.approx(rows * units * write, abs=0.005)


def test_the_page_says_the_price_of_watching():
    page = (Path(__file__).parents[3] / "docs/trace.md").read_text()
    polls, rows = 86_400 / EVERY, 20 * (EVERY + OVERLAP) / 60
    units = ceil(rows) * 5 / 4 / 2  # of 5 KB; half a unit for 4 KB that need not be of this very moment
    cents = polls * units * load_prices()["dynamodb_read"] * 100
    [told] = re.findall(r"Watching costs (\d+) cents a day", page)
    assert int(told) == pytest.approx(cents, abs=0.5)


def test_a_time_that_ingest_replaced_is_shown():
    own = {"notes": ["timestamp replaced: 'soon' is not a time"], "time": "replaced"}
    told = show(make_row(1, event={"_sluice": own}))
    assert told[1].strip() == "note: timestamp replaced: 'soon' is not a time"


def test_the_notes_of_an_event_that_was_cut_are_shown_too():
    told = show(make_row(1, event=None, notes=["timestamp moved by more than a day: it was '2036-01-01'"]))
    assert told[1].strip() == "note: timestamp moved by more than a day: it was '2036-01-01'"
