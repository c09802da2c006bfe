"""Where each item of a pack goes after its run: it ends in exactly one place."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sluice.delivery.auth import Auth
from sluice.delivery.breaker import Pause, find_wait
from sluice.delivery.dead_letters import Death, dump_letters, write_letter
from sluice.delivery.pack_work import Outcome, PackWork, show_item, spread
from sluice.delivery.remains import Remains
from sluice.delivery.schedule import SHORTEST, next_delay, queue_delay
from sluice.delivery.sync import Sync
from sluice.errors import DeliveryError, RetryLater
from sluice.packs import Item, SyncPack
from sluice.times import format_time, parse_time

NO_CALL = "no call was made, because the breaker was open"

type End = tuple[Death, Outcome | None]


@dataclass(frozen=True, slots=True)
class Sorter:
    """Sorts out the packs of one run, which began at `started` and ended at `now` (epoch seconds)."""

    sync: Sync
    auth: Auth
    started: float
    now: float

    def sort_out(self, work: PackWork, draw: float) -> Remains:
        """Each item is delivered, in a new pack, or in a letter. `draw` is a random number in [0, 1).

        The window begins with the first attempt, or when the breaker first turned the pack away.
        """
        if work.stuck:
            return Remains(stuck=work.stuck)
        pack, remains = work.pack, Remains(group=work.pack.group)
        begun = format_time(self.started) if work.outcomes or work.held or work.apart else None
        tried = replace(pack, first_attempt_at=pack.first_attempt_at or begun)
        waited = self.now - (parse_time(tried.first_attempt_at) or self.now)
        for at, items in work.known:
            remains.add_delivered(tried, items, at=at, status=None, latency=None)
        ends: list[End] = [(Death(entry, error), None) for entry, error in work.refused]
        ends += self._sort_outcomes(tried, work.outcomes, remains, waited=waited, draw=draw)
        ends += self._sort_held(tried, work.held, remains, waited=waited, draw=draw)
        remains.postpone(replace(pack, not_before=None), work.postponed)
        for part in work.apart:
            remains.postpone(replace(tried, not_before=None), [part])
        first = tried.first_attempt_at
        for death, outcome in ends:
            letter = write_letter(pack, death, self.auth, first_attempt_at=first, now=self.now)
            at, latency = (outcome.at, outcome.latency) if outcome else (self.now, None)
            remains.add_letter(pack, death.entry[0], letter, at=at, latency=latency)
        remains.archived = dump_letters(remains.letters)
        return remains

    def _sort_outcomes(
        self, pack: SyncPack, outcomes: Iterable[Outcome], remains: Remains, *, waited: float, draw: float
    ) -> Iterator[End]:
        """Those that died of their answer. Items that wait about equally long wait together."""
        waiting: dict[int, list[tuple[Item, float, DeliveryError, Outcome]]] = {}
        for outcome in outcomes:
            remains.attempts += len(outcome.request.entries)
            taken, failed = spread(outcome.request, outcome.verdict)
            if taken:
                status = outcome.response.status if outcome.response else None
                remains.add_delivered(pack, taken, at=outcome.at, status=status, latency=outcome.latency)
            for entry, error in failed:
                delay = self._find_delay(pack, error, waited=waited, draw=draw)
                if delay is None:
                    request = show_item(self.sync, outcome.request, entry)
                    yield Death(entry, error, request, outcome.response), outcome
                else:
                    waiting.setdefault(_group(error), []).append((entry[0], delay, error, outcome))
        for group in waiting.values():
            delay = max(delay for _, delay, _, _ in group)
            due = self.now + delay
            later = replace(pack, attempt=pack.attempt + 1, not_before=format_time(due))
            remains.add_packs(later, [item for item, _, _, _ in group], queue_delay(delay))
            for item, _, error, outcome in group:
                remains.add_retry(pack, item, error, outcome, due)

    def _sort_held(
        self,
        pack: SyncPack,
        held: Iterable[tuple[Pause, list[Item]]],
        remains: Remains,
        *,
        waited: float,
        draw: float,
    ) -> Iterator[End]:
        """What the breaker turned away waits uncounted, and dies when its window ends, of what opened it."""
        left = self.sync.schedule.window - waited
        together: dict[Pause, list[Item]] = {}
        for pause, items in held:
            together.setdefault(pause, []).extend(items)
        for pause, items in together.items():
            if left <= 0:
                error = RetryLater(pause.reason, NO_CALL)
                yield from ((Death((item, None), error), None) for item in items)
                continue
            remains.reasons[pause.reason] += len(items)
            wait = min(max(find_wait(pause, now=self.now, draw=draw), SHORTEST), left)
            later = replace(pack, not_before=format_time(self.now + wait))
            remains.postpone(later, [(wait, items)])

    def _find_delay(
        self, pack: SyncPack, error: DeliveryError, *, waited: float, draw: float
    ) -> float | None:
        if not isinstance(error, RetryLater):
            return None
        return next_delay(
            self.sync.schedule, attempt=pack.attempt, waited=waited, draw=draw, after=error.after
        )


def _group(error: DeliveryError) -> int:
    """At most 25 groups, in each of which the waits that were asked for are within a factor of two."""
    after = error.after if isinstance(error, RetryLater) else None
    return 0 if after is None else math.ceil(min(after, 1e7)).bit_length()
