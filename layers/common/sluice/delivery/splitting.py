"""Splitting a batch that the destination refused as a whole, until the item that it refuses is alone.

A refused batch is halved, and each refused half again. Halves that were taken are done, so one bad item
of 100 costs 15 calls. Within one run a batch may cost `CALLS_PER_LEVEL` calls for each time that it can
be halved; the parts that are left go back to the queue, each as a pack of its own, and the next run goes
on with them. Parts are never put together again, so a batch of n items costs at most 2n - 1 calls,
however many of them are bad.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from sluice.destinations.declaration import Entry, Request, Verdict
from sluice.errors import GiveUp, RefusedAlong
from sluice.reasons import Reason

CALLS_PER_LEVEL = 8
SPLIT_PAUSE = 5.0  # seconds until the next run goes on
_OF_CONTENT = frozenset({Reason.REJECTED, Reason.PAYLOAD_TOO_LARGE})


@dataclass(frozen=True, slots=True)
class Allowance:
    """The calls that the parts of one batch may cost in this run. Safe to use from several threads."""

    calls: int
    _taken: "count[int]" = field(default_factory=count)

    @classmethod
    def for_batch(cls, size: int) -> "Allowance":
        return cls(CALLS_PER_LEVEL * (size - 1).bit_length())

    def take(self) -> bool:
        return next(self._taken) < self.calls


def is_worth_splitting(request: Request, verdict: Verdict) -> bool:
    """Whether a part of the request may be taken although all of it was refused."""
    return (
        isinstance(verdict, GiveUp)
        and verdict.split
        and verdict.reason in _OF_CONTENT
        and len(request.entries) > 1
    )


def part_spared(request: Request, verdict: Verdict) -> tuple[list[Entry], Request, Verdict]:
    """The items to send again without those that the answer names, and what it says of the named ones alone.

    If it names none, nothing would change, and none is sent again at once.
    """
    if not isinstance(verdict, Sequence):
        return [], request, verdict
    pairs = list(zip(request.entries, verdict, strict=True))
    spared = [entry for entry, error in pairs if isinstance(error, RefusedAlong)]
    named = [(entry, error) for entry, error in pairs if not isinstance(error, RefusedAlong)]
    if not spared or not named:
        return [], request, verdict
    return spared, replace(request, entries=[entry for entry, _ in named]), [error for _, error in named]
