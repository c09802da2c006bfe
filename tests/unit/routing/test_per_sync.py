"""Functions of one sync: what it gets, what the others get all the same, what the archive says of both."""

from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.bootstrap.function_calls import has_functions
from sluice.packs import Replay, parse_sync_pack
from sluice.privacy.suppression import SuppressionUnknown
from sluice.transforms.results import derive_id
from sluice.transforms.transform import MAX_CALLS
from tests.unit.routing.world import BASE, ORDERS, World, make_pack, make_sync, make_type, make_workspace
from tests.unit.transforms.world import Unreachable, make_event
from tests.unit.transforms.world import World as Functions

ROUTES = [{"sync": "other", "type": "custom_event"}]


def start(function, *types, source=None, **over):
    """A router with a sync `own` that has a function, and one without; beside it the calls of functions."""
    own = make_sync("Own", *types, functions=["f"], **over)
    workspace = make_workspace(own=own, other=make_sync("Other"))
    if source:
        workspace["sources"]["web"]["functions"] = [source]
    functions = Functions({"f": function})
    world = World(workspace)
    world.start_functions = lambda _seconds_left: functions.open().apply
    return world, functions


def route(world, *events, **over):
    """The archive lines of one pack, and the report."""
    world.post(make_pack(*events, **over))
    report = world.run()
    return world.stream.lines(), report


def read_sent(world, name):
    packs = [parse_sync_pack(m.body) for m in world.queues.messages.get(BASE + name, [])]
    return [item.event for pack in packs for item in pack.items]


def mark(events):
    return [{**event, "marked": True} for event in events]


def drop(_events):
    return []


def fail(_events):
    raise ValueError("no")


def double(events):
    return [made for event in events for made in (event, {**event, "event": "Made"})]


def test_only_the_syncs_own_copy_changes_and_the_archive_keeps_what_all_saw():
    world, _ = start(mark)
    [line], report = route(world, event := make_event(1))
    assert read_sent(world, "Own") == [{**event, "marked": True}]
    assert read_sent(world, "Other") == [event]
    assert line["event"] == event
    assert line["syncs"] == [*ROUTES, {"sync": "own", "type": "custom_event"}]
    assert not {"original", "skipped", "function_error"} & set(line)
    assert (report.accepted, report.routed) == (1, {"own": 1, "other": 1})


def test_an_event_that_is_left_as_it_is_has_the_line_that_it_would_have_without_a_function():
    plain = World(make_workspace(other=make_sync("Other"), own=make_sync("Own")))
    world, _ = start(lambda events: events)
    assert route(world, make_event(1), pack_id="p")[0] == route(plain, make_event(1), pack_id="p")[0]


@pytest.mark.parametrize(("made", "taken"), [("Order Completed", True), ("Page Left", False)])
def test_the_syncs_filters_see_what_its_function_made_and_no_others_do(made, taken):
    world, _ = start(
        lambda events: [{**event, "event": made} for event in events], make_type("purchase", ORDERS)
    )
    [line], _ = route(world, make_event(1, event="Signed Up"))
    assert line["syncs"] == ROUTES + [{"sync": "own", "type": "purchase"}] * taken
    assert world.sent("Own") == [("purchase", "m-1")] * taken


@pytest.mark.parametrize(
    ("function", "reason", "error"),
    [(drop, "function_dropped", None), (fail, "function_error", "f: ValueError: no")],
)
def test_what_is_dropped_or_fails_is_so_for_this_sync_only(function, reason, error):
    world, _ = start(function)
    [line], report = route(world, event := make_event(1))
    assert (line["verdict"], line["reasons"], line["syncs"], line["event"]) == ("accepted", [], ROUTES, event)
    assert line["skipped"] == [{"sync": "own", "reason": reason}]
    assert line.get("function_error") == error
    assert (world.sent("Own"), world.sent("Other")) == ([], [("custom_event", "m-1")])
    assert (report.accepted, report.skipped) == (1, {reason: 1})
    assert report.function_errors == ({"f": 1} if error else {})


def test_children_have_lines_of_their_own_and_go_to_this_sync_only():
    world, _ = start(double)
    lines, report = route(world, make_event(1), make_event(2))
    ids = [derive_id(f"m-{n}", "f", 1) for n in (1, 2)]
    both = [*ROUTES, {"sync": "own", "type": "custom_event"}]
    assert [(line["message_id"], line["parent_id"], line["verdict"], line["syncs"]) for line in lines] == [
        ("m-1", None, "accepted", both),
        (ids[0], "m-1", "accepted", both[1:]),
        ("m-2", None, "accepted", both),
        (ids[1], "m-2", "accepted", both[1:]),
    ]
    assert [line["event"]["event"] for line in lines] == ["Order Completed", "Made"] * 2
    assert [message_id for _, message_id in world.sent("Own")] == ["m-1", ids[0], "m-2", ids[1]]
    assert [message_id for _, message_id in world.sent("Other")] == ["m-1", "m-2"]
    assert report.accepted == 4


def test_where_no_event_keeps_the_id_the_sync_gets_children_only():
    world, _ = start(
        lambda events: [event.update(messageId="new-" + event["messageId"]) or event for event in events]
    )
    lines, _ = route(world, make_event(1))
    assert [(line["message_id"], line["parent_id"]) for line in lines] == [("m-1", None), ("new-m-1", "m-1")]
    assert lines[0]["syncs"] == ROUTES
    assert "skipped" not in lines[0]
    assert world.sent("Own") == [("custom_event", "new-m-1")]


def test_the_function_of_a_sync_gets_what_its_source_made_children_too():
    world, functions = start(mark, source="split")
    functions.functions["split"] = double
    lines, _ = route(world, make_event(1))
    child = derive_id("m-1", "split", 1)
    assert functions.calls == [("split", ["m-1"]), ("f", ["m-1", child])]
    assert [(line["message_id"], "marked" in line["event"]) for line in lines] == [
        ("m-1", False),
        (child, False),
    ]
    assert [(event["event"], event["marked"]) for event in read_sent(world, "Own")] == [
        ("Order Completed", True),
        ("Made", True),
    ]


def test_the_same_function_at_source_and_sync_gives_no_two_events_one_id():
    world, _ = start(double, source="f")
    lines, _ = route(world, make_event(1))
    again, _ = route(World(world.workspace, start_functions=world.start_functions), make_event(1))
    ids = [line["message_id"] for line in lines]
    assert len(set(ids)) == 4
    assert len({line["n"] for line in lines}) == 4
    assert [line["message_id"] for line in again] == ids


def test_what_is_blocked_or_a_duplicate_meets_no_function():
    world, functions = start(mark)
    route(world, make_event(1), make_event(2), blocked={1: ["missing_type"]})
    route(world, make_event(1), make_event(2), blocked={1: ["missing_type"]}, pack_id="again")
    assert functions.calls == [("f", ["m-1"])]
    assert [verdict for _, verdict in world.verdicts()] == ["accepted", "blocked", "duplicate", "duplicate"]


def test_an_event_that_the_sync_must_not_get_is_not_shown_to_its_function():
    world, functions = start(mark)
    [line], _ = route(world, make_event(1, integrations={"crm": False}))
    assert functions.calls == []
    assert {pair["sync"] for pair in line["skipped"]} == {"own", "other"}


def test_a_function_may_switch_its_sync_off():
    world, _ = start(lambda events: [{**event, "integrations": {"crm": False}} for event in events])
    [line], _ = route(world, make_event(1))
    assert line["skipped"] == [{"sync": "own", "reason": "integration_disabled"}]
    assert (world.sent("Own"), len(world.sent("Other"))) == ([], 1)


def find_ann(events):
    return {n: "digest" for n, event in enumerate(events) if event["userId"] == "ann"}


def test_whom_a_syncs_function_names_may_be_suppressed():
    def name(events):
        return [made for event in double(events) for made in [{**event, "userId": "ann"}]]

    world, _ = start(name)
    world.find_suppressed = find_ann
    parent, child = route(world, make_event(1))[0]
    assert parent["skipped"] == [{"sync": "own", "reason": "suppressed"}]
    assert (child["verdict"], child["reasons"], child["syncs"]) == ("dropped", ["suppressed"], [])
    assert "ann" not in orjson.dumps(child["event"]).decode()
    assert world.sent("Own") == []


def test_where_suppression_becomes_unknown_the_pack_is_tried_again():
    def find(events):
        if "marked" in events[0]:
            raise SuppressionUnknown("no answer")
        return {}

    world, _ = start(mark)
    world.find_suppressed = find
    _, report = route(world, make_event(1))
    assert (report.trouble, world.waiting(), world.sent("Other")) == ({"suppression": 1}, 1, [])


def test_trouble_with_lambda_has_the_pack_tried_again_with_nothing_sent():
    def unreachable(_events):
        raise Unreachable

    world, _ = start(unreachable)
    lines, report = route(world, make_event(1))
    assert (lines, report.trouble, world.waiting()) == ([], {"functions": 1}, 1)


def test_a_replay_applies_the_function_again_and_one_for_other_syncs_does_not():
    world, functions = start(double)
    lines, _ = route(world, make_event(1), pack_id="live")
    route(world, lines[0]["event"], pack_id="r1", replay=Replay("r1", ("own",)))
    child = derive_id("m-1", "f", 1)
    assert [message_id for _, message_id in world.sent("Own")] == ["m-1", child] * 2
    assert len(world.sent("Other")) == 1
    route(world, lines[0]["event"], pack_id="r2", replay=Replay("r2", ("other",)))
    assert len(functions.calls) == 2
    assert world.stream.lines()[-1]["syncs"] == ROUTES


def test_syncs_with_the_same_functions_share_their_calls_and_have_children_of_their_own():
    world, functions = start(double)
    world.workspace["syncs"]["third"] = make_sync("Third", functions=["f"])
    lines, _ = route(world, make_event(1))
    assert functions.calls == [("f", ["m-1"])]
    assert [[route["sync"] for route in line["syncs"]] for line in lines] == [
        ["other", "own", "third"],
        ["own"],
        ["third"],
    ]
    assert len({line["n"] for line in lines}) == 3


def test_the_calls_of_source_and_sync_come_out_of_the_packs_one_budget():
    def fail_over_one(events):
        return fail(events) if any(event["messageId"] == "m-0" for event in events) else events

    world, functions = start(fail, source="g")
    functions.functions["g"] = fail_over_one
    lines, _ = route(world, *[make_event(n) for n in range(200)])
    assert len(functions.calls) == MAX_CALLS
    assert [line["verdict"] for line in lines] == ["blocked"] + ["accepted"] * 199
    assert len(world.sent("Other")) == 199


def test_an_inactive_syncs_function_is_not_called():
    world, functions = start(mark, retired=True)
    [line], _ = route(world, make_event(1))
    assert (functions.calls, line["syncs"]) == ([], ROUTES)


def test_the_function_of_a_sync_is_reason_enough_to_make_a_client():
    assert has_functions(start(mark)[0].workspace)
    assert not has_functions(make_workspace())


def test_events_of_another_source_meet_no_function():
    world, functions = start(mark)
    route(world, make_event(1), source="app")
    assert functions.calls == []


PLANS = st.lists(
    st.sampled_from(["keep", "drop", "rename", "double", "treble", "fail"]), min_size=1, max_size=8
)


@given(PLANS)
def test_whatever_a_function_does_every_event_of_a_sync_is_in_the_archive_once_and_numbers_are_stable(plan):
    def play(events):
        made = []
        for event in events:
            do = event["properties"]["do"]
            if do == "fail":
                raise ValueError("no")
            if do == "rename":
                event["messageId"] = "new-" + event["messageId"]
            made += [dict(event) for _ in range({"drop": 0, "double": 2, "treble": 3}.get(do, 1))]
        return made

    def run():
        world, _ = start(play)
        events = [make_event(n, properties={"do": do}) for n, do in enumerate(plan)]
        return SimpleNamespace(world=world, lines=route(world, *events, pack_id="p")[0])

    one, two = run(), run()
    assert one.lines == two.lines
    numbers = [line["n"] for line in one.lines]
    assert len(set(numbers)) == len(numbers)
    archived = [(line["message_id"], r["sync"]) for line in one.lines for r in line["syncs"]]
    sent = [(id, name.lower()) for name in ("Own", "Other") for _, id in one.world.sent(name)]
    assert sorted(archived) == sorted(sent)
    assert len(one.world.sent("Other")) == len(plan)
