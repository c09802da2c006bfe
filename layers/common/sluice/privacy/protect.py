"""A source's `privacy`, compiled: events without what it drops, and with the hashes of what it hashes."""

from collections.abc import Callable, Mapping
from typing import Any

from sluice.ingest.normalise import NOTES_KEY
from sluice.packs import Event
from sluice.privacy.digest import is_digest
from sluice.privacy.paths import grow_tree, treat_object
from sluice.times import read_time


def compile_privacy(source: Mapping[str, Any]) -> Callable[[Event], Event] | None:
    """From an event to what may be kept of it; None for a source that drops and hashes nothing.

    `source` is a compiled source. For every event of a pack: accepted, blocked and duplicates. Never raises
    for what ingest writes, never changes the event; running twice is running once.
    """
    spec = source.get("privacy") or {}
    tree = grow_tree(spec.get("drop", ()), spec.get("hash", ()))
    if tree is None:
        return None
    branches = (tree,)

    def protect(event: Event) -> Event:
        if NOTES_KEY in event or "excerpt" in event or "value" in event:
            event = forget_copies(event)
        return treat_object(event, branches)

    return protect


def forget_copies(event: Event) -> Event:
    """The event without raw text that ingest keeps where no path leads (`sluice.ingest` says when it does).

    That is the first 4 KB of an event that was too large or too deep, what was sent in the place of an event
    and is not an object, the replaced time or message id that a note quotes, and an `originalTimestamp` that
    is not a time.
    """
    kept = dict(event)
    if "timestamp" not in event:  # a stub: ingest gives all others one
        kept.pop("excerpt", None)
    if "userId" not in event and "anonymousId" not in event:
        kept.pop("value", None)
    original = event.get("originalTimestamp")
    if read_time(original) is None and not is_digest(original):
        kept.pop("originalTimestamp", None)
    own = event.get(NOTES_KEY)
    if type(own) is dict and type(notes := own.get("notes")) is list:
        kept[NOTES_KEY] = {**own, "notes": [_unquote(note) for note in notes]}
    return kept


def _unquote(note: object) -> str:
    """`sentAt replaced: 'maria' is not a time` → `sentAt replaced`."""
    return str(note).partition(":")[0]
