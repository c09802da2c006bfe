"""Contracts over archived events: what was decided then, or by another workspace, beside what would be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice.contracts.compile import Check
from sluice.contracts.definition import UNDECLARED
from sluice.fields import MISSING, compile_field
from sluice.reasons import Reason

REASONS = frozenset({Reason.UNDECLARED_EVENT, Reason.UNDECLARED_FIELD, Reason.SCHEMA_VIOLATION})


@dataclass(slots=True)
class Finding:
    """How many events, and one of them: its message id, and why."""

    events: int = 0
    example: str = ""
    why: str = ""

    def add(self, message_id: Any, why: str) -> None:
        if not self.events:
            self.example, self.why = str(message_id), why
        self.events += 1


@dataclass(slots=True)
class Trial:
    """What changes for the events of one name; `omits` are by field, `blocks` by reason and message."""

    events: int = 0
    blocks: dict[str, Finding] = field(default_factory=dict)
    unblocks: dict[str, Finding] = field(default_factory=dict)
    omits: dict[str, Finding] = field(default_factory=dict)
    keeps: dict[str, Finding] = field(default_factory=dict)

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
        why = after.messages or before.messages or ("",)
        if after.reasons and not before.reasons:
            trial.blocks.setdefault(", ".join(sorted(after.reasons)), Finding()).add(message_id, why[0])
        elif before.reasons and not after.reasons:
            trial.unblocks.setdefault(", ".join(sorted(before.reasons)), Finding()).add(message_id, "")
        if not after.reasons and not before.reasons:
            for path in after.omitted - before.omitted:
                if self._is_compared or compile_field(path)(line["event"]) is not MISSING:
                    trial.omits.setdefault(path, Finding()).add(message_id, "")
            for path in before.omitted - after.omitted:
                trial.keeps.setdefault(path, Finding()).add(message_id, "")


def decide(check: Check | None, event: dict[str, Any]) -> Decided:
    """What a source's contracts make of an event; a source without any lets it pass."""
    outcome = check(event) if check else None
    if outcome is None:
        return Decided(frozenset(), frozenset(), ())
    omitted = frozenset() if outcome.event is event else frozenset(outcome.undeclared)
    return Decided(frozenset(outcome.reasons), omitted, tuple(outcome.violations["messages"]))


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
    if line["source"] != source or "replay" in line or line.get("parent_id") is not None:
        return False
    return line["verdict"] == "accepted" or not REASONS.isdisjoint(line["reasons"])
