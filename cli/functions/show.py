"""What `sluice functions test` prints: an event and what it became, line by line; then the log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.functions.sandbox import Sandbox
from cli.preview.incoming import Incoming
from cli.preview.texts import clean_text, count_events, dump_json
from sluice.packs import Event
from sluice.transforms.outcomes import Outcome

_STYLES = {"+": "green", "-": "red"}


@dataclass(frozen=True, slots=True)
class Tested:
    """A function's run: each event with what became of it, and those that ingest would block."""

    function: str
    events: Sequence[tuple[Event, Outcome]]
    blocked: Sequence[Incoming]
    sandbox: Sandbox


def show_tested(console: Console, tested: Tested) -> None:
    for event, outcome in tested.events:
        say(console, f"{event['messageId']}: {name_outcome(event, outcome)}", "bold")
        for line in list_changes(event, outcome):
            say(console, f"  {line}", _STYLES.get(line[:1], ""))
    for incoming in tested.blocked:
        reasons = ", ".join(incoming.reasons) or incoming.verdict
        say(console, f"{incoming.message_id}: not given to it: {reasons}", "bold")
    if tested.sandbox.log:
        say(console, "log", "bold")
    for entry, times in count_lines(tested.sandbox.log):
        again = f" ({times} times)" if times > 1 else ""
        say(console, f"  {entry.get('level', '')} {entry.get('message', '')}{again}".rstrip())
        for name in ("exception", "traceback"):
            for line in str(entry.get(name, "")).splitlines():
                say(console, f"    {line}")
    told = count_outcomes(tested)
    say(console, f"{tested.function}: {count_events(len(tested.events))}, {told}")


def count_lines(log: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """Each line once, and how often it was there: a batch that fails runs again in parts."""
    keys = [dump_json(entry) for entry in log]
    first = dict(reversed(list(zip(keys, log, strict=True))))
    return [(first[key], keys.count(key)) for key in dict.fromkeys(keys)]


def describe_tested(tested: Tested) -> dict[str, Any]:
    """The same for programs."""
    return {
        "function": tested.function,
        "events": [
            {
                "message_id": event["messageId"],
                "outcome": name_kind(event, outcome),
                "error": outcome.error or outcome.trouble,
                "before": event,
                "after": list(outcome.events),
            }
            for event, outcome in tested.events
        ],
        "blocked": [
            {"message_id": incoming.message_id, "reasons": list(incoming.reasons)}
            for incoming in tested.blocked
        ],
        "log": tested.sandbox.log,
        "calls": tested.sandbox.calls,
    }


def name_kind(event: Event, outcome: Outcome) -> str:
    """One word: kept, changed, dropped, failed."""
    if outcome.error or outcome.trouble:
        return "failed"
    if not outcome.events:
        return "dropped"
    return "kept" if len(outcome.events) == 1 and outcome.events[0] is event else "changed"


def name_outcome(event: Event, outcome: Outcome) -> str:
    kind = name_kind(event, outcome)
    if kind == "failed":
        return f"failed: {outcome.error or outcome.trouble}"
    return f"became {count_events(len(outcome.events))}" if len(outcome.events) > 1 else kind


def count_outcomes(tested: Tested) -> str:
    kinds = [name_kind(event, outcome) for event, outcome in tested.events]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("kept", "changed", "dropped", "failed"))


def list_changes(event: Event, outcome: Outcome) -> Iterator[str]:
    """The fields of each event that are gone, and those that are new; a changed one is both."""
    before = dict(list_fields(event))
    for n, made in enumerate(outcome.events):
        if len(outcome.events) > 1:
            yield f"event {n + 1} of {len(outcome.events)}: {made['messageId']}"
        after = dict(list_fields(made))
        for path in dict.fromkeys([*before, *after]):
            if path in before and before[path] != after.get(path):
                yield f"- {path}: {before[path]}"
            if path in after and before.get(path) != after[path]:
                yield f"+ {path}: {after[path]}"


def list_fields(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and JSON of everything that holds nothing more, in the event's order."""
    inner: Iterator[tuple[object, Any]] | None = None
    if isinstance(value, dict) and value:
        inner = iter(value.items())
    elif isinstance(value, list) and value:
        inner = enumerate(value)
    if inner is None:
        yield path, dump_json(value)
        return
    for name, below in inner:
        yield from list_fields(below, f"{path}.{name}" if path else str(name))


def say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(clean_text(text), style), soft_wrap=True)
