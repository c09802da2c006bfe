"""sluice contracts infer and test, over an archive in moto."""

import json
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.contracts import app
from cli.contracts.infer import ALLOW_ALL, MOST_DEFINITIONS, Draft, list_candidates
from tests.unit.cli.archives import deployed_stack, make_line, put_lines
from tests.unit.cli.folders import write_workspace
from tests.unit.contracts.builders_contract import find_problems, make_check, make_contract

HOUR = f"{datetime.now(UTC):%Y-%m-%dT%H}"
STRICT = """\
on_undeclared_schema: BLOCK_EVENT
events:
  - type: track
    name: Order Completed
    schema:
      required: [total]
      properties: {total: {type: number}}
"""
LOOSE = STRICT.replace("BLOCK_EVENT", "ALLOW_EVENT").replace("required: [total]", "required: []")
OMITTED = {
    "event_name": "Order Completed",
    "event_type": "track",
    "schema_version": "default",
    "has_undeclared_schema": False,
    "has_undeclared_fields": True,
    "has_schema_violated": False,
    "messages": ["properties.coupon: undeclared field"],
}


@pytest.fixture
def bucket():
    with deployed_stack() as client:
        yield client


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments), "--stack", "sluice"])


def make_workspace(root, contract=STRICT):
    files = {"contracts/shop.yaml": contract, "sources/web.yaml": "contracts: [shop]\n"}
    return write_workspace(root, files)


def order(message_id, properties, **over):
    return make_line(message_id, {"properties": properties}, **over)


def test_a_contract_is_drafted_from_archived_events(bucket, tmp_path):
    lines = [
        order(
            f"m-{n}",
            {"total": n / 2, "currency": ["EUR", "USD"][n % 2], "at": "2026-11-22T00:00:00Z", "n": n},
        )
        for n in range(49)
    ]
    lines.append(order("m-49", {"total": 1, "currency": "EUR", "at": "2026-11-22T00:00:00Z", "coupon": None}))
    put_lines(bucket, HOUR, [*lines, make_line("x", source="other"), order("r", {"x": 1}, replay="r-1")])
    result = run("infer", "--source", "web", "--workspace", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("# Drafted by sluice contracts infer from 50 events of web.")
    assert yaml.safe_load(result.output) == {
        "on_undeclared_schema": "ALLOW_EVENT",
        "on_undeclared_fields": "ALLOW_EVENT",
        "on_schema_violation": "ALLOW_EVENT",
        "events": [
            {
                "type": "track",
                "name": "Order Completed",
                "schema": {
                    "type": "object",
                    "required": ["at", "currency", "total"],
                    "properties": {
                        "at": {"type": "string", "format": "date-time"},
                        "coupon": {"type": "null"},
                        "currency": {"type": "string", "enum": ["EUR", "USD"]},
                        "n": {"type": "integer"},
                        "total": {"type": "number"},
                    },
                },
            }
        ],
    }


def test_fewer_than_50_samples_make_neither_required_nor_enum():
    draft = Draft()
    for n in range(49):
        draft.add({"type": "track", "event": "t", "properties": {"currency": ["EUR", "USD"][n % 2]}})
    [drafted] = draft.describe()["events"]
    assert drafted["schema"] == {"type": "object", "properties": {"currency": {"type": "string"}}}


def test_the_samples_of_a_field_count_not_those_of_the_event():
    """50 events of which 10 have an address say little about addresses."""
    draft = Draft()
    for n in range(50):
        draft.add({"type": "track", "event": "t", "properties": {"to": {"zip": "1"}} if n < 10 else {}})
    [drafted] = draft.describe()["events"]
    zipped = {"type": "object", "properties": {"zip": {"type": "string"}}}
    assert drafted["schema"] == {"type": "object", "properties": {"to": zipped}}


def test_the_events_before_contract_and_function_are_what_a_draft_is_made_of(bucket, tmp_path):
    original = {"type": "track", "event": "Order Completed", "properties": {"coupon": "x"}}
    put_lines(bucket, HOUR, [order("m-1", {}, original=original, violations=OMITTED)])
    assert "coupon" in run("infer", "--source", "web", "--workspace", tmp_path).output


def test_a_draft_is_written_once_and_passes_the_check(bucket, tmp_path):
    put_lines(bucket, HOUR, [order("m-1", {"total": 1})])
    root = write_workspace(tmp_path, {"sources/web.yaml": "contracts: [drafted]\n"})
    result = run("infer", "--source", "web", "--workspace", root, "--write", "drafted")
    assert result.exit_code == 0, result.output
    assert "1 definitions from 1 events" in result.output
    assert run("test", "--workspace", root).exit_code == 0
    again = run("infer", "--source", "web", "--workspace", root, "--write", "drafted")
    assert (again.exit_code, "is there already" in again.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["infer", "--source", "nobody"], "no event of source 'nobody'"),
        (["infer", "--source", "web", "--since", "soon"], "'soon' is not a valid time"),
        (["infer", "--source", "web", "--since", "99999999999999d"], "'99999999999999d' is not a valid time"),
        (["infer", "--source", "web", "--write", "A B"], "'A B' is not a valid name"),
        (["test", "--source", "wbe"], "there is no source 'wbe'"),
        (["test"], "no event in the archive of sluice, --since 24h"),
    ],
)
def test_what_cannot_be_done_is_told(bucket, tmp_path, arguments, message):
    result = run(*arguments, "--workspace", make_workspace(tmp_path))
    assert result.exit_code == 1
    assert message in result.output


def try_lines(bucket, tmp_path, *lines, contract=STRICT, more=()):
    put_lines(bucket, HOUR, lines)
    result = run("test", "--workspace", make_workspace(tmp_path, contract), "--json", *more)
    assert result.exit_code == 0, result.output
    return {
        change["event"]: change
        for source in json.loads(result.output)["sources"]
        for change in source["changes"]
    }


def test_what_would_newly_be_blocked_and_left_out_is_told(bucket, tmp_path):
    found = try_lines(
        bucket,
        tmp_path,
        order("m-1", {"total": 1}),
        order("m-2", {"total": "1"}),
        order("m-3", {"total": 1, "coupon": "x"}),
        make_line("m-4", {"event": "Else"}),
    )
    assert found["track 'Order Completed'"]["events"] == 3
    assert found["track 'Order Completed'"]["blocks"] == [
        {
            "what": "schema_violation",
            "events": 1,
            "example": "m-2",
            "why": 'properties.total: the value is not of type "number"',
        }
    ]
    assert found["track 'Order Completed'"]["omits"] == [
        {"what": "properties.coupon", "events": 1, "example": "m-3"}
    ]
    assert found["track 'Else'"]["blocks"][0]["what"] == "undeclared_event"


def test_blocked_events_are_told_apart_by_what_they_break(bucket, tmp_path):
    """What is only left out of an event is not why it is blocked."""
    items = "total: {type: number}, items: {type: array, items: {type: string}}"
    found = try_lines(
        bucket,
        tmp_path,
        order("m-1", {"total": 1, "items": ["a", 2], "coupon": "x"}),
        order("m-2", {"total": 1, "items": [1]}),
        order("m-3", {"total": "1"}),
        contract=STRICT.replace("total: {type: number}", items),
    )
    assert [(f["what"], f["events"], f["why"]) for f in found["track 'Order Completed'"]["blocks"]] == [
        ("schema_violation", 2, 'properties.items.*: the value is not of type "string"'),
        ("schema_violation", 1, 'properties.total: the value is not of type "number"'),
    ]


def test_an_event_to_which_a_function_gave_another_id_is_tried_and_drafted_from(bucket, tmp_path):
    original = order("m-1", {"total": "1"})["event"]
    line = order("other", {"total": "1"}, parent_id="m-1", original=original)
    [change] = try_lines(bucket, tmp_path, line).values()
    assert change["blocks"][0]["events"] == 1
    assert [event["messageId"] for event in list_candidates([line], "web")] == ["m-1"]


def test_what_was_decided_the_same_then_is_no_change(bucket, tmp_path):
    original = order("m-1", {"total": 1, "coupon": "x"})["event"]
    left_out = order("m-1", {"total": 1}, original=original, violations=OMITTED)
    blocked = order(
        "m-2", {}, verdict="blocked", reasons=["schema_violation"], violations={**OMITTED, "messages": []}
    )
    assert try_lines(bucket, tmp_path, left_out, blocked) == {}


def test_what_would_no_longer_be_blocked_or_left_out_is_told(bucket, tmp_path):
    original = order("m-1", {"total": 1, "coupon": "x"})["event"]
    left_out = order("m-1", {"total": 1}, original=original, violations=OMITTED)
    blocked = order(
        "m-2", {}, verdict="blocked", reasons=["schema_violation"], violations={**OMITTED, "messages": []}
    )
    contract = LOOSE.replace("{total: {type: number}}", "{total: {}, coupon: {}}")
    [change] = try_lines(bucket, tmp_path, left_out, blocked, contract=contract).values()
    assert [finding["what"] for finding in change["unblocks"]] == ["schema_violation"]
    assert [finding["what"] for finding in change["keeps"]] == ["properties.coupon"]


def test_events_that_met_no_contract_then_are_not_tried(bucket, tmp_path):
    lines = [
        order("d", {}, verdict="duplicate", reasons=["duplicate"]),
        order("i", {}, verdict="blocked", reasons=["missing_type"]),
        order("c", {}, parent_id="m-1"),
        order("r", {}, replay="r-1"),
        order("m", {"total": 1}),
    ]
    assert try_lines(bucket, tmp_path, *lines) == {}


def test_two_workspaces_are_compared(bucket, tmp_path):
    other = make_workspace(tmp_path / "other", STRICT)
    [change] = try_lines(
        bucket, tmp_path / "own", order("m-1", {}), contract=LOOSE, more=["--diff", str(other)]
    ).values()
    assert [finding["what"] for finding in change["blocks"]] == ["schema_violation"]


def test_the_exit_code_says_whether_something_differs_and_people_can_read_it(bucket, tmp_path):
    put_lines(
        bucket,
        HOUR,
        [order("m-1", {"total": 1, "coupon": "x"}), order("m-2", {}), order("m-3", {"total": 1})],
    )
    root = make_workspace(tmp_path)
    result = run("test", "--workspace", root, "--exit-code")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"compared: what was decided then → {root}",
        "",
        "source web: 3 events",
        "  track 'Order Completed': 3 events",
        "    newly blocked: 1 event: schema_violation, such as m-2",
        '      properties: "total" is a required property',
        "    newly omitted: 1 event: properties.coupon, such as m-1",
    ]


NAMES = st.text("abc. ", min_size=1, max_size=3)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(-9, 9)
    | st.sampled_from(["x", "2026-11-22", "a@b.co"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=12))
def test_the_events_that_a_draft_was_made_of_keep_it(datas):
    draft = Draft()
    events = [{"type": "track", "event": "t", "properties": data} for data in datas]
    for event in events * 50:
        draft.add(event)
    blocking = dict.fromkeys(ALLOW_ALL, "BLOCK_EVENT")
    contract = make_contract(**{**draft.describe(), **blocking})
    assert find_problems(contract) == []
    check = make_check(contract)
    assert [check(event) for event in events] == [None] * len(events)


def test_an_event_of_a_version_that_no_contract_can_have_is_left_out():
    """Clients choose it; one of them must not make the draft a file that is refused."""
    event = {"type": "track", "event": "Order Completed", "properties": {}}
    draft = Draft()
    draft.add(event)
    draft.add({**event, "context": {"htevents": {"schemaVersion": "v" * 65}}})
    assert draft.events == 1
    assert find_problems(make_contract(**draft.describe())) == []


def test_of_too_many_names_the_rarest_are_left_out():
    """Some clients write data into names: the file would be one that nobody reads, and that check refuses."""
    draft = Draft()
    for n in range(MOST_DEFINITIONS + 3):
        draft.add({"type": "track", "event": f"Viewed {n}"})
    draft.add({"type": "track", "event": "Viewed 502"})
    described = draft.describe()["events"]
    assert (len(described), draft.left_out) == (MOST_DEFINITIONS, 3)
    assert described[0]["name"] == "Viewed 502"
    assert "# 3 more definitions, of the rarest names, are left out" in draft.render("503 events")


def test_order_numbers_are_not_drafted_as_times(bucket, tmp_path):
    put_lines(bucket, HOUR, [order(f"m-{n}", {"number": str(1_700_000_000 + n)}) for n in range(20)])
    result = run("infer", "--source", "web", "--workspace", tmp_path)
    [drafted] = yaml.safe_load(result.output)["events"]
    assert drafted["schema"]["properties"]["number"] == {"type": "string"}
