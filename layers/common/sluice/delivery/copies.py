"""Recognises a sync pack that is in the queue twice, with one conditional write a pack.

SQS holds a pack twice where it took the pack and its answer was lost, or where the process that sent it died
and the work was done again. Two messages with the same body, but for the times in it, are copies of each
other: a pack says which one it was made of (`origin`), so that no other two are alike. The first message to
be received claims the body. Other messages with this body are dropped, because the first one was settled, is
still in the queue, or ends in the dead-letter queue.

This loses no event, also when the first one is redriven from the dead-letter queue under a new id:

- A message that was received three times or more claims nothing. So at least 17 receives lie between a claim
  and the dead-letter queue, and `find_window` is shorter than these take.
- Packs that AWS errors held up have their `Held` state in the attributes, and it is part of the key.
- A message about which the table does not answer is received again, twice. Then it is delivered.

A container also remembers whose packs it had lately, and drops their copies while the table does not answer.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from sluice.messages import Message

KIND = "copy"
_OF_DELIVERY = "sha256:"
_ITEMS = '"items":['  # as `dump_sync_pack` writes it, behind everything else
_TIMES = re.compile(r'"(?:first_attempt_at|not_before)":(?:null|"[^"]*"),')
CLAIMING_RECEIVES = 2  # what was received more often may be a pack that kills the process, and claims nothing
SHORTEST_RETURN = 150  # seconds that pass between two receives of a suspect (`Delivery`)
REMEMBERED = 5_000  # packs that a container remembers: about two megabytes
RETURNS = 15  # of the 17 that a message has left when it claimed for the last time


class Claims(Protocol):
    def claim(self, wanted: Mapping[str, str], *, now: int, expires: int) -> dict[str, str]:
        """The owner of each key, a message id; without the keys nobody knows about."""


def find_window(timeout: float) -> float:
    """Seconds that a claim lasts, for a sync whose function has this timeout.

    Shorter than 17 receives of a message take, whether the function crashes while it handles the message or
    before it begins, where SQS hides it for six timeouts.
    """
    return RETURNS * min(SHORTEST_RETURN, 6 * timeout)


def name_key(kind: str, sync: str, message: Message) -> str:
    """The key of a message's pack in rows of a kind: equal for copies only."""
    digest = find_fingerprint(message.body)
    if message.held:
        state = f"{digest}\n{message.held.since}\n{message.held.tries}"
        digest = hashlib.sha256(state.encode()).hexdigest()
    return f"{kind}:{sync}:{digest}"


@lru_cache(maxsize=16)
def find_fingerprint(body: str) -> str:
    """The SHA-256 of a pack's text without its times, which differ when a run makes the same pack again."""
    items = max(body.find(_ITEMS), 0)
    digest = hashlib.sha256(_TIMES.sub("", body[:items]).encode("utf-8", "surrogatepass"))
    digest.update(body[items:].encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def name_origin(body: str) -> str:
    """The `origin` of the packs that delivery makes of a pack with this text.

    Two runs that leave the same items of it, as where the first one did not hear that SQS took them, leave
    copies.
    """
    return f"{_OF_DELIVERY}{find_fingerprint(body)}"


def is_of_delivery(origin: str | None) -> bool:
    """Whether delivery made the pack with this `origin`, and not the router or a redrive."""
    return (origin or "").startswith(_OF_DELIVERY)


class CopyCheck:
    """The check of one sync; `now` is epoch seconds."""

    def __init__(self, sync: str, timeout: float, claims: Claims, now: Callable[[], float]) -> None:
        self._sync, self._window, self._claims, self._now = sync, find_window(timeout), claims, now
        self._owners: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def find_copies(self, messages: Sequence[Message]) -> tuple[set[str], set[str]]:
        """Ids of the messages that hold a copy of another message's pack, and may be acknowledged.

        The second set are those that nobody knows about, because the table did not answer: they shall be
        received again, as long as they may claim.
        """
        keys = {
            message.id: name_key(KIND, self._sync, message)
            for message in messages
            if message.receive_count <= CLAIMING_RECEIVES
        }
        wanted: dict[str, str] = {}
        for message_id, key in keys.items():
            wanted.setdefault(key, message_id)
        if not wanted:
            return set(), set()
        now = self._now()
        claimed = self._claims.claim(wanted, now=int(now), expires=int(now + self._window))
        owners = {**self._recall(wanted.keys() - claimed.keys(), now), **claimed}
        copies = {message_id for message_id, key in keys.items() if owners.get(key, message_id) != message_id}
        unsure = {message_id for message_id, key in keys.items() if key not in claimed} - copies
        received = {key: message_id for message_id, key in keys.items() if message_id not in copies}
        self._remember(received, now)
        return copies, unsure

    def _recall(self, keys: Iterable[str], now: float) -> dict[str, str]:
        """The owners of the keys that this container knows."""
        known = {key: self._owners[key] for key in keys if key in self._owners}
        return {key: owner for key, (owner, until) in known.items() if now < until}

    def _remember(self, received: Mapping[str, str], now: float) -> None:
        """A key is remembered for as long as a claim of its first receive would last, no longer."""
        for key, message_id in received.items():
            _, until = self._owners.get(key, ("", 0.0))
            if until <= now:
                self._owners[key] = (message_id, now + self._window)
                self._owners.move_to_end(key)
        while len(self._owners) > REMEMBERED:
            self._owners.popitem(last=False)
