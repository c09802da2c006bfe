import orjson

from sluice.routing.decide import compile_decisions, decide_nobody
from sluice.routing.verdicts import judge_pack
from tests.unit.routing.world import ORDERS, make_event, make_pack, make_sync, make_type, make_workspace

WORKSPACE = make_workspace(orders=make_sync("Orders", make_type("purchase", ORDERS)))
DECIDE = compile_decisions(WORKSPACE, lambda: 0.0)["web"]


def judge(pack, *, duplicates=(), decide=DECIDE):
    return judge_pack(pack, decide, frozenset(duplicates), "0123456789ab")


def test_an_archive_line_says_all_that_was_decided():
    event = make_event(1, properties={"name": 'Zoë "Z"\n', "price": 1.5})
    pack = make_pack(make_event(0), event, pack_id="p", source="web", received_at="2026-11-22T01:02:03.456Z")
    line = judge(pack).lines[1]
    assert line.endswith(b"\n")
    assert orjson.loads(line) == {
        "v": 1,
        "pack_id": "p",
        "n": 1,
        "parent_id": None,
        "source": "web",
        "message_id": "m-1",
        "received_at": "2026-11-22T01:02:03.456Z",
        "verdict": "accepted",
        "reasons": [],
        "syncs": [{"sync": "orders", "type": "purchase"}],
        "workspace": "0123456789ab",
        "event": event,
    }


def test_blocked_events_and_duplicates_are_archived_and_go_nowhere():
    pack = make_pack(make_event(1), make_event(2), make_event(3), blocked={1: ["missing_type", "x"]})
    routed = judge(pack, duplicates={2})
    told = [orjson.loads(line) for line in routed.lines]
    assert [(line["verdict"], line["reasons"], bool(line["syncs"])) for line in told] == [
        ("accepted", [], True),
        ("blocked", ["missing_type", "x"], False),
        ("duplicate", ["duplicate"], False),
    ]
    assert [line["event"] for line in told] == pack.events
    assert (routed.source, routed.refused) == (pack.source, [1])
    assert len(routed.items["orders"]) == 1
    assert (routed.accepted, routed.blocked_events, routed.duplicates) == (1, 1, 1)
    assert routed.blocked == {"missing_type": 1, "x": 1}


def test_a_blocked_event_that_is_a_duplicate_counts_once():
    routed = judge(make_pack(blocked={0: ["missing_type"]}), duplicates={0})
    assert (routed.accepted, routed.blocked_events, routed.duplicates) == (0, 0, 1)


def test_what_no_sync_takes_is_archived_as_accepted():
    line = orjson.loads(judge(make_pack(), decide=decide_nobody).lines[0])
    assert (line["verdict"], line["syncs"]) == ("accepted", [])


def test_an_event_without_a_message_id_is_archived_with_null():
    assert orjson.loads(judge(make_pack({"type": "page"})).lines[0])["message_id"] is None
