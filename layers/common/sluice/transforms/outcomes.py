"""What became of one event that went through its functions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluice.packs import Event

type Key = tuple[int, int]
"""Which pack of the run, and which event of it."""


@dataclass(slots=True)  # not frozen, which would make one a µs slower to make
class Outcome:
    """Kept or changed (`events`), dropped (nothing at all), failed (`error`), or not tried (`trouble`).

    The first of `events` with the event's own message id is the event, the same object where it was not
    changed; all others are its children. `function` is the one that dropped it or failed. With `trouble`
    nobody could be asked, which is Sluice's own fault: the event's pack must be tried again.
    """

    events: Sequence[Event] = ()
    error: str = ""
    trouble: str = ""
    function: str = ""
