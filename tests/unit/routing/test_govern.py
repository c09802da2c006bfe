"""Rules in their order, what they leave in the archive, and what they cost a pack that has none."""

import re

import pytest

from sluice.privacy.suppression import SuppressionUnknown
from sluice.routing.govern import GovernFailed, Rules, govern
from sluice.routing.report import Report
from sluice.transforms.outcomes import Outcome as Made
from sluice.workspace.contracts import compile_contract_file
from tests.unit.contracts.builders_contract import make_check, make_contract
from tests.unit.routing.world import INGEST, World, make_event, make_pack, make_workspace

CONTRACT = make_contract(
    {"type": "track", "name": "Order Completed", "schema": {"properties": {"a": {"type": "number"}}}},
    on_undeclared_schema="BLOCK_EVENT",
)
CHECK = Rules(check=make_check(CONTRACT))


def with_contract(dedup="request"):
    workspace = make_workspace(dedup)
    workspace["contracts"] = {"shop": compile_contract_file(CONTRACT)}
    workspace["sources"]["web"]["contracts"] = ["shop"]
    return workspace


def govern_one(*events, rules=CHECK, duplicates=(), blocked=None, **over):
    [told] = govern(
        [(make_pack(*events, blocked=blocked or {}), frozenset(duplicates))], {"web": rules}, **over
    )
    return told


def test_a_pack_of_a_source_without_rules_is_left_alone():
    assert govern([(make_pack(), frozenset())], {}) == [None]
    assert govern([(make_pack(), frozenset())], {}, lambda _events: {}) == [None]


def test_duplicates_and_what_ingest_blocked_meet_no_contract():
    events = [make_event(1, event="Else"), make_event(2, event="Else"), make_event(3, event="Else")]
    told = govern_one(*events, duplicates={0}, blocked={1: ["missing_type"]})
    assert [(g.verdict, list(g.reasons), g.violations is None) for g in told] == [
        ("duplicate", ["duplicate"], True),
        ("blocked", ["missing_type"], True),
        ("blocked", ["undeclared_event"], False),
    ]


def test_privacy_comes_before_the_contract_and_reaches_every_event():
    seen = []
    rules = Rules(protect=lambda event: {**event, "userId": "hashed"}, check=seen.append)
    told = govern_one(make_event(1), make_event(2), rules=rules, duplicates={1})
    assert [g.event["userId"] for g in told] == ["hashed", "hashed"]
    assert [event["userId"] for event in seen] == ["hashed"]


def test_a_suppressed_users_event_is_reduced_whatever_else_is_said_of_it():
    told = govern_one(make_event(1, email="x"), duplicates={0}, find_suppressed=lambda _events: {0: "d"})
    assert [(g.verdict, list(g.reasons), "email" in g.event) for g in told] == [
        ("dropped", ["suppressed"], False)
    ]


def test_a_suppressed_user_is_known_by_the_id_that_privacy_takes_away():
    def find(events):
        return {n: "d" for n, event in enumerate(events) if event.get("userId") == "u-1"}

    rules = Rules(protect=lambda event: {k: v for k, v in event.items() if k != "userId"})
    told = govern_one(make_event(1), make_event(2), rules=rules, find_suppressed=find)
    assert [g.verdict for g in told] == ["dropped", "accepted"]


def test_where_suppression_is_unknown_the_pack_is_tried_again():
    def ask(_events):
        raise SuppressionUnknown("no answer")

    told = govern_one(find_suppressed=ask)
    assert isinstance(told, GovernFailed)
    assert told.stage == "suppression"


def test_what_is_wrong_with_one_pack_holds_up_no_other():
    def check(event):
        if event["messageId"] == "m-1":
            raise ZeroDivisionError

    packs = [(make_pack(make_event(n)), frozenset()) for n in (1, 2)]
    first, second = govern(packs, {"web": Rules(check=check)})
    assert isinstance(first, ZeroDivisionError)
    assert [g.verdict for g in second] == ["accepted"]


def apply(results):
    """Functions that answer by message id; whatever is not listed stays as it is."""

    def run(batch, functions):
        assert functions == ("f",)
        return {key: results.get(event["messageId"], Made((event,))) for key, event in batch}

    return run


FUNCTIONS = Rules(functions=("f",))


def test_what_functions_make_of_an_event_is_told_event_by_event():
    kept, dropped, failed, changed = (make_event(n) for n in range(4))
    results = {"m-1": Made(()), "m-2": Made(error="f: no"), "m-3": Made(({**changed, "x": 1},))}
    told = govern_one(kept, dropped, failed, changed, rules=FUNCTIONS, apply_functions=apply(results))
    assert [(g.n, g.verdict, list(g.reasons)) for g in told] == [
        (0, "accepted", []),
        (1, "dropped", ["function_dropped"]),
        (2, "blocked", ["function_error"]),
        (3, "accepted", []),
    ]
    assert [g.original for g in told] == [None, None, None, changed]
    assert told[2].function_error == "f: no"


def test_a_function_that_names_a_suppressed_user_ends_the_events_way():
    def find(events):
        return {n: "d" for n, event in enumerate(events) if event.get("userId") == "gone"}

    results = {"m-1": Made(({**make_event(1), "userId": "gone", "email": "x"},))}
    told = govern_one(
        make_event(1), make_event(2), rules=FUNCTIONS, apply_functions=apply(results), find_suppressed=find
    )
    assert [(g.verdict, list(g.reasons)) for g in told] == [("dropped", ["suppressed"]), ("accepted", [])]
    assert (told[0].original, "email" in told[0].event) == (None, False)


def test_children_have_numbers_of_their_own_and_know_their_parent():
    event = make_event(1)
    child = {**event, "messageId": "c-1"}
    results = {"m-1": Made((child, {**event, "x": 1}, {**event, "messageId": "c-2"}))}
    told = govern_one(make_event(0), event, rules=FUNCTIONS, apply_functions=apply(results))
    assert [(g.n, g.event["messageId"], g.parent_id) for g in told] == [
        (0, "m-0", None),
        (1, "m-1", None),
        (3, "c-1", "m-1"),
        (5, "c-2", "m-1"),
    ]
    assert [g.original for g in told] == [None, event, None, None]


def test_where_no_event_is_the_own_one_all_are_children_and_the_first_has_the_original():
    event = make_event(1)
    results = {"m-1": Made(({**event, "messageId": "c-1"}, {**event, "messageId": "c-2"}))}
    told = govern_one(event, rules=FUNCTIONS, apply_functions=apply(results))
    assert [(g.n, g.parent_id, g.original) for g in told] == [(0, "m-1", event), (1, "m-1", None)]


def test_trouble_with_a_function_is_its_packs_alone():
    results = {"m-1": Made(trouble="no answer")}
    packs = [(make_pack(make_event(n)), frozenset()) for n in (1, 2)]
    first, second = govern(packs, {"web": FUNCTIONS}, None, apply(results))
    assert isinstance(first, GovernFailed)
    assert [g.verdict for g in second] == ["accepted"]


def test_a_pack_that_cannot_be_judged_keeps_no_function_from_the_packs_after_it():
    def check(event):
        if event["messageId"] == "m-1":
            raise ZeroDivisionError

    rules = Rules(check=check, functions=("f",))
    packs = [(make_pack(make_event(n)), frozenset()) for n in (1, 2)]
    results = {"m-2": Made(({**make_event(2), "x": 1},))}
    first, [second] = govern(packs, {"web": rules}, None, apply(results))
    assert isinstance(first, ZeroDivisionError)
    assert second.event["x"] == 1


def test_a_pack_whose_changed_events_may_be_of_a_suppressed_user_is_tried_again():
    """The first question, about the events as received, was answered; the one after the function was not."""
    asked = []

    def find(events):
        asked.append(events)
        if len(asked) > 1:
            raise SuppressionUnknown("no answer")
        return {}

    told = govern_one(make_event(1), rules=FUNCTIONS, apply_functions=apply({}), find_suppressed=find)
    assert isinstance(told, GovernFailed)
    assert (told.stage, str(told)) == ("suppression", str(GovernFailed("suppression", "no answer")))


def test_the_original_is_the_event_before_contract_and_function():
    event = make_event(1, properties={"a": 1, "b": 2})
    rules = Rules(check=CHECK.check, functions=("f",))
    results = {"m-1": Made(({**event, "properties": {"a": 1}, "x": 1},))}
    [told] = govern_one(event, rules=rules, apply_functions=apply(results))
    assert told.original == event
    assert told.violations["has_undeclared_fields"]


def test_the_router_archives_violations_and_originals_and_sends_what_is_left():
    world = World(with_contract())
    odd = make_event(1, properties={"a": 1, "b": 2})
    world.post(
        make_pack(odd, make_event(2, properties={"a": "x"}), make_event(3), make_event(4, event="Else"))
    )
    report = world.run()
    lines = world.stream.lines()
    assert [(line["n"], line["verdict"], line["reasons"]) for line in lines] == [
        (0, "accepted", []),
        (1, "blocked", ["schema_violation"]),
        (2, "accepted", []),
        (3, "blocked", ["undeclared_event"]),
    ]
    assert lines[0]["event"]["properties"] == {"a": 1}
    assert lines[0]["original"] == odd
    assert lines[0]["syncs"] == [{"sync": "all-to-crm", "type": "custom_event"}]
    assert ["violations" in line for line in lines] == [True, True, False, True]
    assert ["original" in line for line in lines] == [True, False, False, False]
    assert [message_id for _, message_id in world.sent()] == ["m-1", "m-3"]
    assert report.violations == {"undeclared_field": 1, "schema_violation": 1, "undeclared_event": 1}
    assert (report.accepted, report.blocked_events, report.events) == (2, 2, 4)
    assert ("Violations", "kind", "undeclared_field", 1) in list(report.list_counts())


@pytest.mark.parametrize("workspace", [make_workspace, with_contract], ids=["no rules", "a contract"])
def test_a_duplicate_is_archived_and_counted_once_with_rules_and_without(workspace):
    world = World(workspace("event"))
    world.post(make_pack(make_event(1), make_event(2), pack_id="p"))
    world.run()
    world.post(make_pack(make_event(1), make_event(3), make_event(2), pack_id="q"))
    report = world.run()
    assert (report.duplicates, report.accepted, report.blocked_events, report.events) == (2, 1, 0, 3)
    assert [line["verdict"] for line in world.stream.lines()[2:]] == ["duplicate", "accepted", "duplicate"]


def test_the_router_counts_the_errors_of_each_function():
    workspace = make_workspace()
    workspace["sources"]["web"]["functions"] = ["f"]
    run = apply({"m-1": Made(error="f: no"), "m-2": Made(error="f: nor this")})
    world = World(workspace, start_functions=lambda _left: run)
    world.post(make_pack(make_event(1), make_event(2), make_event(3)))
    report = world.run()
    assert report.function_errors == {"f": 2}
    assert [line.get("function_error") for line in world.stream.lines()] == ["f: no", "f: nor this", None]
    assert [message_id for _, message_id in world.sent()] == ["m-3"]


def test_packs_that_are_handled_alone_have_a_budget_of_calls_each():
    workspace = make_workspace()
    workspace["sources"]["web"]["functions"] = ["f"]
    started = []

    def start(left):
        started.append(left)
        return apply({})

    world = World(workspace, start_functions=start)
    world.post(*(make_pack(make_event(n), pack_id=f"p{n}") for n in range(3)))
    for message in world.queues.messages[INGEST][:2]:
        message.receive_count = 5
    world.run()
    assert len(started) == 3


def test_without_a_violation_a_line_is_the_one_that_it_would_be_without_a_contract():
    plain, governed = World(make_workspace()), World(with_contract())
    for world in (plain, governed):
        world.post(make_pack(make_event(1, properties={"a": 1}), pack_id="p"))
        world.run()
    assert plain.stream.lines() == governed.stream.lines()


def test_a_sync_that_is_denied_is_skipped_and_the_archive_says_so():
    world = World()
    world.post(make_pack(make_event(1, integrations={"crm": False}), make_event(2)))
    report = world.run()
    first, second = world.stream.lines()
    assert (first["verdict"], first["syncs"]) == ("accepted", [])
    assert first["skipped"] == [{"sync": "all-to-crm", "reason": "integration_disabled"}]
    assert "skipped" not in second
    assert report.skipped == {"integration_disabled": 1}
    assert [message_id for _, message_id in world.sent()] == ["m-2"]


@pytest.mark.parametrize("of", ["Dropped", "Violations", "Skipped", "Blocked", "FunctionErrors", "Routed"])
def test_every_count_has_a_metric(of):
    report = Report()
    getattr(report, re.sub("(?<=[a-z])(?=[A-Z])", "_", of).lower()).update(["x"])
    assert [metric for metric, *_ in report.list_counts()] == [of]
