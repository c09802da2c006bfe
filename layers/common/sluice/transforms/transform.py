"""Events through their functions in batches, and what happens when a batch fails.

A batch that fails is cut in two until what fails stands alone. That has its price, so it has an end: a pack
may cost so many calls, and the run so much time; what cannot be told apart by then fails together.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from sluice.packs import Event
from sluice.transforms.outcomes import Key, Outcome
from sluice.transforms.protocol import MAX_CALL_BYTES, Reply, dump_call, read_reply
from sluice.transforms.results import MAX_RETURNED, EventLimits, Item, collect_outcomes

MAX_CALLS = 24  # a pack; one event in 500 is found with 19
MAX_BATCH = 500
AT_ONCE = 4  # calls
CALL_SECONDS = 16  # what a call may take, a cold start included
SECONDS_AFTER = 20  # for all that the router does behind it

type CallAll = Callable[[Sequence[bytes]], Sequence[Reply]]
"""Makes calls at once; the replies in their order."""


@dataclass(slots=True)
class _Batch:
    """Places of items that are called together; `error` is that of the larger batch they were part of."""

    places: list[int]
    error: str = ""
    crashed: bool = False  # alone, once


@dataclass(slots=True)
class _Health:
    """How a function did in this run."""

    worked: bool = False
    error: str = ""


class Transform:
    """The functions of one run of the router, whose packs, sources and syncs share its time."""

    def __init__(
        self, call_all: CallAll, limits: EventLimits, seconds_left: Callable[[], float] = lambda: 60.0
    ) -> None:
        self._call_all, self._limits, self._seconds_left = call_all, limits, seconds_left
        self._calls: Counter[int] = Counter()
        self._health: dict[str, _Health] = {}

    def apply(self, batch: Sequence[tuple[Key, Event]], functions: Sequence[str]) -> Mapping[Key, Outcome]:
        """The outcome of each event after all of the functions, one behind the other. Keys must be unique.

        The events given are never changed. An event whose function fails goes on to no other.
        """
        merged: dict[Key, Outcome] = {}
        going: dict[Key, Sequence[Event]] = {key: (event,) for key, event in batch}
        for function in functions:
            owners, items = [], []
            for key, events in going.items():
                for event in events:
                    owners.append(key)
                    items.append(Item(key[0], event, orjson.dumps(event)))
            parted: dict[Key, list[Outcome]] = {}
            for key, outcome in zip(owners, self._run(function, items), strict=True):
                if len(going[key]) == 1:
                    merged[key] = outcome
                else:
                    parted.setdefault(key, []).append(outcome)
            merged |= {key: _merge(function, outcomes) for key, outcomes in parted.items()}
            going = {key: events for key in going if (events := merged[key].events)}
        return merged or {key: Outcome((event,)) for key, event in batch}

    def _run(self, function: str, items: Sequence[Item]) -> list[Outcome]:
        """An outcome for each item of one function."""
        health = self._health.setdefault(function, _Health())
        outcomes: list[Outcome] = [Outcome()] * len(items)
        waiting = deque(_Batch(places) for places in cut_batches(items))
        while waiting:
            now: list[_Batch] = []
            while waiting and len(now) < AT_ONCE:
                batch = waiting.popleft()
                if end := self._refuse(function, batch, items, health):
                    for place in batch.places:
                        outcomes[place] = end
                else:
                    self._calls.update({items[place].pack for place in batch.places})
                    now.append(batch)
            payloads = [dump_call(function, [items[place].data for place in batch.places]) for batch in now]
            for batch, reply in zip(now, self._call_all(payloads) if now else (), strict=True):
                waiting += self._settle(function, batch, items, reply, outcomes)
        return outcomes

    def _refuse(self, function: str, batch: _Batch, items: Sequence[Item], health: _Health) -> Outcome | None:
        """The end of a batch that may not be called (again).

        Without time, a batch that was not tried fails alike where the function did nothing but fail: else a
        function that hangs would have it tried until it is in a dead-letter queue.
        """
        in_time = self._seconds_left() >= CALL_SECONDS + SECONDS_AFTER
        calls = max(self._calls[items[place].pack] for place in batch.places)
        if in_time and (not batch.error or calls < MAX_CALLS):
            return None
        if error := batch.error or ("" if health.worked else health.error):
            told = f"{error}; told of {len(batch.places)} events together" if len(batch.places) > 1 else error
            return Outcome(error=told, function=function)
        return Outcome(trouble=f"{function}: no time was left for it", function=function)

    def _settle(
        self,
        function: str,
        batch: _Batch,
        items: Sequence[Item],
        reply: Reply,
        outcomes: list[Outcome],
    ) -> Iterable[_Batch]:
        """Writes down what a batch came to; the smaller batches to try where it failed."""
        chosen = [items[place] for place in batch.places]
        answer = read_reply(reply, len(chosen))
        if answer.trouble:
            for place in batch.places:
                outcomes[place] = Outcome(trouble=f"{function}: {answer.trouble}", function=function)
            return ()
        health = self._health[function]
        if not answer.error:
            health.worked = True
            for place, outcome in zip(
                batch.places, collect_outcomes(function, chosen, answer, self._limits), strict=True
            ):
                outcomes[place] = outcome
            return ()
        health.error = error = f"{function}: {answer.error}"
        if len(chosen) > 1:
            middle = find_middle([item.pack for item in chosen])
            return _Batch(batch.places[:middle], error), _Batch(batch.places[middle:], error)
        if answer.crashed and not batch.crashed:
            # What killed the process may have been there before the event came.
            return (_Batch(batch.places, error, crashed=True),)
        outcomes[batch.places[0]] = Outcome(error=error, function=function)
        return ()


def cut_batches(items: Sequence[Item]) -> Iterator[list[int]]:
    """Places of consecutive items that fit one call. No two of a batch have the same message id."""
    places: list[int] = []
    ids: set[object] = set()
    size = 0
    for place, item in enumerate(items):
        message_id, length = item.event["messageId"], len(item.data) + 1
        if places and (len(places) == MAX_BATCH or message_id in ids or size + length > MAX_CALL_BYTES):
            yield places
            places, ids, size = [], set(), 0
        places.append(place)
        ids.add(message_id)
        size += length
    if places:
        yield places


def find_middle(packs: Sequence[int]) -> int:
    """Where a batch is cut in two: between packs where it has several, so that none pays for another."""
    middle = len(packs) // 2
    bounds = [at for at in range(1, len(packs)) if packs[at] != packs[at - 1]]
    return min(bounds, key=lambda at: abs(at - middle), default=middle)


def _merge(function: str, outcomes: Sequence[Outcome]) -> Outcome:
    """What all that had become of one event came to: one that fails takes the others along."""
    for outcome in outcomes:
        if outcome.trouble or outcome.error:
            return outcome
    events = [event for outcome in outcomes for event in outcome.events]
    if len(events) > MAX_RETURNED:
        error = f"{function}: {len(events)} events were made of one, more than {MAX_RETURNED}"
        return Outcome(error=error, function=function)
    return Outcome(events) if events else Outcome(function=function)
