"""`sluice trace` on a stack in memory: what is read, what it is explained with, what is printed."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import orjson
import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from cli.cost.prices import load_prices
from cli.main import app
from cli.stack import CommandError, Stack
from cli.trace.as_json import describe_story
from cli.trace.command import explain_absence, refuse_no_id
from cli.trace.scan import Scan
from cli.trace.show import show_story
from cli.trace.story import find_range, tell_story
from tests.adapters.aws import fake_aws, make_table
from tests.unit.cli.archives import BUCKET, make_line, put_lines
from tests.unit.cli.test_trace_fate import ROUTE, make_attempt, make_letter, make_type, make_workspace

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PRICES = load_prices()


@pytest.fixture
def stack():
    with fake_aws():
        clients = {name: boto3.client(name) for name in ("s3", "sqs", "dynamodb", "lambda")}
        clients["s3"].create_bucket(Bucket=BUCKET)
        names = ("IngestQueue", "IngestDlq", "PurchasesToCrmQueue", "PurchasesToCrmDlq")
        urls = {name: clients["sqs"].create_queue(QueueName=name)["QueueUrl"] for name in names}
        make_table("control", "kind", "id")
        clients["lambda"] = FakeLambda()
        resources = {**urls, "ArchiveBucket": BUCKET, "ControlTable": "control"}
        resources["PurchasesToCrmDeliveryMapping"] = "mapping"
        yield Stack("sluice", "us-east-1", resources, clients.__getitem__, is_local=False)


class FakeLambda:
    state = "Enabled"

    def get_event_source_mapping(self, UUID):
        assert UUID == "mapping"
        return {"State": self.state}


def put_log(stack, *attempts, hour="09"):
    body = b"".join(orjson.dumps(attempt) + b"\n" for attempt in attempts)
    key = f"deliveries/dt=2026-11-22/hr={hour}/a"
    stack.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def put_letter(stack, letter):
    key = f"dead/sync={letter['sync']}/dt={letter['died_at'][:10]}/a.jsonl"
    stack.client("s3").put_object(Bucket=BUCKET, Key=key, Body=orjson.dumps(letter))


def put_workspace(stack, workspace):
    key = f"workspaces/{workspace['digest']}.json"
    stack.client("s3").put_object(Bucket=BUCKET, Key=key, Body=orjson.dumps(workspace))


def put_event(stack, *lines, hour="2026-11-22T09"):
    put_lines(stack.client("s3"), hour, lines or [make_line("m-1", syncs=[ROUTE])])


def tell(stack, message_id="m-1", folder=Path("nowhere"), around=None):
    where = find_range(NOW - timedelta(hours=24), around, NOW)
    return tell_story(stack, Scan(stack, message_id), where, folder, NOW)


def show(story):
    console = Console(file=io.StringIO(), width=80)
    show_story(console, story, PRICES)
    printed = console.file.getvalue()
    assert max(map(cell_len, printed.splitlines())) <= 80
    return printed


def test_only_lines_of_this_very_id_are_told(stack):
    other = make_line("m-2", {"properties": {"before": "m-1"}}, syncs=[ROUTE])
    put_event(stack, make_line("m-1", syncs=[ROUTE]), make_line("m-10"), other)
    put_log(stack, make_attempt(1, "delivered", 16), make_attempt(1, "retry", 16, message_id="m-10"))
    story = tell(stack)
    assert [arrival.line["message_id"] for arrival in story.arrivals] == ["m-1"]
    assert [fate.state for fate in story.arrivals[0].fates] == ["delivered"]


@pytest.mark.parametrize("message_id", ['say "hi"\\', "zürich/\u2028", "a\nb"])
def test_an_id_of_any_characters_is_found(stack, message_id):
    put_event(stack, make_line(message_id))
    assert tell(stack, message_id).is_found


def test_what_a_crash_wrote_twice_is_told_once(stack):
    put_lines(stack.client("s3"), "2026-11-22T09", [make_line("m-1", syncs=[ROUTE])] * 2)
    put_log(stack, *[make_attempt(1, "delivered", 16)] * 2)
    [arrival] = tell(stack).arrivals
    assert len(arrival.fates[0].attempts) == 1


def test_an_event_that_waits_says_what_for(stack):
    put_event(stack)
    put_log(stack, make_attempt(1, "retry", 59, next_at="2026-11-22T10:05:00.000Z"))
    stack.client("lambda").state = "Disabled"
    row = {"kind": f"breaker:{ROUTE['sync']}", "id": ROUTE["sync"], "state": "open", "reason": "timeout"}
    numbers = {"opened_at": 1795341600, "until": 1795341660, "failures": 5}
    item = {key: {"S": value} for key, value in row.items()}
    item |= {key: {"N": str(value)} for key, value in numbers.items()}
    stack.client("dynamodb").put_item(TableName="control", Item=item)
    printed = show(tell(stack))
    assert "now: waiting for attempt 2, due 2026-11-22 10:05:00.000" in printed
    assert "the sync is paused" in printed
    assert "the breaker is open until 2026-11-22" in printed


def test_a_dead_event_says_of_what_and_where_its_letter_is(stack):
    put_event(stack)
    put_log(stack, make_attempt(1, "dead", 16, reason="rejected", status=422))
    put_letter(stack, make_letter(16, response={"status": 422, "body": "no such [b]customer"}))
    stack.client("sqs").send_message(QueueUrl=stack.dlq_url(ROUTE["sync"]), MessageBody="letter")
    printed = show(tell(stack))
    assert "now: dead since 2026-11-22 09:16:00.000 (rejected)" in printed
    assert "answer: no such [b]customer" in printed
    assert "its letter is in dead/ of the bucket; the DLQ holds 1 letter\n" in printed


def test_a_whole_pack_that_sqs_moved_is_dead_too(stack):
    put_event(stack)
    put_letter(stack, make_letter(30, reason="unhandled", attempts=0))
    assert "now: dead since 2026-11-22 09:30:00.000 (unhandled)" in show(tell(stack))


def test_a_sync_that_left_the_stack_is_no_failure(stack):
    put_event(stack, make_line("m-1", syncs=[{"sync": "gone", "type": "custom_event"}]))
    assert "the stack has no such sync any more" in show(tell(stack))


def test_it_is_explained_with_the_workspace_that_decided(stack):
    put_event(stack, make_line("m-1", {"event": "Signed Up"}))
    put_workspace(stack, make_workspace(make_type()))
    printed = show(tell(stack))
    assert '✗ event equals "Order Completed" — saw "Signed Up"' in printed
    assert "!" not in printed


def test_where_the_stack_has_not_kept_that_the_folder_explains_and_it_is_said(stack):
    put_event(stack)
    told = tell(stack, folder=Path(__file__).parents[3] / "workspace")
    assert "! the stack has not kept it: explained with the folder" in show(told)
    [arrival] = describe_story(told, PRICES)["arrivals"]
    assert (arrival["explained_by"], arrival["explained_exactly"]) == ("folder", False)


def test_without_any_workspace_what_happened_is_told_all_the_same(stack):
    put_event(stack)
    printed = show(tell(stack))
    assert "no workspace folder to explain with" in printed
    assert "✓ purchases-to-crm, track_purchase: the archive says so" in printed


def test_a_blocked_event_says_its_reasons_and_violations(stack):
    violations = {"event_type": "track", "messages": ["total is not a number", "id: missing"]}
    put_event(
        stack, make_line("m-1", verdict="blocked", reasons=["contract_violated"], violations=violations)
    )
    printed = show(tell(stack))
    assert "blocked: contract_violated" in printed
    assert "violation: total is not a number" in printed
    assert "violation: id: missing" in printed
    assert "event_type" not in printed


def test_what_died_and_was_redriven_is_told_so_and_not_as_dead_now(stack):
    put_event(stack, make_line("m-1", syncs=[ROUTE]))
    put_log(stack, make_attempt(1, "dead", 16), make_attempt(1, "delivered", 18, replay="redrive"))
    put_letter(stack, make_letter(16))
    printed = show(tell(stack))
    assert "now: dead" not in printed
    assert "and was sent again: see below" in printed
    assert "redriven out of the dead-letter queue:" in printed
    assert "sent by something" not in printed


def test_what_died_again_after_its_redrive_is_dead_now(stack):
    put_event(stack, make_line("m-1", syncs=[ROUTE]))
    put_log(stack, make_attempt(1, "dead", 16), make_attempt(1, "dead", 18, replay="redrive"))
    put_letter(stack, make_letter(16))
    printed = show(tell(stack))
    assert printed.count("and was sent again: see below") == printed.count("now: dead") == 1


def test_a_replayed_event_has_the_time_when_it_was_received_and_stands_behind_the_live_one(stack):
    live = make_line("m-1", syncs=[ROUTE], received_at="2026-11-22T09:16:30.000Z")
    own = {"receivedAt": "2026-11-22T09:16:30.000Z"}
    replayed = make_line("m-1", own, pack_id="p", replay="r-1", received_at="2026-11-22T09:10:00.000Z")
    put_event(stack, replayed, live)
    heads = [line for line in show(tell(stack)).splitlines() if "source web" in line]
    assert heads == [
        "2026-11-22 09:16:30.000  received, source web",
        "2026-11-22 09:16:30.000  replayed (r-1), source web",
    ]


def test_years_without_archive_are_not_listed(stack):
    put_event(stack)
    scan = Scan(stack, "m-1")
    tell_story(stack, scan, find_range(datetime(2001, 1, 1, tzinfo=UTC), None, NOW), Path("nowhere"), NOW)
    assert scan.lists < 60


def test_two_ranges_are_refused():
    told = CliRunner().invoke(app, ["trace", "m-1", "--since", "7d", "--around", "2026-11-22T09:15"])
    assert told.exit_code != 0
    assert "--since and --around are two ranges" in told.stderr


@pytest.mark.parametrize("text", ["", "\udcff"])
def test_what_can_be_no_id_is_refused(text):
    with pytest.raises(CommandError, match="is not a message id"):
        refuse_no_id(text)


def test_repeats_and_replays_stand_beside_the_event(stack):
    first = make_line("m-1", syncs=[ROUTE])
    again = make_line(
        "m-1",
        pack_id="p-2",
        verdict="duplicate",
        reasons=["duplicate"],
        received_at="2026-11-22T09:16:00.000Z",
    )
    replayed = make_line(
        "m-1", pack_id="p-3", replay="r-1", syncs=[ROUTE], received_at="2026-11-22T09:17:00.000Z"
    )
    put_event(stack, first, again, replayed)
    put_log(stack, make_attempt(1, "delivered", 16), make_attempt(1, "delivered", 18, replay="r-1"))
    printed = show(tell(stack))
    assert "a repeat of what was received at 2026-11-22 09:15:00.000" in printed
    assert "replayed (r-1), source web" in printed
    assert printed.count("now: delivered") == 2


def test_an_attempt_of_an_event_that_was_received_before_the_range_is_told(stack):
    put_log(stack, make_attempt(7, "delivered", 16))
    assert "purchases-to-crm, track_purchase" in show(tell(stack))


def test_around_a_time_only_its_hours_are_read(stack):
    put_event(stack, hour="2026-11-22T03")
    put_event(stack, make_line("m-2"), hour="2026-11-22T09")
    story = tell(stack, around=datetime(2026, 11, 22, 9, 15, tzinfo=UTC))
    assert (story.is_found, story.scan.objects) == (False, 1)


def test_what_is_nowhere_is_not_found_and_the_queues_are_told(stack):
    put_event(stack)
    stack.client("sqs").send_message(QueueUrl=stack.find("IngestDlq"), MessageBody="pack")
    story = tell(stack, "nobody")
    assert not story.is_found
    assert "IngestQueue holds 0 packs, IngestDlq 1" in str(explain_absence(stack, story))


def test_a_pack_that_never_came_past_the_router_is_told(stack):
    line = {
        "reason": "unhandled",
        "detail": "SQS moved the whole pack here",
        "died_at": "2026-11-22T09:00:00.000Z",
        "source": "web",
        "pack_id": "p-1",
        "message_ids": ["m-0", "m-1"],
    }
    key = "dead/ingest/dt=2026-11-22/a.jsonl"
    stack.client("s3").put_object(Bucket=BUCKET, Key=key, Body=orjson.dumps(line))
    assert "stuck before the router: unhandled" in show(tell(stack))


def test_what_was_read_is_counted_and_priced(stack):
    put_event(stack)
    story = tell(stack)
    stored = stack.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="events/")["Contents"]
    assert (story.scan.objects, story.scan.scanned) == (1, stored[0]["Size"])
    requests, transfer = story.scan.price(PRICES)
    assert requests == pytest.approx(story.scan.lists * 5e-6 + 0.4e-6)
    assert transfer == pytest.approx(stored[0]["Size"] / 1e9 * 0.09)


def test_a_time_that_ingest_replaced_is_told(stack):
    line = make_line("m-1", syncs=[ROUTE])
    line["event"]["_sluice"] = {"notes": ["timestamp replaced: 'soon' is not a time"], "time": "replaced"}
    put_event(stack, line)
    assert "note: timestamp replaced: 'soon' is not a time" in show(tell(stack))
