"""The demo: the whole way of about 200 events, from a real SDK to a destination, the archive and a DLQ.

In the workspace that ships a contract and a function do their work on it: cli/local/governance.py looks at
that.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Any

from cli.local.account import Account, make_account
from cli.local.errors import LocalStackError
from cli.local.governance import Finding, find_effects
from cli.local.observe import (
    clear_sink,
    count_deliveries,
    is_idle,
    read_archive,
    read_dead_letters,
    read_sink,
    script_sink,
)
from cli.local.processes import wait_until
from cli.local.progress import console, show_step
from cli.local.report import render_account, render_findings
from cli.local.server import log_file
from cli.local.settings import LocalSettings
from cli.local.stack import is_running, start_stack, stop_stack
from cli.local.story import (
    REFUSED_ORDER,
    send_calls,
    send_governed_events,
    tell_story,
    write_first_events,
)
from cli.workspace_files import load_workspace

FIRST_EVENTS_SECONDS = 120.0
SETTLE_SECONDS = 120.0
IDLE_SECONDS = 20.0
CONTRACT, FUNCTION = "ecommerce", "redact_email"


def run_demo(settings: LocalSettings, *, keep: bool) -> bool:
    """Plays the demo and prints what became of every event; whether the account adds up, nothing waits,
    and contract and function did what the demo says of them.

    Stops the stack afterwards where it started it, unless told to `keep` it.
    """
    keep = keep or is_running(settings)
    stack = start_stack(settings)
    try:
        account, findings = play_story(settings, stack)
        console.print()
        console.print(render_account(account))
        if findings:
            console.print(render_findings(findings))
        whole = all(holds for _, _, holds in account.equations()) and account.matched == account.ended
        whole = whole and all(finding.seen for finding in findings)
        if account.matched != account.ended:
            console.print("[red]✗[/] some deliveries were not seen to end")
        describe_next(stack, account, keep=keep)
        return whole
    finally:
        if not keep:
            stop_stack(settings)


def play_story(settings: LocalSettings, stack: dict[str, Any]) -> tuple[Account, list[Finding]]:
    """Scripts the destinations, sends the story, waits until nothing is on its way, and counts."""
    started = time.time()
    key = stack["write_keys"].get("web") or next(iter(stack["write_keys"].values()), "")
    if not key:
        raise LocalStackError("the workspace has no source to send to")
    clear_sink(stack)
    with show_step("sending the first events", "the first events are delivered, every function has started"):
        first = send_calls(stack["api_url"], key, write_first_events())
        if not wait_until(lambda: bool(read_sink(stack)) and is_idle(stack), FIRST_EVENTS_SECONDS):
            raise LocalStackError("the first events reached no destination", log=log_file(settings))
    script_destinations(stack)
    with show_step("sending the story", "the story is sent"):
        sent = Counter(first) + tell_story(stack["api_url"], key)
        governed = send_governed_events(stack["api_url"], key) if is_governed(stack) else {}
        sent.update(event["messageId"] for event in governed.values())
    with show_step("waiting for retries and the archive", "nothing is on its way any more"):
        account = observe(stack, sent, started, first)
        deadline = time.monotonic() + SETTLE_SECONDS
        while not is_settled(stack, account) and time.monotonic() < deadline:
            if is_idle(stack):  # what is still missing now will hardly come
                deadline = min(deadline, time.monotonic() + IDLE_SECONDS)
            time.sleep(0.5)
            account = observe(stack, sent, started, first)
    return account, find_effects(governed, read_archive(stack), read_sink(stack))


def is_governed(stack: dict[str, Any]) -> bool:
    """Whether the workspace has what ships: the contract and the function that the last events are about."""
    source = load_workspace(Path(stack["workspace"]))["sources"].get("web", {})
    return CONTRACT in source.get("contracts", ()) and FUNCTION in source.get("functions", ())


def script_destinations(stack: dict[str, Any]) -> None:
    """One order is refused for good, and the webhook is down for two requests and then asks for patience."""
    script_sink(stack, "/crm/*", [{"status": 422, "repeat": "forever"}], contains=REFUSED_ORDER)
    busy = {"status": 429, "headers": {"Retry-After": "1"}}
    script_sink(stack, "/webhook/*", [{"status": 503, "repeat": 2}, busy])


def observe(stack: dict[str, Any], sent: Counter[str], started: float, first: list[str]) -> Account:
    unseen = [slug for slug, sync in stack["syncs"].items() if sync["kind"] != "http"]
    return make_account(
        sent,
        read_archive(stack),
        read_sink(stack),
        {slug: read_dead_letters(stack, slug) for slug in stack["queues"]},
        {slug: sync["destination"] for slug, sync in stack["syncs"].items()},
        {slug: count_deliveries(stack, slug, started) for slug in unseen},
        untimed=set(first),
    )


def is_settled(stack: dict[str, Any], account: Account) -> bool:
    return not account.unexplained and account.matched == account.ended and is_idle(stack)


def describe_next(stack: dict[str, Any], account: Account, *, keep: bool) -> None:
    if not keep:
        console.print("Nothing is left running. [bold]make demo ARGS=--keep[/] keeps it, to look around.")
        return
    dead = [stack["queues"][slug]["dlq"] for slug, sync in account.syncs.items() if sync.dead]
    console.print(
        f"""The stack still runs ([bold]make down[/] stops it). Where to look next:
  destination   {stack["sink_url"]} in a browser
  archive       s3://{stack["archive_bucket"]}/events/ at {stack["endpoint_url"]}
  dead letters  {", ".join(dead) or "none"}
  everything    .local/stack.json""",
        soft_wrap=True,
    )
