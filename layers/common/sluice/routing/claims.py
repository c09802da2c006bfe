"""De-duplication: which events of which packs may pass. The first pack to claim a key owns it for a window.

A source's `dedup` says what a key stands for: `request` is one key a pack, `event` one key a message id,
`off` none. What is replayed claims nothing and is nobody's duplicate. The owner of a key is a pack id, never
SQS's message id: a pack that was redelivered, or redriven from a dead-letter queue, is still its own key's
owner.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sluice.errors import SluiceError
from sluice.packs import IngestPack


class ClaimFailed(SluiceError):
    """Nobody knows who owns a key of this pack: it must be tried again."""


def name_event_key(source: str, message_id: str) -> str:
    """The key of one event; a digest, because message ids are the clients' and have any length."""
    return hashlib.sha256(f"{source}\n{message_id}".encode()).hexdigest()


class Deduplication:
    """The rules of a workspace's sources; `window` in seconds, 0 turns all of it off."""

    def __init__(self, sources: Mapping[str, Mapping[str, Any]], window: int) -> None:
        self.window = window
        self._modes = {slug: source["dedup"] if window else "off" for slug, source in sources.items()}

    def list_keys(self, pack: IngestPack) -> list[str]:
        """The keys that this pack must own to pass. Blocked events claim nothing: they may be sent again."""
        match self._mode(pack):
            case "request":
                return [pack.dedup_key]
            case "event":
                return [name_event_key(pack.source, message_id) for _, message_id in _passing(pack)]
        return []

    def find_duplicates(
        self, pack: IngestPack, keys: Sequence[str], owners: Mapping[str, str]
    ) -> frozenset[int]:
        """Indexes of the events that must not pass: another pack's, or repeats within this pack.

        `keys` are those of `list_keys`. Raises ClaimFailed where `owners` lacks one of them.
        """
        if any(key not in owners for key in keys):
            raise ClaimFailed(f"nobody knows the owner of every key of pack {pack.pack_id}")
        foreign = [owners[key] != pack.pack_id for key in keys]
        match self._mode(pack):
            case "request" if foreign[0]:
                return frozenset(range(len(pack.events)))
            case "request":
                return _find_repeats(_passing(pack))
            case "event":
                passing = _passing(pack)
                taken = {n for (n, _), other in zip(passing, foreign, strict=True) if other}
                return _find_repeats(passing) | taken
        return frozenset()

    def _mode(self, pack: IngestPack) -> str:
        return "off" if pack.replay else self._modes.get(pack.source, "off")


def merge_wanted(keys: Sequence[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """One pack id to ask with for each key, from (pack id, its keys): the first that wants it.

    Who gets it is the table's answer: it may be another pack of the same run that owned it before.
    """
    wanted: dict[str, str] = {}
    for pack_id, pack_keys in keys:
        for key in pack_keys:
            wanted.setdefault(key, pack_id)
    return wanted


def _passing(pack: IngestPack) -> list[tuple[int, str]]:
    """Index and message id of the events that ingest did not block. Ingest gives every event a message id."""
    return [
        (n, message_id)
        for n, event in enumerate(pack.events)
        if n not in pack.blocked and type(message_id := event.get("messageId")) is str
    ]


def _find_repeats(passing: Sequence[tuple[int, str]]) -> frozenset[int]:
    first = {message_id: n for n, message_id in reversed(passing)}
    if len(first) == len(passing):
        return frozenset()
    return frozenset(n for n, message_id in passing if first[message_id] != n)
