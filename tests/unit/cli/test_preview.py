"""`sluice preview`, as a shell sees it: what it says of an event, and that nothing of an event is markup."""

import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from cli.main import app
from tests.builders import make_event
from tests.unit.cli.archives import deployed_stack, make_line, put_lines
from tests.unit.cli.folders import write_workspace
from tests.unit.cli.terminals import TERMINAL

CRM = """\
kind: http
settings:
  url: https://crm.example.com/events
  headers: {Authorization: {secret: "ssm:token", format: "Bearer {}"}}
"""
SYNC = """\
source: web
destination: crm
event_types:
  - type: purchase
    filter:
      all:
        - {field: type, op: equals, value: track}
        - any:
            - {field: event, op: in, value: [Order Completed, Order Refunded]}
            - {field: properties.total, op: greater_than, value_field: properties.discount}
        - not: {field: properties.test, op: is_true}
        - {field: timestamp, op: within, value: 7d}
    mappings:
      id: {field: userId}
      price: {field: properties.total, as: number, if_missing: 0}
      note: {field: properties.note}
      greeting: {template: "Hi {{ row.userId | upcase }}"}
      items: {each: properties.products, array: {sku: {field: item.sku}}}
  - type: custom_event
"""
RUDDER = """\
kind: rudderstack
settings: {data_plane_url: "https://rudder.example", write_key: {secret: "ssm:write-key"}}
"""
HOSTILE = [
    "[red]bold[/red] [/x] [link=file:///etc]click[/link]",
    "\x1b[2J\x1b]0;title\x07\x9b31m\x7f\r\b",
    "\u202eevil\u2066\u200b\ufeff",
    "字" * 500,
    "a" * 5000,
    "{{ row }} {% raw %}",
    "\n\n\t  x",
    ":smile: :warning:",
]


@pytest.fixture
def folder(tmp_path):
    files = {
        "destinations/crm.yaml": CRM,
        "syncs/all.yaml": SYNC,
        "destinations/rudder.yaml": RUDDER,
        "syncs/rudder.yaml": "source: web\ndestination: rudder\nevent_types: [{type: track}]\n",
        "sources/shop.yaml": "",
    }
    return write_workspace(tmp_path / "workspace", files)


def run(folder, *arguments, given=None, sync="all"):
    text = None if given is None else given if isinstance(given, str | bytes) else orjson.dumps(given)
    command = ["preview", "-w", folder, *(["--sync", sync] if sync else []), *arguments]
    return CliRunner(env=TERMINAL).invoke(app, [str(part) for part in command], input=text)


def show(folder, event, *arguments, **options):
    told = run(folder, "--event", "-", *arguments, given=event, **options)
    assert told.exit_code == 0, told.output
    return told.stdout


def describe(folder, event, **options):
    [found] = json.loads(show(folder, event, "--json", **options))["events"]
    return found


def describe_type(folder, event, name="purchase", **options):
    return next(one for one in describe(folder, event, **options)["event_types"] if one["type"] == name)


ORDER = make_event(receivedAt="2026-11-22T00:00:01.000Z")


def test_a_type_that_takes_the_event_shows_its_payload_and_its_request(folder):
    one = describe_type(folder, ORDER)
    assert one["taken"]
    assert one["payload"] == {"id": "u-1", "price": 12.5, "greeting": "Hi U-1"}
    [request] = one["requests"]
    assert (request["method"], request["url"]) == ("POST", "https://crm.example.com/events")
    assert request["body"] == one["payload"]
    assert request["headers"]["Authorization"] == "Bearer ‹ssm:token›"
    assert request["headers"]["Idempotency-Key"] == "all:purchase:m-1"


def test_every_field_says_where_it_came_from(folder):
    event = {**ORDER, "properties": {"products": [{"sku": "a"}, {}]}}
    fields = {field["field"]: field for field in describe_type(folder, event)["mappings"]}
    assert fields["id"]["from"] == "field userId"
    assert fields["price"]["steps"] == ["as number", "the event has no such field; if_missing: 0"]
    assert (fields["note"]["left_out"], fields["note"]["steps"]) == (True, ["the event has no such field"])
    assert fields["greeting"]["from"] == "template Hi {{ row.userId | upcase }}"
    assert fields["items"]["value"] == [{"sku": "a"}]
    assert [part["left_out"] for part in fields["items"]["parts"]] == [False, True]


def test_a_type_that_does_not_take_it_shows_which_conditions_failed_and_what_they_saw(folder):
    event = {**ORDER, "event": "Product Viewed", "properties": {"total": 5, "discount": None}}
    one = describe_type(folder, event)
    assert not one["taken"]
    listed, greater = one["because"]
    assert listed["found"] == {"from": "field", "text": "event", "value": "Product Viewed", "missing": False}
    assert listed["expected"]["value"] == ["Order Completed", "Order Refunded"]
    assert (greater["op"], greater["found"]["value"], greater["expected"]["value"]) == (
        "greater_than",
        5,
        None,
    )


@pytest.mark.parametrize(
    ("properties", "seen"),
    [
        ({}, "saw missing"),
        ({"total": None}, "saw null"),
        ({"total": "12"}, 'saw "12"'),
        ({"total": ""}, 'saw ""'),
    ],
)
def test_a_missing_value_is_told_from_null_empty_and_text(folder, properties, seen):
    event = {**ORDER, "event": "Product Viewed", "properties": {"discount": 1, **properties}}
    [line] = [line for line in show(folder, event).splitlines() if "greater_than" in line]
    assert line.strip() == f"✗ properties.total greater_than properties.discount (= 1) — {seen}"


def test_a_group_that_fails_says_how(folder):
    text = show(folder, {**ORDER, "event": "x", "properties": {"test": True}})
    assert "✗ all of: 2 of 4 failed" in text
    assert "✗ any of: none of them matches" in text
    assert "✗ not: this matches" in text


def test_a_custom_event_without_a_filter_says_who_took_the_event(folder):
    rest = describe_type(folder, ORDER, "custom_event")
    assert (rest["taken"], rest["why"]) == (False, "another type took it: purchase")
    rest = describe_type(folder, {**ORDER, "event": "x"}, "custom_event")
    assert (rest["taken"], rest["why"]) == (True, "no other type took it")
    assert rest["mappings"] is None
    assert rest["payload"]["event"] == "x"


def test_a_time_within_counts_from_when_the_event_came_in(folder):
    old = {**ORDER, "receivedAt": "2020-01-01T00:00:00.000Z", "timestamp": "2019-12-31T00:00:00Z"}
    assert describe_type(folder, old)["taken"]


def test_an_event_that_delivery_would_refuse_shows_its_dead_letter(folder):
    one = describe_type(folder, {**ORDER, "properties": {"total": "soon"}})
    assert one["failure"] == {"reason": "mapping_failed", "detail": 'price: "soon" is not a number'}
    assert (one["payload"], one["requests"]) == (None, [])
    text = show(folder, {**ORDER, "properties": {"total": "soon"}})
    assert "✗ dead letter, mapping_failed" in text


def test_a_required_field_that_is_missing_is_a_dead_letter(tmp_path, folder):
    sync = "source: web\ndestination: rudder\nevent_types: [{type: track, mappings: "
    sync += "{extends: defaults, event: {field: properties.none}}}]\n"
    write_workspace(folder, {"destinations/crm.yaml": CRM, "syncs/all.yaml": SYNC, "syncs/rudder.yaml": sync})
    one = describe_type(folder, ORDER, "track", sync="rudder")
    assert one["failure"]["reason"] == "missing_required_field"


def test_a_destination_with_declared_fields_says_what_was_checked(folder):
    text = show(folder, ORDER, sync="rudder")
    assert "payload: valid (required: 'event', 'userId' or 'anonymousId')" in text
    assert "Authorization: Basic ‹ssm:write-key›" in text
    [request] = describe_type(folder, ORDER, "track", sync="rudder")["requests"]
    assert [call["messageId"] for call in request["body"]["batch"]] == ["m-1"]


def test_an_event_is_normalised_as_ingest_would(folder):
    body = {"batch": [make_event(timestamp="2026-11-22T00:00:00Z")], "sentAt": None, "context": {"a": 1}}
    event = describe(folder, body)["event"]
    assert event["context"] == {"a": 1}
    assert event["receivedAt"]


def test_a_blocked_event_is_shown_with_its_reasons_and_sent_nowhere(folder):
    found = describe(folder, {"event": "Order Completed"})
    assert (found["verdict"], found["event_types"]) == ("blocked", [])
    assert found["reasons"] == ["missing_type", "missing_identity"]
    text = show(folder, {"event": "Order Completed"})
    assert "it is blocked" in text
    assert 'add "type": "track"' in text


def test_a_retired_sync_says_that_it_gets_no_events(tmp_path):
    files = {"destinations/crm.yaml": CRM, "syncs/all.yaml": SYNC + "retired: true\n"}
    text = show(write_workspace(tmp_path, files), ORDER)
    assert "the sync is retired: it gets no new events" in text
    assert "were it sent, it would be:" in text


def test_an_unknown_sync_is_told_with_the_nearest(folder):
    told = run(folder, "--event", "-", given=ORDER, sync="ruder")
    assert told.exit_code == 1
    assert "there is no sync 'ruder'" in told.stderr
    assert "did you mean rudder?" in told.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which event?"),
        (["--event", "-", "--message-id", "m"], "two events"),
        (["--event", "nowhere.json"], "nowhere.json cannot be read"),
        (["--message-id", "m", "--since", "soon"], "not a valid time"),
        (["--message-id", "m", "--since", "99999999d"], "not a valid time"),
        (["--message-id", "m", "--around", "soon"], "not an ISO 8601 time"),
        (["--event", "-", "--exit-code"], "--exit-code goes with --diff"),
    ],
)
def test_options_that_make_no_sense_are_told(folder, arguments, said):
    told = run(folder, *arguments, given=ORDER)
    assert (told.exit_code, said in told.stderr) == (1, True)


def test_no_sync_is_told_with_those_there_are(folder):
    told = run(folder, "--event", "-", given=ORDER, sync="")
    assert (told.exit_code, "there are: all, rudder" in told.stderr) == (1, True)


def test_a_broken_workspace_is_told_as_check_tells_it(folder):
    (folder / "syncs/all.yaml").write_text("x: 1\n")
    told = run(folder, "--event", "-", given=ORDER)
    assert told.exit_code == 1
    assert "all.yaml:1:1: error:" in told.stderr


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_no_line_is_wider_than_80_columns_and_nothing_of_an_event_is_markup(folder, hostile):
    event = {
        **ORDER,
        "userId": hostile,
        "messageId": hostile,
        "properties": {"total": 3, hostile: hostile, "note": {"a": [hostile] * 3}},
    }
    for one in (event, {**event, "event": hostile}, {**event, "type": hostile}):
        text = show(folder, one)
        lines = text.split("\n")
        assert max(map(cell_len, lines)) <= 80
        assert all(line.isprintable() for line in lines)
        assert "[red]" in text or "[red]" not in hostile


def test_in_a_file_no_line_is_wrapped(folder):
    """Someone who searches a file for a value has to find it in one piece."""
    long = "word " * 30
    event = {**ORDER, "userId": "u" * 60, "properties": {"total": 3, "note": long}}
    command = ["preview", "-w", str(folder), "--sync", "all", "--event", "-"]
    told = CliRunner().invoke(app, command, input=orjson.dumps(event)).stdout
    assert f'"note": "{long}"' in told
    assert "u" * 60 in next(line for line in told.splitlines() if line.split()[:1] == ["id"])


def test_a_deep_event_stays_within_80_columns(folder):
    deep = value = {}
    for _ in range(50):
        value["inner"] = value = {}
    text = show(folder, {**ORDER, "event": "x", "properties": deep})
    assert max(map(cell_len, text.splitlines())) <= 80


def test_a_large_payload_is_cut_for_the_eye_only(folder):
    event = {**ORDER, "event": "x", "properties": {f"key{n}": n for n in range(500)}}
    assert "more lines: --json has them all" in show(folder, event)
    assert len(describe_type(folder, event, "custom_event")["payload"]["properties"]) == 500


def test_colours_are_for_terminals_only(folder):
    assert "\x1b" not in show(folder, ORDER)


@pytest.fixture
def archive(folder):
    with deployed_stack() as client:
        yield client


def look_up(folder, *arguments):
    return run(folder, "--stack", "sluice", "--around", "2026-11-22T09:15:00Z", *arguments)


def test_an_archived_event_is_found_by_its_message_id(folder, archive):
    put_lines(archive, "2026-11-22T09", [make_line("a"), make_line("b", {"userId": "u-9"})])
    told = look_up(folder, "--message-id", "b", "--json")
    [found] = json.loads(told.stdout)["events"]
    assert found["origin"] == "the archive of sluice"
    assert (found["event"]["userId"], found["source"], found["obstacles"]) == ("u-9", "web", [])


def test_the_last_24_hours_are_searched_unless_more_is_asked_for(folder, archive):
    now = datetime.now(UTC)
    for name, hours in (("new", 0), ("old", 30)):
        put_lines(archive, f"{now - timedelta(hours=hours):%Y-%m-%dT%H}", [make_line(name)])
    asked = [("new",), ("old",), ("old", "--since", "2d")]
    codes = [run(folder, "--stack", "sluice", "--message-id", *arguments).exit_code for arguments in asked]
    assert codes == [0, 1, 0]


def test_an_event_of_another_source_says_so(folder, archive):
    put_lines(archive, "2026-11-22T09", [make_line("a", source="shop")])
    text = " ".join(look_up(folder, "--message-id", "a").stdout.split())
    assert "it came from source shop, and the sync takes events of web" in text


def test_a_repeat_says_so(folder, archive):
    put_lines(archive, "2026-11-22T09", [make_line("a", verdict="duplicate", reasons=["duplicate"])])
    assert "it is a repeat" in look_up(folder, "--message-id", "a").stdout


def test_an_event_that_is_not_there_is_told_with_what_was_looked_through(folder, archive):
    put_lines(archive, "2026-11-22T09", [make_line("a")])
    told = look_up(folder, "--message-id", "[b]")
    assert told.exit_code == 1
    assert "no event '[b]' in the archive of sluice" in told.stderr
    assert "from 2026-11-22 08:15 to 2026-11-22 10:15 UTC: looked through 1 objects" in told.stderr


def test_without_a_stack_that_runs_the_archive_cannot_be_read(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SLUICE_LOCAL_DIR", str(tmp_path / "nothing"))
    told = run(folder, "--message-id", "a")
    assert (told.exit_code, "no local stack runs" in told.stderr) == (1, True)


def test_a_secret_of_the_url_stands_as_its_reference_and_is_no_header(tmp_path):
    crm = CRM.replace("https://crm.example.com/events", "https://crm.example.com/in/{ssm:hook}")
    folder = write_workspace(tmp_path / "workspace", {"destinations/crm.yaml": crm, "syncs/all.yaml": SYNC})
    [request] = describe_type(folder, ORDER)["requests"]
    assert request["url"] == "https://crm.example.com/in/{ssm:hook}"
    assert not any("ssm:hook" in name for name in request["headers"])


def test_a_time_that_ingest_replaces_or_moves_is_shown(folder):
    assert "note: timestamp replaced: 'soon' is not a time" in show(folder, make_event(timestamp="soon"))
    fast = {"timestamp": "2036-01-01T00:00:00Z", "sentAt": "2036-01-01T00:00:01Z"}
    assert "note: timestamp moved by more than a day" in show(folder, make_event(**fast))
