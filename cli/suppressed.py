"""Suppressed users, of whom nothing goes straight to a sync once more: past the router nobody else looks.

What goes through the router is not looked at here: it stops there.
"""

import time
from collections.abc import Callable, Mapping, Sequence

from cli.stack import CommandError, Stack
from sluice.adapters.suppression import SuppressedUsersTable
from sluice.packs import Event
from sluice.privacy.suppression import Suppression, SuppressionUnknown

type FindSuppressed = Callable[[Sequence[Event]], Mapping[int, str]]
"""By the index of each event of a suppressed user: the digest of the user. Raises CommandError."""


def open_suppression(stack: Stack) -> FindSuppressed:
    """Of whom a stack takes nothing, as it stands now: what a long run knows is at most 30 s old."""
    table = SuppressedUsersTable(stack.client("dynamodb"), stack.find("ControlTable"))
    suppression = Suppression(table, clock=time.monotonic)

    def find_suppressed(events: Sequence[Event]) -> Mapping[int, str]:
        try:
            return suppression.find_suppressed(events)
        except SuppressionUnknown as error:
            raise CommandError(
                f"nobody knows which users are suppressed: {error}", "nothing more was sent; run it again"
            ) from error

    return find_suppressed
