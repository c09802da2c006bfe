"""What a function can do to the others, to the stack and to its events: docs/functions.md has the table.

Calls the deployed TransformFunction as the router does, under enforced IAM.
"""

import json
import urllib.parse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.local.clients import make_client
from sluice.adapters.lambda_invoke import LambdaFunction
from sluice.transforms.outcomes import Outcome
from sluice.transforms.results import EventLimits, derive_id
from sluice.transforms.transform import AT_ONCE, Transform
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event as make_delivered
from tests.e2e.events import send
from tests.e2e.evidence import count_deliveries, list_attempts, wait_for_delivery, wait_for_lines
from tests.e2e.stacks import running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

WORKSPACE = Path(__file__).with_name("isolation_workspace")

type Facts = dict[str, Any]


@pytest.fixture(scope="module")
def facts() -> Iterator[Facts]:
    with running_stack("isolation", "--auth", workspace=WORKSPACE) as stack:
        facts = stack.facts
        put_parameter(facts, "functions/token", "s3cret")
        put_parameter(facts, "destinations/lake/token", "another's")
        yield facts


def put_parameter(facts: Facts, name: str, value: str) -> None:
    ssm = make_client("ssm", facts["endpoint_url"])
    name = f"/{facts['stack_name']}/{name}"
    ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def apply(facts: Facts, function: str, *events: dict[str, Any]) -> list[Outcome]:
    """What became of the events, as the router is told."""
    client = make_client("lambda", facts["endpoint_url"])
    deployed = LambdaFunction(client, facts["resources"]["TransformFunction"], at_once=AT_ONCE)
    batch = [((0, n), event) for n, event in enumerate(events)]
    outcomes = Transform(deployed.call_all, EventLimits()).apply(batch, [function])
    return [outcomes[key] for key, _ in batch]


def make_event(name: str, n: int = 0, **properties: Any) -> dict[str, Any]:
    event = {"type": "track", "event": name, "messageId": f"{name}-{n}", "userId": "u", "context": {}}
    return {**event, "properties": properties}


GOOD, BAD = partial(make_event, "Good"), partial(make_event, "Bad")


def test_it_sees_its_environment_which_holds_no_secret_of_others(facts: Facts) -> None:
    [outcome] = apply(facts, "environment", GOOD())
    properties = outcome.events[0]["properties"]
    assert properties["stack"] == facts["stack_name"]
    assert [name for name in properties["names"] if name.startswith("SLUICE_")] == ["SLUICE_STACK"]


def test_it_reaches_the_network(facts: Facts) -> None:
    port = urllib.parse.urlsplit(facts["sink_url"]).port
    [outcome] = apply(facts, "network", GOOD(port=port))
    assert outcome.events[0]["properties"]["answer"].endswith(" 200")


def test_it_may_read_its_own_parameters_and_call_nothing_else_of_aws(facts: Facts) -> None:
    places = {
        "bucket": facts["archive_bucket"],
        "queue": facts["ingest_queue"],
        "table": facts["resources"]["ControlTable"],
    }
    [outcome] = apply(facts, "aws_calls", GOOD(**places))
    assert outcome.events[0]["properties"] == {
        "own parameter": "allowed",
        **dict.fromkeys(["another's parameter", "buckets", "archive", "ingest", "tables", "users"], "denied"),
    }


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("memory", "memory: MemoryError (memory.py, line 7)"),
        ("recursion", "recursion: RecursionError: maximum recursion depth exceeded (recursion.py, line 7)"),
        ("hang", "hang: took longer than 5 s (hang.py, line 5)"),
        ("leave", "leave: SystemExit: 3 (leave.py, line 8)"),
        ("kill", "kill: its process died ("),
        ("raising", "raising: ValueError: bad event Bad-1 (raising.py, line 8)"),
        ("wrong_type", "wrong_type: transform_events returned a str, not a list of events"),
    ],
)
def test_what_it_does_over_one_event_costs_that_one_only(facts: Facts, function: str, error: str) -> None:
    good, bad, other = apply(facts, function, GOOD(0), BAD(1), GOOD(2))
    assert (list(good.events), list(other.events)) == ([GOOD(0)], [GOOD(2)])
    assert bad.error.startswith(error)
    assert_works(facts)


def test_one_that_does_not_want_to_end_is_ended_with_its_process(facts: Facts) -> None:
    [outcome] = apply(facts, "stubborn", BAD())
    assert outcome.error.startswith("stubborn: it did not end, and its process was ended")
    assert_works(facts)


def test_what_it_leaks_costs_no_event(facts: Facts) -> None:
    """30 MB a batch, of 512 MB."""
    for n in range(40):
        [outcome] = apply(facts, "leak", GOOD(n))
        assert list(outcome.events) == [GOOD(n)]


def test_the_router_sends_what_a_function_gives_and_archives_what_it_fails_over(
    facts: Facts, run: str
) -> None:
    good, bad = (make_delivered(run, event=name) for name in ("Good", "Bad"))
    send(facts, [good, bad, other := make_delivered(run, event="Good")], source="till")
    wait_for_delivery(facts, "lake", [good["messageId"], other["messageId"]])
    [line] = wait_for_lines(facts, [bad["messageId"]])[bad["messageId"]]
    assert (line["verdict"], line["reasons"]) == ("blocked", ["function_error"])
    assert line["function_error"] == f"raising: ValueError: bad event {bad['messageId']} (raising.py, line 8)"
    assert not sum(count_deliveries(facts, "lake", [bad["messageId"]]).values())


def test_the_function_of_a_sync_changes_what_this_sync_gets_and_nothing_else(facts: Facts, run: str) -> None:
    good, lost, bad = (make_delivered(run, event=name) for name in ("Good", "Lost", "Bad"))
    ids = send(facts, [good, lost, bad])
    made = derive_id(good["messageId"], "split", 1)
    wait_for_delivery(facts, "lake", ids)
    wait_for_delivery(facts, "pond", [good["messageId"], made])
    assert not sum(count_deliveries(facts, "pond", [lost["messageId"], bad["messageId"]]).values())
    assert not sum(count_deliveries(facts, "lake", [made]).values())
    [sent] = list_attempts(facts, "pond", [good["messageId"]])[good["messageId"]]
    assert [event["properties"] for event in sent["body"] if event["messageId"] == good["messageId"]] == [
        {"marked": True}
    ]
    lines = {message_id: line for message_id, [line] in wait_for_lines(facts, [*ids, made]).items()}
    assert {line["verdict"] for line in lines.values()} == {"accepted"}
    assert [[route["sync"] for route in line["syncs"]] for line in lines.values()] == [
        ["everything-to-lake", "shop-to-pond"],
        ["everything-to-lake"],
        ["everything-to-lake"],
        ["shop-to-pond"],
    ]
    assert [line.get("skipped", [{}])[0].get("reason") for line in lines.values()] == [
        None,
        "function_dropped",
        "function_error",
        None,
    ]
    assert lines[made]["parent_id"] == good["messageId"]
    assert "marked" not in lines[good["messageId"]]["event"].get("properties", {})
    assert lines[bad["messageId"]]["function_error"] == "split: ValueError: bad event (split.py, line 8)"


def test_its_secret_is_in_its_environment(facts: Facts) -> None:
    [outcome] = apply(facts, "secret", GOOD())
    assert outcome.events[0]["properties"] == {"token": "s3cret"}


def test_what_it_prints_is_in_the_log_with_its_name(facts: Facts) -> None:
    apply(facts, "raising", GOOD(77))
    logs = make_client("logs", facts["endpoint_url"])
    group = f"/aws/lambda/{facts['stack_name']}-transform"

    def read_messages() -> list[Any]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [event["message"] for page in pages for event in page["events"]]
        told = [json.loads(line) for line in lines if line.startswith('{"level"')]
        return [(line["function"], line["message"]) for line in told]

    wanted = ("raising", "looking at Good-77")
    eventually(read_messages, lambda lines: wanted in lines, what="the function's line")


def assert_works(facts: Facts) -> None:
    """The next batch of another function is not touched by what came before."""
    [outcome] = apply(facts, "wrong_type", GOOD())
    assert list(outcome.events) == [GOOD()]
