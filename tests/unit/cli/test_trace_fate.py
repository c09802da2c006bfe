"""Where an event is, by the lines that tell of it; and why its event types took it or not."""

import pytest

from cli.trace.decided import explain_line
from cli.trace.fate import State, find_fates
from tests.unit.cli.archives import make_line

ROUTE = {"sync": "purchases-to-crm", "type": "track_purchase"}
ORDERS = {"field": "event", "op": "equals", "value": "Order Completed"}


def make_attempt(attempt, outcome, at, **over):
    return {
        "v": 1,
        "sync": ROUTE["sync"],
        "event_type": ROUTE["type"],
        "message_id": "m-1",
        "attempt": attempt,
        "outcome": outcome,
        "reason": None if outcome == "delivered" else "server_error",
        "status": 200 if outcome == "delivered" else 503,
        "latency_ms": 20,
        "at": f"2026-11-22T09:{at}:00.000Z",
        "next_at": f"2026-11-22T09:{at}:30.000Z" if outcome == "retry" else None,
        "first_seen": "2026-11-22T09:15:00.000Z",
        "replay": None,
        **over,
    }


def make_letter(at, **over):
    return {
        "sync": ROUTE["sync"],
        "event_type": ROUTE["type"],
        "message_id": "m-1",
        "reason": "rejected",
        "detail": "HTTP 422",
        "attempts": 1,
        "died_at": f"2026-11-22T09:{at}:00.000Z",
        "response": None,
        **over,
    }


def find_states(*attempts, letters=(), **over):
    lines = [make_line("m-1", syncs=[ROUTE], **over)]
    return [(fate.replay, fate.state) for fate in find_fates(lines, attempts, letters)]


@pytest.mark.parametrize(
    ("attempts", "letters", "state"),
    [
        ([], [], State.PENDING),
        ([make_attempt(1, "delivered", 16)], [], State.DELIVERED),
        ([make_attempt(1, "retry", 16)], [], State.WAITING),
        ([make_attempt(1, "retry", 16), make_attempt(2, "delivered", 17)], [], State.DELIVERED),
        ([make_attempt(1, "dead", 16)], [], State.DEAD),
        ([make_attempt(1, "dead", 16)], [make_letter(16)], State.DEAD),
        ([], [make_letter(16, reason="unhandled")], State.DEAD),
        ([make_attempt(1, "retry", 16)], [make_letter(20, reason="unhandled")], State.DEAD),
    ],
)
def test_the_last_that_is_known_says_where_an_event_is(attempts, letters, state):
    assert find_states(*attempts, letters=letters) == [(None, state)]


def test_a_letter_that_was_redriven_is_not_the_end():
    dead, again = make_attempt(1, "dead", 16), make_attempt(1, "delivered", 40)
    assert find_states(dead, again, letters=[make_letter(16)]) == [(None, State.DELIVERED)]


def test_a_replay_has_a_fate_of_its_own():
    replayed = make_attempt(1, "retry", 30, replay="r-1")
    found = find_states(make_attempt(1, "delivered", 16), replayed)
    assert found == [(None, State.DELIVERED), ("r-1", State.WAITING)]


def test_the_reason_of_a_death_is_the_letters():
    [fate] = find_fates([], [make_attempt(3, "dead", 16)], [make_letter(16)])
    assert (fate.reason, fate.since) == ("rejected", "2026-11-22T09:16:00.000Z")


def make_workspace(*types, **over):
    sync = {"source": "web", "destination": "crm", "retired": False, "event_types": list(types), **over}
    return {"digest": "0123456789ab", "syncs": {"purchases-to-crm": sync}}


def make_type(name="track_purchase", event_filter=ORDERS):
    return {"type": name, "filter": event_filter, "mappings": None}


def explain(workspace, *routes, event="Order Completed", **over):
    line = make_line("m-1", {"event": event}, syncs=list(routes), **over)
    return [(one.type, one.taken, one.why, len(one.failed)) for one in explain_line(line, workspace)]


REST = make_type("custom_event", None)


@pytest.mark.parametrize(
    ("types", "routes", "event", "told"),
    [
        ([make_type()], [ROUTE], "Order Completed", [("track_purchase", True, "its filter matches", 0)]),
        ([make_type()], [], "Signed Up", [("track_purchase", False, "its filter does not match", 1)]),
        (
            [make_type(), REST],
            [ROUTE],
            "Order Completed",
            [
                ("track_purchase", True, "its filter matches", 0),
                ("custom_event", False, "another type took it: track_purchase", 0),
            ],
        ),
        (
            [REST],
            [{"sync": "purchases-to-crm", "type": "custom_event"}],
            "Signed Up",
            [("custom_event", True, "no other type took it", 0)],
        ),
    ],
)
def test_each_event_type_says_why(types, routes, event, told):
    assert explain(make_workspace(*types), *routes, event=event) == told


@pytest.mark.parametrize(
    ("routes", "event", "more", "why"),
    [
        ([ROUTE], "Signed Up", {}, "it took what tidy made of the event"),
        ([], "Order Completed", {}, "it did not take what tidy made of the event"),
        ([], "Order Completed", {"parent_id": "m-0"}, "a function of another sync made it"),
        ([], "Signed Up", {}, "its filter does not match"),
    ],
)
def test_where_a_sync_has_functions_its_filter_saw_another_event_than_the_archive_has(
    routes, event, more, why
):
    workspace = make_workspace(make_type(), functions=["tidy"])
    [(_, taken, told, _)] = explain(workspace, *routes, event=event, **more)
    assert (taken, told) == (bool(routes), why)


def test_a_sync_that_was_skipped_says_why():
    skipped = [{"sync": "purchases-to-crm", "reason": "function_dropped"}]
    assert explain(make_workspace(make_type()), skipped=skipped) == [
        ("track_purchase", False, "skipped: function_dropped", 0)
    ]


def test_a_retired_sync_says_so():
    assert explain(make_workspace(make_type(), retired=True)) == [
        ("track_purchase", False, "the sync is retired", 0)
    ]


def test_a_replay_for_other_syncs_says_so():
    assert explain(make_workspace(make_type()), replay="r-1") == [
        ("track_purchase", False, "the replay is for other syncs", 0)
    ]


@pytest.mark.parametrize("workspace", [None, make_workspace(make_type("renamed"))])
def test_what_took_it_is_told_even_where_no_workspace_knows_of_it(workspace):
    assert ("track_purchase", True, "the archive says so", 0) in explain(workspace, ROUTE)


def test_syncs_of_other_sources_are_left_out():
    assert explain(make_workspace(make_type()), source="app") == []
