"""Requests after public bug reports, through the HTTP API: what the archive then says of their events."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.local.observe import read_archive
from sluice.times import parse_time
from tests.conftest import SHARED
from tests.e2e.deadlines import eventually
from tests.e2e.events import post
from tests.e2e.evidence import Facts

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket, pytest.mark.usefixtures("shared")]

type Lines = dict[str, list[dict[str, Any]]]

FILE = SHARED / "cases" / "reports" / "ingest.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text()) if FILE.is_file() else []
NAMED = [name for case in CASES for name in case["expect"]]
_AGO = re.compile(r"\{now-(\d+)s\}")


def fill_in(value: Any, key: str) -> Any:
    """The value with the write key, and times before now, in the place of `{key}` and `{now-60s}`."""
    if isinstance(value, dict):
        return {name: fill_in(inner, key) for name, inner in value.items()}
    if isinstance(value, list):
        return [fill_in(inner, key) for inner in value]
    if not isinstance(value, str):
        return value
    now = datetime.now(UTC)
    return _AGO.sub(
        lambda ago: (now - timedelta(seconds=int(ago[1]))).isoformat(), value.replace("{key}", key)
    )


def send_case(facts: Facts, case: dict[str, Any]) -> int:
    key = facts["write_keys"]["shop"]
    basic = base64.b64encode(f"{key}:".encode()).decode()
    body = base64.b64decode(case["body_base64"]) if "body_base64" in case else fill_in(case["body"], key)
    return post(
        facts["api_url"] + case["path"], body, {"Authorization": f"Basic {basic}", **case["headers"]}
    ).status


@pytest.fixture(scope="module")
def statuses(facts: Facts) -> dict[str, int]:
    """The answers' statuses by the name of the case."""
    return {case["name"]: send_case(facts, case) for case in CASES}


@pytest.fixture(scope="module")
def lines(facts: Facts, statuses: dict[str, int]) -> Lines:
    """The archive's lines by the name of the event, when each event is there."""
    assert statuses

    def find_lines() -> Lines:
        found: Lines = {name: [] for name in NAMED}
        for line in read_archive(facts):
            if line["event"].get("event") in found:
                found[line["event"]["event"]].append(line)
        return found

    return eventually(find_lines, lambda found: all(found.values()), what="every event of the cases archived")


def check_time(event: dict[str, Any], wanted: dict[str, Any]) -> None:
    happened, received = parse_time(event["timestamp"]), parse_time(event["receivedAt"])
    assert happened is not None
    assert received is not None
    if wanted.get("not_after_receipt"):
        assert happened <= received
    if "timestamp" in wanted:
        expected = parse_time(wanted["timestamp"])
        sent = parse_time(event["sentAt"]) if wanted.get("within_s") == "skew" else received
        assert expected is not None
        assert sent is not None
        assert happened == pytest.approx(expected + received - sent, abs=0.002)


@pytest.mark.parametrize(
    "case", CASES or [{"kind": "no", "name": "cases"}], ids=lambda case: f"{case['kind']}-{case['name']}"
)
def test_a_request_after_a_bug_report_ends_as_its_sender_meant_it(
    case: dict[str, Any], statuses: dict[str, int], lines: Lines
) -> None:
    assert statuses[case["name"]] == 200
    sent_ids = re.findall(r'"messageId": ("[^"]*")', json.dumps(case.get("body", "")))
    stored_ids = [lines[name][0]["message_id"] for name in case["expect"]]
    for name, wanted in case["expect"].items():
        [line] = lines[name]
        if "verdict" in wanted:
            assert line["verdict"] == wanted["verdict"]
        if wanted.get("id") == "made":
            assert json.dumps(line["message_id"]) not in sent_ids
            assert line["event"]["_sluice"]["notes"][0].startswith("messageId replaced")
        if wanted.get("id") in {"made", "differs"}:
            assert stored_ids.count(line["message_id"]) == 1
        check_time(line["event"], wanted)


def test_only_the_events_with_wrong_bytes_are_changed_and_noted(lines: Lines) -> None:
    """The gateway hands JSON over as text, with U+FFFD in the place of such a byte: it cannot be noted."""
    noted = {name for name, found in lines.items() if "_sluice" in found[0]["event"]}
    assert "Bad Tab" in noted
    assert lines["Bad Latin"][0]["event"]["properties"] == {"text": "caf\ufffd x"}
    assert noted.isdisjoint({"Good Latin1", "Good Latin2", "Good Tab1", "Good Tab2"})


def test_the_event_with_a_key_that_opens_nothing_says_so_in_the_archive(lines: Lines) -> None:
    assert lines["Mixed Unknown"][0]["reasons"] == ["foreign_write_key"]
