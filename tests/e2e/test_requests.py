"""Requests as they come: larger than a pack, hostile, sent twice. Each event ends once, where it belongs."""

import gzip
import json
import zlib
from collections import Counter
from typing import Any

import pytest

from cli.local.observe import is_idle, read_archive
from sluice.packs import PACK_BYTES
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, post, post_batch, send
from tests.e2e.evidence import (
    Facts,
    count_deliveries,
    count_verdicts,
    wait_for_delivery,
    wait_for_lines,
)

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]


def test_a_request_of_many_packs_arrives_whole_and_once(facts: Facts, run: str) -> None:
    events = [make_event(run, properties={"n": n, "text": "x" * 12_000}) for n in range(150)]
    size = sum(len(json.dumps(event)) for event in events)

    sent = send(facts, events)
    deliveries = wait_for_delivery(facts, "lake", sent)
    lines = wait_for_lines(facts, sent)

    assert deliveries == dict.fromkeys(sent, 1)
    assert count_verdicts(lines) == {"accepted": len(sent)}
    packs = {line["pack_id"] for found in lines.values() for line in found}
    assert len(packs) > size // PACK_BYTES >= 7


def test_events_that_break_a_rule_are_archived_with_their_reasons_and_hold_up_no_other(
    facts: Facts, run: str
) -> None:
    good = make_event(run)
    hostile = {
        "missing_identity": make_event(run, userId=None),
        "missing_event_name": make_event(run, event=" "),
        "missing_type": make_event(run, type=None),
        "unknown_type": make_event(run, type="purchase"),
        "missing_group_id": make_event(run, type="group"),
        "missing_previous_id": make_event(run, type="alias"),
        "event_too_large": make_event(run, properties={"text": "y" * 100_000}),
        "invalid_shape": make_event(run, context="no object"),
    }

    sent = send(facts, [*hostile.values(), good])
    wait_for_delivery(facts, "lake", [good["messageId"]])
    lines = wait_for_lines(facts, sent)

    assert {
        reason: [(line["verdict"], line["reasons"], line["syncs"]) for line in lines[event["messageId"]]]
        for reason, event in hostile.items()
    } == {reason: [("blocked", [reason], [])] for reason in hostile}
    [too_large] = lines[hostile["event_too_large"]["messageId"]]
    assert too_large["event"]["size"] > 100_000
    assert len(too_large["event"]["excerpt"]) <= 4096
    eventually(lambda: is_idle(facts), what="nothing on its way")
    assert count_deliveries(facts, "lake", sent) == {**dict.fromkeys(sent, 0), good["messageId"]: 1}


def test_what_json_does_not_have_is_repaired_and_noted(facts: Facts, run: str) -> None:
    event = make_event(
        run, properties={"price": float("nan"), "most": float("inf"), "note": "cut \ud83d off \uffff"}
    )

    [sent] = send(facts, [event])
    wait_for_delivery(facts, "lake", [sent])
    [line] = wait_for_lines(facts, [sent])[sent]

    assert line["event"]["properties"] == {"price": None, "most": None, "note": "cut \ufffd off \ufffd"}
    assert len(line["event"]["_sluice"]["notes"]) == 3


def test_what_is_no_event_at_all_is_blocked_beside_a_good_one(facts: Facts, run: str) -> None:
    deep: Any = "bottom"
    for _ in range(100):
        deep = {"d": deep}
    good = make_event(run)

    answer = post_batch(facts, [42, None, ["list"], make_event(run, properties=deep), good])
    wait_for_delivery(facts, "lake", [good["messageId"]])
    [line] = wait_for_lines(facts, [good["messageId"]])[good["messageId"]]

    assert answer.status == 200
    pack = [other for other in read_archive(facts) if other["pack_id"] == line["pack_id"]]
    blocked = [other["reasons"] for other in pack if other["verdict"] == "blocked"]
    assert len(blocked) == 4
    assert all("invalid_shape" in reasons for reasons in blocked)


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"{", "identity", 400, "invalid_json"),
        (b"[]", "identity", 400, "invalid_body"),
        (b"{}", "br", 415, "unsupported_encoding"),
        (b"\x28\xb5\x2f\xfd", "zstd", 415, "unsupported_encoding"),
        (b'{"batch": []}', "identity", 400, "invalid_batch"),
        (b"\x1f\x8bno gzip", "gzip", 400, "invalid_gzip"),
        (gzip.compress(b" " * 10_000_001, mtime=0), "gzip", 413, "request_too_large"),
        (b'{"batch": [' + b"1," * 3000 + b"1]}", "identity", 413, "too_many_events"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_that_is_malformed_as_a_whole_is_refused(
    facts: Facts, body: bytes, encoding: str, status: int, code: str
) -> None:
    headers = {"X-Write-Key": facts["write_keys"]["shop"], "Content-Encoding": encoding}

    answer = post(f"{facts['api_url']}/v1/batch", body, headers)

    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_deflate_is_unpacked_and_an_id_keeps_its_digits(facts: Facts, run: str) -> None:
    event = make_event(run, userId="{id}", properties=[])
    body = json.dumps({"batch": [event]}).replace('"{id}"', "12345678901234567890123").encode()
    headers = {"X-Write-Key": facts["write_keys"]["shop"], "Content-Encoding": "deflate"}

    answer = post(f"{facts['api_url']}/v1/batch", zlib.compress(body), headers)
    wait_for_delivery(facts, "lake", [event["messageId"]])
    [line] = wait_for_lines(facts, [event["messageId"]])[event["messageId"]]

    assert answer.status == 200
    assert (line["event"]["userId"], line["event"]["properties"]) == ("12345678901234567890123", {})


def test_a_request_sent_again_is_delivered_once(facts: Facts, run: str) -> None:
    events = [make_event(run, properties={"n": n}) for n in range(30)]

    for _ in range(3):
        sent = send(facts, events)
    wait_for_delivery(facts, "lake", sent)
    lines = wait_for_lines(facts, sent, times=3)
    eventually(lambda: is_idle(facts), what="nothing on its way")

    verdicts = {message_id: Counter(line["verdict"] for line in found) for message_id, found in lines.items()}
    assert verdicts == {message_id: {"accepted": 1, "duplicate": 2} for message_id in sent}
    assert count_deliveries(facts, "lake", sent) == dict.fromkeys(sent, 1)


def test_a_source_may_have_repeats_recognised_event_by_event(facts: Facts, run: str) -> None:
    a, b, c = (make_event(run, properties={"n": n}) for n in range(3))

    send(facts, [a, b], source="till")
    sent = [event["messageId"] for event in (a, b, c)]
    wait_for_lines(facts, sent[:2])
    send(facts, [b, c, c], source="till")
    lines = wait_for_lines(facts, [sent[1], sent[2]], times=2)
    wait_for_delivery(facts, "lake", sent)
    eventually(lambda: is_idle(facts), what="nothing on its way")

    assert count_verdicts(lines) == {"accepted": 2, "duplicate": 2}
    assert count_deliveries(facts, "lake", sent) == dict.fromkeys(sent, 1)
