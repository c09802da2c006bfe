"""The reader of a stack's bucket, against moto."""

from datetime import UTC, datetime

import orjson
import pytest

from cli.archive import Archive, list_hours
from cli.stack import open_stack
from tests.unit.cli.archives import BUCKET, deployed_stack, make_line, put_lines

NINE, TEN, NOON = (datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in (9, 10, 12))


@pytest.fixture
def bucket():
    with deployed_stack() as client:
        yield client


@pytest.fixture
def archive(bucket):
    return Archive(open_stack("sluice"))


def ids(lines):
    return [line["message_id"] for line in lines]


def test_lines_of_all_hours_come_in_their_order(bucket, archive):
    put_lines(bucket, "2026-11-22T10", [make_line("c")])
    put_lines(bucket, "2026-11-22T09", [make_line("a"), make_line("b")])
    assert ids(archive.read_events(NINE, TEN)) == ["a", "b", "c"]


def test_newest_first_is_the_same_backwards(bucket, archive):
    put_lines(bucket, "2026-11-22T09", [make_line("a"), make_line("b")], "stream-09-05")
    put_lines(bucket, "2026-11-22T09", [make_line("c")], "stream-09-10")
    put_lines(bucket, "2026-11-22T10", [make_line("d")])
    assert ids(archive.read_events(NINE, TEN, newest_first=True)) == ["d", "c", "b", "a"]


def test_an_hour_outside_is_not_read_and_a_late_one_is(bucket, archive):
    for hour in ("08", "09", "10", "11", "12"):
        put_lines(bucket, f"2026-11-22T{hour}", [make_line(hour)])
    assert ids(archive.read_events(NINE, TEN)) == ["09", "10", "11"]


def test_a_line_that_was_written_twice_is_read_once(bucket, archive):
    put_lines(bucket, "2026-11-22T09", [make_line("a"), make_line("a")])
    put_lines(bucket, "2026-11-22T10", [make_line("a"), make_line("a", verdict="duplicate", pack_id="p-2")])
    assert len(list(archive.read_events(NINE, TEN))) == 2


def test_an_event_that_was_judged_twice_with_different_verdicts_is_read_once_as_it_was_judged_last(
    bucket, archive
):
    put_lines(bucket, "2026-11-22T09", [make_line("a", verdict="blocked", reasons=["some_contract"])])
    put_lines(bucket, "2026-11-22T10", [make_line("a")])
    lines = archive.read_events(NINE, TEN, newest_first=True)
    assert [line["verdict"] for line in lines] == ["accepted"]


def test_an_object_that_is_not_packed_is_read_too(bucket, archive):
    put_lines(bucket, "2026-11-22T09", [make_line("a")], packed=False)
    assert ids(archive.read_events(NINE, TEN)) == ["a"]


def test_a_text_with_a_line_separator_is_one_line(bucket, archive):
    put_lines(bucket, "2026-11-22T09", [make_line("a", {"event": "x\u2028y\x85z"})])
    assert ids(archive.read_events(NINE, TEN)) == ["a"]


def test_more_objects_than_are_read_at_once_are_all_read(bucket, archive):
    for n in range(40):
        put_lines(bucket, "2026-11-22T09", [make_line(f"{n:02d}")], f"{n:02d}")
    assert ids(archive.read_events(NINE, TEN)) == [f"{n:02d}" for n in range(40)]


def test_the_line_filed_last_is_found(bucket, archive):
    put_lines(bucket, "2026-11-22T09", [make_line("a")])
    put_lines(bucket, "2026-11-22T10", [make_line("a", verdict="duplicate", pack_id="p-2")])
    assert archive.find_event("a", NINE, NOON)["verdict"] == "duplicate"


def test_what_was_looked_through_is_counted(bucket, archive):
    put_lines(bucket, "2026-11-22T09", [make_line("a")])
    assert archive.find_event("nobody", NINE, NOON) is None
    assert (archive.objects, archive.scanned > 100) == (1, True)


def test_dead_letters_are_read_by_the_day_of_death(bucket, archive):
    for day in (21, 22, 23):
        body = orjson.dumps({"message_id": str(day)}) + b"\n"
        bucket.put_object(Bucket=BUCKET, Key=f"dead/sync=crm/dt=2026-11-{day}/x.jsonl", Body=body)
    assert ids(archive.read_letters("crm", NINE, NOON)) == ["22"]


def test_the_delivery_log_is_read_by_the_hour(bucket, archive):
    body = orjson.dumps({"message_id": "a"}) + b"\n"
    bucket.put_object(Bucket=BUCKET, Key="deliveries/dt=2026-11-22/hr=09/x", Body=body)
    assert ids(archive.read_deliveries(NINE, TEN)) == ["a"]


def test_hours_are_utc_and_go_on_for_the_late_ones():
    start = datetime.fromisoformat("2026-11-22T01:30:00+01:00")
    assert [f"{hour:%dT%H}" for hour in list_hours(start, start)] == ["22T00", "22T01"]
