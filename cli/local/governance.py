"""The demo's look at governance: an event that was blocked, one that lost a field, one that was redacted.

Pure: what was sent, the archive and the sink's requests in, findings out. A finding shows the real values of
the archive's line (`original` is the event as received, `event` what went on), and the destinations back it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.preview.compare import diff_values
from sluice.fields import MISSING, format_field

type Event = Mapping[str, Any]
type Changes = list[tuple[str, Any, Any]]
"""Path, value as received, value that went on."""


@dataclass(frozen=True)
class Finding:
    """What the demo claims of one event, its values, and whether archive and destinations bear it out."""

    claim: str
    event: str
    shown: str
    seen: bool


@dataclass(frozen=True)
class Mentions:
    """All requests that have an event in them, as text; whether one of them was taken."""

    texts: list[str]
    taken: bool

    def say(self, value: Any) -> bool:
        return any(str(value) in text for text in self.texts)


def find_effects(
    sent: Mapping[str, Event], archive: Iterable[Event], requests: Iterable[Event]
) -> list[Finding]:
    """One finding for each event of the story's `write_governed_events`, by its name there."""
    lines = {line["message_id"]: line for line in archive}
    texts = [(request, json.dumps(request, ensure_ascii=False)) for request in requests]
    findings = []
    for name, event in sent.items():
        own = [(request, text) for request, text in texts if event["messageId"] in text]
        taken = any(request["status"] is not None and 200 <= request["status"] < 300 for request, _ in own)
        mentions = Mentions([text for _, text in own], taken)
        findings.append(FINDERS[name](event["event"], lines.get(event["messageId"], {}), mentions))
    return findings


def find_block(name: str, line: Event, mentions: Mentions) -> Finding:
    """The schema is broken: the archive says where, and no destination was told of the event."""
    messages = line.get("violations", {}).get("messages", [])
    blocked = line.get("verdict") == "blocked" and line["reasons"] == ["schema_violation"]
    shown = f"{', '.join(line['reasons'])}: {'; '.join(messages)}" if blocked else "was not blocked"
    return Finding("blocked by the contract", name, shown, blocked and not mentions.texts)


def find_omission(name: str, line: Event, mentions: Mentions) -> Finding:
    """What the contract does not declare went no further, and the rest of the event did."""
    changes = list_changes(line)
    gone = bool(changes) and all(
        after is MISSING and not mentions.say(before) for _, before, after in changes
    )
    return Finding("field left out by the contract", name, show_changes(changes), gone and mentions.taken)


def find_redaction(name: str, line: Event, mentions: Mentions) -> Finding:
    """The destinations have what the function made of it, and nowhere what was there before."""
    changes = list_changes(line)
    redacted = bool(changes) and all(
        mentions.say(after) and not mentions.say(before) for _, before, after in changes
    )
    return Finding("changed by the function", name, show_changes(changes), redacted and mentions.taken)


FINDERS = {"broken": find_block, "extended": find_omission, "personal": find_redaction}


def list_changes(line: Event) -> Changes:
    """What contract and function changed in an accepted event, by its archive line."""
    if line.get("verdict") != "accepted" or "original" not in line:
        return []
    return [
        (format_field(path), before, after)
        for path, before, after in diff_values(line["original"], line["event"])
    ]


def show_changes(changes: Changes) -> str:
    parts = (f"{path}: {show_value(before)} → {show_value(after)}" for path, before, after in changes)
    return "; ".join(parts) or "nothing was changed"


def show_value(value: Any) -> str:
    return "(left out)" if value is MISSING else json.dumps(value, ensure_ascii=False)
