"""Contracts over archived events: what was decided then, or by another workspace, beside what would be."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice.contracts.compile import Check
from sluice.contracts.definition import UNDECLARED
from sluice.contracts.messages import MORE
from sluice.fields import MISSING, compile_field
from sluice.reasons import Reason

_INDEX = re.compile(r"(?<!\\)\.\d+(?=\.|$)")
REASONS = frozenset({Reason.UNDECLARED_EVENT, Reason.UNDECLARED_FIELD, Reason.SCHEMA_VIOLATION})


@dataclass(slots=True)
class Finding:
    """How many events of which the same is said: reasons or a field, and why; one of them by message id."""

    what: str
    why: str = ""
    events: int = 0
    example: str = ""


type Findings = dict[tuple[str, str], Finding]
"""By what is said, and why."""


def add_finding(findings: Findings, message_id: Any, what: str, why: str = "") -> None:
    finding = findings.setdefault((what, why), Finding(what, why, example=str(message_id)))
    finding.events += 1


@dataclass(slots=True)
class Trial:
    """What changes for the events of one name; `omits` are by field, `blocks` by reasons and message."""

    events: int = 0
    blocks: Findings = field(default_factory=dict)
    unblocks: Findings = field(default_factory=dict)
    omits: Findings = field(default_factory=dict)
    keeps: Findings = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        return bool(self.blocks or self.unblocks or self.omits or self.keeps)


@dataclass(slots=True)
class Decided:
    """Of one event: the reasons it was blocked for, and the fields that were left out."""

    reasons: frozenset[str]
    omitted: frozenset[str]
    messages: tuple[str, ...]


class Comparison:
    """A source's events, added line by line; by event name what changes."""

    def __init__(self, check: Check | None, before: Check | None, *, is_compared: bool) -> None:
        """`before` counts where `is_compared`; else what the archive says was decided then."""
        self._check, self._before, self._is_compared = check, before, is_compared
        self.events = 0
        self.trials: dict[str, Trial] = {}

    def add(self, line: Mapping[str, Any]) -> None:
        event = line.get("original") or line["event"]
        before = decide(self._before, event) if self._is_compared else read_decision(line)
        after = decide(self._check, event)
        self.events += 1
        trial = self.trials.setdefault(name_event(event), Trial())
        trial.events += 1
        message_id = line["message_id"]
        if after.reasons and not before.reasons:
            add_finding(trial.blocks, message_id, ", ".join(sorted(after.reasons)), explain(after))
        elif before.reasons and not after.reasons:
            add_finding(trial.unblocks, message_id, ", ".join(sorted(before.reasons)))
        if not after.reasons and not before.reasons:
            for path in after.omitted - before.omitted:
                if self._is_compared or compile_field(path)(line["event"]) is not MISSING:
                    add_finding(trial.omits, message_id, path)
            for path in before.omitted - after.omitted:
                add_finding(trial.keeps, message_id, path)


def decide(check: Check | None, event: dict[str, Any]) -> Decided:
    """What a source's contracts make of an event; a source without any lets it pass."""
    outcome = check(event) if check else None
    if outcome is None:
        return Decided(frozenset(), frozenset(), ())
    omitted = frozenset() if outcome.event is event else frozenset(outcome.undeclared)
    return Decided(frozenset(outcome.reasons), omitted, tuple(outcome.violations["messages"]))


def explain(decided: Decided) -> str:
    """The message of what an event is blocked for: of a broken schema, else the first; any item is `*`."""
    messages = decided.messages
    if Reason.SCHEMA_VIOLATION in decided.reasons:
        messages = tuple(m for m in messages if not m.endswith((UNDECLARED, MORE))) or messages
    place, colon, said = messages[0].partition(": ")
    return _INDEX.sub(".*", place) + colon + said


def read_decision(line: Mapping[str, Any]) -> Decided:
    """What the router decided then, as far as the archive line tells."""
    violations = line.get("violations") or {}
    messages = violations.get("messages", ())
    reasons = REASONS.intersection(line["reasons"]) if line["verdict"] == "blocked" else frozenset()
    omitted = read_paths(messages) if "original" in line and not reasons else ()
    gone = {path for path in omitted if compile_field(path)(line["event"]) is MISSING}
    return Decided(frozenset(map(str, reasons)), frozenset(gone), tuple(messages))


def read_paths(messages: Iterable[str]) -> list[str]:
    """The fields of the messages that tell of undeclared ones."""
    return [message.removesuffix(UNDECLARED) for message in messages if message.endswith(UNDECLARED)]


def name_event(event: Mapping[str, Any]) -> str:
    kind, name = event.get("type"), event.get("event")
    return f"{kind} {name!r}" if kind == "track" else str(kind)


def is_tried(line: Mapping[str, Any], source: str) -> bool:
    """Events that came to the contracts of a source then, once each."""
    if line["source"] != source or "replay" in line or is_child(line):
        return False
    return line["verdict"] == "accepted" or not REASONS.isdisjoint(line["reasons"])


def is_child(line: Mapping[str, Any]) -> bool:
    """Whether a function made the event of another one, not only gave it another message id."""
    return line.get("parent_id") is not None and "original" not in line
