"""`sluice trace` and `sluice tail` on a running stack: one event of each fate, as docs/trace.md has it."""

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from cli.local.observe import script_sink
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, post_batch
from tests.e2e.stacks import PROJECT, SLUICE, LocalStack, running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

PAGE = (PROJECT / "docs/trace.md").read_text()
SHOWN = re.findall(r"^```console\n\$ uv run sluice (.*)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)
BUSY = {"status": 503, "headers": {"Retry-After": "900"}, "repeat": "forever"}
VARYING = [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d\.\d{3})?", "<time>"),
    (r"\b\d\d:\d\d:\d\d\.\d{3}", "<time>"),
    (r"\b[0-9a-f]{12}\b", "<digest>"),
    (r"[\d,.]+ (ms|s after|objects|bytes)", r"<n> \1"),
    (r"\$\d+\.\d+", "<usd>"),
    (r"prices of \d{4}-\d\d-\d\d", "prices of <day>"),
]


def make_order(message_id: str, **fields: Any) -> dict[str, Any]:
    return make_event(
        "trace",
        **{
            "event": "Order Completed",
            "messageId": message_id,
            "properties": {"total": 12.5},
            "context": {"library": {"name": "analytics-node", "version": "2.1.0"}},
            **fields,
        },
    )


def send(facts: dict[str, Any], *events: dict[str, Any]) -> None:
    assert post_batch(facts, list(events), "web").status == 200


def read_story(stack: LocalStack, message_id: str) -> dict[str, Any]:
    """What `--json` prints; empty while the event is not in the archive."""
    finished = stack.run("trace", message_id, "--json")
    assert finished.returncode in (0, 1), finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def list_states(stack: LocalStack, message_id: str) -> dict[str, str]:
    return {fate["sync"]: fate["state"] for fate in read_story(stack, message_id)["fates"]}


CRM, WEBHOOK = "purchases-to-crm", "events-to-webhook"
FATES = {
    "order-1": {CRM: "delivered", WEBHOOK: "delivered"},
    "order-2": {CRM: "delivered", WEBHOOK: "delivered"},
    "order-3": {CRM: "dead", WEBHOOK: "delivered"},
    "view-1": {WEBHOOK: "delivered"},
    "order-4": {CRM: "delivered", WEBHOOK: "delivered"},
    "order-5": {CRM: "waiting", WEBHOOK: "delivered"},
}


def wait_for_fate(stack: LocalStack, message_id: str) -> None:
    states = FATES[message_id]
    eventually(
        lambda: list_states(stack, message_id), lambda found: found == states, what=message_id, seconds=90
    )


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """The syncs that ship, without contract and function, and an event of each fate."""
    with running_stack("trace", workspace=PROJECT / "benchmarks/workspace_shipped") as stack:
        facts = stack.facts
        script_sink(facts, "/crm/*", [{"status": 503, "repeat": 1}], contains="order-2")
        refusal = {"status": 422, "body": {"error": "no such customer"}, "repeat": "forever"}
        script_sink(facts, "/crm/*", [refusal], contains="order-3")
        script_sink(facts, "/crm/*", [BUSY], contains="order-5")
        for message_id in ("order-1", "order-2", "order-3"):
            send(facts, make_order(message_id))
        send(facts, make_order("view-1", event="Product Viewed"))
        send(facts, make_order("order-0", userId=None))
        repeated = make_order("order-4")
        send(facts, repeated)
        eventually(
            lambda: read_story(stack, "order-4"), lambda story: story["found"], what="the first of two"
        )
        send(facts, repeated)
        eventually(
            lambda: read_story(stack, "order-4"), lambda story: len(story["arrivals"]) == 2, what="both"
        )
        send(facts, make_order("order-5"))
        for message_id in FATES:
            wait_for_fate(stack, message_id)
        yield stack


def normalise(text: str) -> str:
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_page_shows_what_the_command_prints(stack: LocalStack, command: str, output: str) -> None:
    finished = stack.run(*shlex.split(command))
    assert finished.returncode == 0, finished.stderr
    assert normalise(finished.stdout) == normalise(output)
    assert max(map(cell_len, finished.stdout.splitlines())) <= 80


def test_the_page_shows_an_event_of_each_fate() -> None:
    traced = {command.split()[1] for command, _ in SHOWN if command.startswith("trace")}
    assert traced == {*FATES, "order-0"}


def test_each_verdict_is_explained_with_the_workspace_that_decided(stack: LocalStack) -> None:
    for message_id in FATES:
        [first, *_] = read_story(stack, message_id)["arrivals"]
        assert (first["explained_by"], first["explained_exactly"]) == ("stack", True)


def test_a_filter_that_kept_an_event_out_is_explained(stack: LocalStack) -> None:
    [arrival] = read_story(stack, "view-1")["arrivals"]
    [decision] = [one for one in arrival["decisions"] if one["sync"] == CRM]
    [condition] = decision["failed"]
    assert (decision["taken"], condition["field"]) == (False, "event")
    assert condition["found"]["value"] == "Product Viewed"


def test_every_key_of_the_json_is_on_the_page(stack: LocalStack) -> None:
    _, _, section = PAGE.partition("\n## JSON\n")
    found = {key for message_id in FATES for key in list_keys(read_story(stack, message_id))}
    assert {key for key in found if not re.search(rf"\b{key}\b", section)} == set()


def list_keys(value: Any, own: bool = True) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if own:
                yield key
            if key not in {"event", "attempts", "letters", "failed"}:
                yield from list_keys(inner, own=key != "syncs_now")
    elif isinstance(value, list):
        for item in value:
            yield from list_keys(item)


def test_an_event_that_nobody_sent_is_not_found(stack: LocalStack) -> None:
    finished = stack.run("trace", "nobody-sent-it")
    assert finished.returncode == 1
    assert "no event 'nobody-sent-it'" in finished.stderr
    assert "searched" in finished.stdout


def test_what_comes_is_shown_live(stack: LocalStack, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    with shown.open("w") as output:
        process = subprocess.Popen(
            [SLUICE, "tail", "--json", "--blocked"],
            env=stack.environment({"PYTHONUNBUFFERED": "1"}),
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Where the tests run in the background Ctrl-C is ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        )
    try:
        eventually(shown.read_text, lambda text: "order-0" in text, what="the blocked event of before")
        passing = make_order("order-7")
        send(stack.facts, make_order("order-6", userId=None, event="Cart Viewed"), passing)
        eventually(shown.read_text, lambda text: "order-6" in text, what="the event that came")
    finally:
        os.kill(process.pid, signal.SIGINT)
        code = process.wait(30)
    assert code == 0
    lines = [json.loads(text) for text in shown.read_text().splitlines()]
    assert [(line["message_id"], line["verdict"]) for line in lines] == [
        ("order-0", "blocked"),
        ("order-6", "blocked"),
    ]
    assert lines[0]["reasons"] == ["missing_identity"]
