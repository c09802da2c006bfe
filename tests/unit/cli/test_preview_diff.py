"""`sluice preview --diff`: what another workspace would do otherwise with a sample of events."""

import json

import orjson
import pytest
from hypothesis import given
from rich.cells import cell_len
from typer.testing import CliRunner

from cli.main import app
from cli.preview.compare import diff_values
from sluice.fields import MISSING
from sluice.filters.equality import same
from tests.builders import make_event
from tests.unit.cli.archives import deployed_stack, make_line, put_lines
from tests.unit.cli.folders import write_workspace
from tests.unit.cli.terminals import TERMINAL
from tests.unit.test_values import values

CRM = "kind: http\nsettings: {url: https://crm.example.com/events}\n"
SYNC = """\
source: web
destination: crm
event_types:
  - type: purchase
    filter: {field: event, op: equals, value: Order Completed}
    mappings:
      id: {field: userId}
      price: {field: properties.total}
"""
NAMES = ["Order Completed", "Order Refunded", "Product Viewed"]


def make_workspace(root, sync=SYNC, crm=CRM, **more):
    return write_workspace(root, {"destinations/crm.yaml": crm, "syncs/all.yaml": sync, **more})


@pytest.fixture
def old(tmp_path):
    return make_workspace(tmp_path / "old")


def run(old, new, *arguments, given=None, sync="all"):
    command = ["preview", "-w", old, "--diff", new, *(["-s", sync] if sync else []), *arguments]
    return CliRunner(env=TERMINAL).invoke(app, [str(part) for part in command], input=given)


def make_sample(*totals):
    """Three events of each total, one of each name, as lines."""
    events = [
        make_event(event=name, messageId=f"{name[:7]}-{n}", properties={"total": total})
        for n, total in enumerate(totals)
        for name in NAMES
    ]
    return b"\n".join(map(orjson.dumps, events))


def compare(old, new, given=None, sync="all", arguments=("--event", "-")):
    told = run(old, new, *arguments, "--json", given=given or make_sample(1, 2), sync=sync)
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def compare_type(old, new, given=None):
    return compare(old, new, given)["syncs"][0]["event_types"][0]


def show(old, new, *arguments, given=None, sync="all"):
    told = run(old, new, "--event", "-", *arguments, given=given or make_sample(1, 2), sync=sync)
    assert told.exit_code == 0, told.output
    assert max(map(cell_len, told.stdout.splitlines())) <= 80
    return told.stdout


def test_the_same_workspace_makes_no_difference(old, tmp_path):
    new = make_workspace(tmp_path / "new")
    assert not compare(old, new)["syncs"][0]["differs"]
    assert "purchase: 2 events, no difference" in show(old, new)


def test_events_that_a_new_filter_takes_or_leaves_are_counted_with_an_example(old, tmp_path):
    new = make_workspace(tmp_path / "new", SYNC.replace("Order Completed", "Order Refunded"))
    one = compare_type(old, new)
    assert (one["before"], one["after"]) == (2, 2)
    assert one["newly_matched"] == {"events": 2, "example": "Order R-0"}
    assert one["no_longer_matched"] == {"events": 2, "example": "Order C-0"}
    text = show(old, new)
    assert "purchase: takes 2 before, 2 after" in text
    assert "+ newly matched: 2 events, such as Order R-0" in text
    assert "- no longer matched: 2 events, such as Order C-0" in text


def test_changed_fields_are_counted_with_an_example(old, tmp_path):
    new = make_workspace(
        tmp_path / "new",
        SYNC.replace("price: {field: properties.total}", "price: {value: 1}\n      a.b: {value: x}"),
    )
    one = compare_type(old, new)
    assert one["payload_changed"] == 2
    assert one["fields"] == [
        {"field": "a", "events": 2, "example": "Order C-0", "after": {"b": "x"}},
        {"field": "price", "events": 1, "example": "Order C-1", "before": 2, "after": 1},
    ]
    assert one["requests"] == []
    text = show(old, new)
    assert "payload changed: 2 events" in text
    assert "price: 1 event\n        Order C-1: 2 → 1" in text
    assert 'Order C-0: nothing → {"b":"x"}' in text


def test_mappings_that_begin_to_fail_are_counted_with_why(old, tmp_path):
    new = make_workspace(
        tmp_path / "new", SYNC.replace("properties.total}", "properties.total, as: boolean}")
    )
    one = compare_type(old, new, make_sample(1, 7))
    why = {"after": "price: 7 is not a boolean"}
    assert one["newly_failing"] == [{"reason": "mapping_failed", "events": 1, "example": "Order C-1", **why}]
    back = compare_type(new, old, make_sample(1, 7))
    assert back["no_longer_failing"][0]["events"] == 1
    assert "newly failing, mapping_failed: 1 event" in show(old, new, given=make_sample(1, 7))


def test_a_failure_for_another_reason_is_one_too(old, tmp_path):
    failing = SYNC.replace("properties.total}", "properties.total, as: boolean}")
    first = make_workspace(tmp_path / "first", failing)
    second = make_workspace(tmp_path / "second", failing.replace("properties.total,", "event,"))
    [one] = compare_type(first, second, make_sample(7))["newly_failing"]
    assert "mapping_failed: price: 7" in one["before"]
    assert compare_type(first, first, make_sample(7))["newly_failing"] == []


def test_a_destination_that_changes_shows_in_the_request_and_in_the_settings(old, tmp_path):
    new = make_workspace(tmp_path / "new", SYNC + "batch_size: 1\n", CRM.replace("/events", "/v2"))
    [one] = compare(old, new)["syncs"]
    assert {change["setting"]: change["after"] for change in one["settings"]} == {
        "batch_size": 1,
        "destination.settings.url": "https://crm.example.com/v2",
    }
    [kind] = one["event_types"]
    assert kind["request_changed"] == 2
    assert [part["part"] for part in kind["requests"]] == ["url"]
    assert "request changed: 2 events" in show(old, new)


def test_secrets_are_compared_by_their_reference(old, tmp_path):
    settings = CRM.rstrip("}\n") + ', headers: {X-Key: {secret: "ssm:NAME"}}}\n'
    first, second = (
        make_workspace(tmp_path / name, crm=settings.replace("NAME", name)) for name in ("one", "two")
    )
    [part] = compare_type(first, second)["requests"]
    assert part == {
        "part": "headers.X-Key",
        "events": 2,
        "example": "Order C-0",
        "before": "‹ssm:one›",
        "after": "‹ssm:two›",
    }


def test_a_type_in_one_workspace_only_is_gained_or_lost(old, tmp_path):
    new = make_workspace(tmp_path / "new", SYNC + "  - type: custom_event\n")
    types = {one["type"]: one for one in compare(old, new)["syncs"][0]["event_types"]}
    assert types["custom_event"]["newly_matched"]["events"] == 4


def test_a_sync_in_one_workspace_only_is_said(old, tmp_path):
    new = make_workspace(tmp_path / "new", **{"syncs/extra.yaml": SYNC})
    syncs = {one["sync"]: one for one in compare(old, new, sync="")["syncs"]}
    assert (syncs["extra"]["only_in"], syncs["extra"]["events"]) == ("after", 6)
    assert syncs["all"]["differs"] is False
    assert "only in the other workspace: it is new" in show(old, new, sync="")
    assert "only in the first workspace: it would be gone" in show(new, old, sync="extra")


def test_a_sync_that_is_retired_sends_nothing_any_more(old, tmp_path):
    new = make_workspace(tmp_path / "new", SYNC + "retired: true\n")
    assert compare_type(old, new)["no_longer_matched"]["events"] == 2


def test_true_is_another_value_than_1(old, tmp_path):
    first = make_workspace(tmp_path / "one", SYNC.replace("{field: userId}", "{value: 1}"))
    second = make_workspace(tmp_path / "two", SYNC.replace("{field: userId}", "{value: true}"))
    assert compare_type(first, second)["payload_changed"] == 2


def test_events_that_are_blocked_are_not_compared(old, tmp_path):
    new = make_workspace(tmp_path / "new")
    assert compare(old, new, b'{"event": "x"}')["syncs"][0]["events"] == 0


def test_differences_are_the_exit_code_only_where_asked_for(old, tmp_path):
    same_one = make_workspace(tmp_path / "same")
    other = make_workspace(tmp_path / "new", SYNC.replace("userId", "anonymousId"))
    codes = [
        run(old, new, "--event", "-", *flag, given=make_sample(1)).exit_code
        for new in (same_one, other)
        for flag in ([], ["--exit-code"])
    ]
    assert codes == [0, 0, 0, 1]


def test_an_unknown_sync_is_told(old, tmp_path):
    told = run(old, make_workspace(tmp_path / "new"), "--event", "-", given=make_sample(1), sync="al")
    assert (told.exit_code, "did you mean all?" in told.stderr) == (1, True)


def test_another_workspace_that_is_broken_is_told(old, tmp_path):
    new = make_workspace(tmp_path / "new", "x: 1\n")
    told = run(old, new, "--event", "-", given=make_sample(1))
    assert (told.exit_code, "all.yaml:1:1: error:" in told.stderr) == (1, True)


def test_nothing_of_an_event_is_markup(old, tmp_path):
    new = make_workspace(tmp_path / "new", SYNC.replace("userId", "properties"))
    event = make_event(messageId="[red]\x1b[2J", properties={"[/x]": "a" * 500})
    text = show(old, new, given=orjson.dumps(event))
    assert "[red]\\u001b[2J" in text
    assert '{"[/x]":"aaa' in text


@pytest.fixture
def archive():
    with deployed_stack() as client:
        yield client


AROUND = ("--stack", "sluice", "--around", "2026-11-22T09:15:00Z")


def test_the_sample_is_of_the_newest_accepted_events_of_the_syncs_source(old, tmp_path, archive):
    lines = [make_line(f"m-{n}") for n in range(5)]
    others = [
        make_line("x", source="shop"),
        make_line("y", verdict="blocked"),
        make_line("z", verdict="duplicate"),
    ]
    put_lines(archive, "2026-11-22T09", lines + others)
    new = make_workspace(tmp_path / "new", SYNC.replace("userId", "messageId"))
    told = compare(old, new, arguments=(*AROUND, "--sample", "3"))
    assert told["events"] == 3
    assert told["sample"].startswith("3 events, the newest in the archive of sluice from 2026-11-22 08:15")
    [field] = told["syncs"][0]["event_types"][0]["fields"]
    assert field == {"field": "id", "events": 3, "example": "m-4", "before": "u-1", "after": "m-4"}


def test_a_replay_does_not_count_its_events_once_more(old, tmp_path, archive):
    lines = [make_line("a"), make_line("a", replay="r-1", pack_id="p-2"), make_line("b")]
    put_lines(archive, "2026-11-22T09", lines)
    new = make_workspace(tmp_path / "new", SYNC.replace("userId", "messageId"))
    told = compare(old, new, arguments=AROUND)
    assert told["events"] == 2


def test_many_changed_fields_are_cut_for_the_eye_only(old, tmp_path):
    first, second = (
        make_workspace(tmp_path / name, SYNC.replace("{field: userId}", f"{{field: {name}}}"))
        for name in ("properties", "traits")
    )
    wide = make_event(**{name: {f"k{n}": name for n in range(30)} for name in ("properties", "traits")})
    assert "… 10 more: --json has them all" in show(first, second, given=orjson.dumps(wide))
    assert len(compare_type(first, second, orjson.dumps(wide))["fields"]) == 30


def test_an_empty_archive_is_an_empty_sample(old, tmp_path, archive):
    told = run(old, make_workspace(tmp_path / "new"), *AROUND)
    assert told.exit_code == 0
    assert "sample: 0 events" in told.stdout


def test_a_source_that_differs_counts_each_side_with_its_own(old, tmp_path, archive):
    put_lines(archive, "2026-11-22T09", [make_line("a"), make_line("b", source="shop")])
    new = make_workspace(tmp_path / "new", SYNC.replace("web", "shop"), **{"sources/shop.yaml": ""})
    one = compare(old, new, arguments=AROUND)["syncs"][0]["event_types"][0]
    assert one["newly_matched"] == {"events": 1, "example": "b"}
    assert one["no_longer_matched"] == {"events": 1, "example": "a"}


@given(values, values)
def test_values_differ_where_they_are_not_the_same(before, after):
    before, after = (json.loads(json.dumps(value).replace("NaN", "0")) for value in (before, after))
    differences = list(diff_values(before, after))
    assert bool(differences) is not same(before, after)
    assert not list(diff_values(before, before))
    for _path, old, new in differences:
        assert old is MISSING or new is MISSING or not same(old, new)
