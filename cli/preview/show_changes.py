"""A comparison of two workspaces for the eye, and its `--json`."""

from typing import Any

from rich.console import Console

from cli.preview.compare import Difference, SyncChanges, TypeChanges
from cli.preview.show import put
from cli.preview.texts import count_events, show_value
from sluice.fields import MISSING

LONGEST = 60  # characters of a value in an example
MOST_FIELDS = 20  # fields that are shown of a change
_ONLY = {
    "before": "only in the first workspace: it would be gone",
    "after": "only in the other workspace: it is new",
}


def show_changes(console: Console, changes: SyncChanges) -> None:
    """One sync: what changes for each of its event types, with an example."""
    console.print()
    put(console, f"sync {changes.slug}: {count_events(changes.events)}", style="bold")
    if changes.only:
        put(console, _ONLY[changes.only], indent=2, style="yellow")
    for name, (before, after) in changes.settings.items():
        put(console, f"setting {name}: {_show_step(before, after)}", indent=2, style="yellow")
    for name, one in changes.types.items():
        _show_type(console, name, one)


def _show_type(console: Console, name: str, one: TypeChanges) -> None:
    if not one.differs:
        put(console, f"{name}: {count_events(one.after)}, no difference", indent=2, style="dim")
        return
    put(console, f"{name}: takes {one.before:,} before, {one.after:,} after", indent=2, style="bold")
    for sign, word, difference in (("+", "newly matched", one.gained), ("-", "no longer matched", one.lost)):
        if difference:
            told = f"{sign} {word}: {count_events(difference.events)}, such as {_name(difference)}"
            put(console, told, indent=4)
    for title, differences in (("newly failing", one.failing), ("no longer failing", one.mended)):
        for reason, difference in differences.items():
            put(console, f"{title}, {reason}: {count_events(difference.events)}", indent=4)
            _show_example(console, difference)
    for title, total, differences in (
        ("payload changed", one.changed_payloads, one.fields),
        ("request changed", one.changed_requests, one.requests),
    ):
        if differences:
            put(console, f"{title}: {count_events(total)}", indent=4)
        ranked = _rank(differences)
        for place, difference in ranked[:MOST_FIELDS]:
            put(console, f"{place or 'payload'}: {count_events(difference.events)}", indent=6)
            _show_example(console, difference)
        if len(ranked) > MOST_FIELDS:
            put(console, f"… {len(ranked) - MOST_FIELDS} more: --json has them all", indent=6)


def _show_example(console: Console, difference: Difference) -> None:
    before, after = difference.example.before, difference.example.after
    put(console, f"{_name(difference)}: {_show_step(before, after)}", indent=8, style="dim")


def _rank(differences: dict[str, Difference]) -> list[tuple[str, Difference]]:
    """What concerns most events comes first."""
    return sorted(differences.items(), key=lambda item: -item[1].events)


def _name(difference: Difference) -> str:
    return difference.example.message_id or "an event without message id"


def _show_step(before: Any, after: Any) -> str:
    texts = ["nothing" if value is MISSING else show_value(value, LONGEST) for value in (before, after)]
    return " → ".join(texts)


def describe_changes(changes: SyncChanges) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "sync": changes.slug,
        "only_in": changes.only or None,
        "events": changes.events,
        "differs": changes.differs,
        "settings": [
            {"setting": name, **_describe_step(before, after)}
            for name, (before, after) in changes.settings.items()
        ],
        "event_types": [_describe_type(name, one) for name, one in changes.types.items()],
    }


def _describe_type(name: str, one: TypeChanges) -> dict[str, Any]:
    return {
        "type": name,
        "before": one.before,
        "after": one.after,
        "newly_matched": _describe_match(one.gained),
        "no_longer_matched": _describe_match(one.lost),
        "payload_changed": one.changed_payloads,
        "fields": _describe_all("field", one.fields),
        "request_changed": one.changed_requests,
        "requests": _describe_all("part", one.requests),
        "newly_failing": _describe_all("reason", one.failing),
        "no_longer_failing": _describe_all("reason", one.mended),
    }


def _describe_match(difference: Difference | None) -> dict[str, Any]:
    if difference is None:
        return {"events": 0, "example": None}
    return {"events": difference.events, "example": difference.example.message_id}


def _describe_all(key: str, differences: dict[str, Difference]) -> list[dict[str, Any]]:
    return [
        {
            key: name,
            "events": difference.events,
            "example": difference.example.message_id,
            **_describe_step(difference.example.before, difference.example.after),
        }
        for name, difference in _rank(differences)
    ]


def _describe_step(before: Any, after: Any) -> dict[str, Any]:
    """A side is left out where it has no value."""
    return {name: value for name, value in (("before", before), ("after", after)) if value is not MISSING}
