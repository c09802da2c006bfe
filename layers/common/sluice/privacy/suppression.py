"""Users whose events stop at the router. The table holds digests, so nobody reads in it who they are.

Few suppressed users are known by heart and read anew every 30 s. Of many, only the users of the events at
hand are looked up, and each answer holds for 30 s: all of 100,000 every 30 s would be 11 MB an environment.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from sluice.errors import SluiceError
from sluice.ids import write_id
from sluice.ingest.normalise import NOTES_KEY
from sluice.ingest.paths import TYPES
from sluice.packs import Event
from sluice.privacy.digest import digest_value

FRESH_SECONDS = 30
MANY_SECONDS = 600  # until it is looked whether many have become few: either way the answers are right
RETRY_SECONDS = 2  # after a failure, so that every pack of a run does not wait for its own
KNOWN_USERS = 50_000  # answers kept; clients' events choose whose
PERSON_IDS = ("userId", "anonymousId", "previousId")


class SuppressionUnknown(SluiceError):
    """Nobody knows whether a user is suppressed: the pack must be tried again, not passed."""


class SuppressedUsers(Protocol):
    """Where suppressed users are written down. Both methods raise SuppressionUnknown without an answer."""

    def list_few(self) -> tuple[frozenset[str], bool]:
        """Digests, and whether these are all."""

    def find(self, digests: Sequence[str]) -> frozenset[str]:
        """Those of the digests that are there."""


class Suppression:
    """Whose events stop. Answers are at most 30 s of `clock` old; SuppressionUnknown where there is none."""

    def __init__(self, users: SuppressedUsers, *, clock: Callable[[], float]) -> None:
        self._users, self._clock = users, clock
        self._few: frozenset[str] = frozenset()
        self._is_all = False
        self._until = self._blocked_until = float("-inf")
        self._known: dict[str, tuple[float, bool]] = {}

    def is_suppressed(self, ids: Iterable[object]) -> bool:
        """Whether one of these user or anonymous ids is suppressed. For events use `find_suppressed`."""
        self._refresh()
        if self._is_all and not self._few:
            return False
        return bool(self._find({digest for given in ids if (digest := digest_id(given))}))

    def find_suppressed(self, events: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        """By the index of each event of a suppressed user: whose digest it is. One read for all events."""
        self._refresh()
        if self._is_all and not self._few:
            return {}
        owners = [list_digests(event) for event in events]
        found = self._find({digest for digests in owners for digest in digests})
        if not found:
            return {}
        hits = ((n, next((d for d in digests if d in found), "")) for n, digests in enumerate(owners))
        return {n: digest for n, digest in hits if digest}

    def _find(self, digests: set[str]) -> set[str]:
        if self._is_all:
            return digests & self._few
        now = self._clock()
        unknown = [d for d in digests if self._known.get(d, (now, False))[0] <= now]
        if unknown:
            found = self._ask(lambda: self._users.find(unknown))
            if len(self._known) + len(unknown) > KNOWN_USERS:
                keep = {d: self._known[d] for d in digests if d in self._known}
                self._known = keep
            self._known.update((d, (now + FRESH_SECONDS, d in found)) for d in unknown)
        return {d for d in digests if self._known[d][1]}

    def _refresh(self) -> None:
        now = self._clock()
        if now >= self._until:
            self._few, self._is_all = self._ask(self._users.list_few)
            self._until = now + (FRESH_SECONDS if self._is_all else MANY_SECONDS)

    def _ask[T](self, read: Callable[[], T]) -> T:
        if self._clock() < self._blocked_until:
            raise SuppressionUnknown("the table of suppressed users did not answer a moment ago")
        try:
            return read()
        except SuppressionUnknown:
            self._blocked_until = self._clock() + RETRY_SECONDS
            raise


def digest_id(given: object) -> str:
    """The digest of an id in the table, whether `privacy` hashed it or not; "" for any other value."""
    return digest_value(given) if isinstance(given, str | int | float) and type(given) is not bool else ""


def list_digests(event: Mapping[str, Any]) -> list[str]:
    """Of the person whom an event is about, by every id it has: an alias is about two ids of one."""
    found = (digest_id(event.get(name)) for name in PERSON_IDS)
    return [digest for digest in found if digest]


def reduce_event(event: Mapping[str, Any], digest: str, received: Mapping[str, Any] | None = None) -> Event:
    """What may be archived of a suppressed user's event: message id, type, when received, and whose it was.

    The person is a digest, and so is a message id in which one of the person's ids stands. `event` is the one
    after `privacy`; `received`, the one before, has the ids that `privacy` hid.
    """
    message_id = str(event.get("messageId") or "")
    people = (event, received or {})
    ids = [write_id(person.get(name)).strip() for person in people for name in PERSON_IDS]
    if any(own and own.casefold() in message_id.casefold() for own in ids):
        message_id = digest_value(message_id)
    kept = {"messageId": message_id}
    if event.get("type") in TYPES:
        kept["type"] = event["type"]
    if type(event.get("receivedAt")) is str:
        kept["receivedAt"] = event["receivedAt"]
    return {**kept, NOTES_KEY: {"suppressed_id": digest}}
