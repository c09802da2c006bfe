"""One received pack on its way through a run: read, mapped, built into requests."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sluice.delivery.breaker import Pause
from sluice.delivery.copies import is_of_delivery
from sluice.delivery.sync import Sync
from sluice.destinations.declaration import Batch, Entry, Request, Response, Verdict
from sluice.errors import DeliveryError, GiveUp, MappingError, PackUnreadable
from sluice.messages import Message
from sluice.packs import Event, Item, SyncPack, parse_sync_pack
from sluice.reasons import Reason
from sluice.times import parse_time

type ItemName = tuple[str, str, str | None]  # type, message id, replay


@dataclass(slots=True)
class Outcome:
    """What a request came to. `at` is when that was known (epoch seconds), `latency` the seconds that the
    destination took (None where no call was made)."""

    request: Request
    verdict: Verdict
    response: Response | None
    at: float
    latency: float | None


@dataclass(slots=True)
class PackWork:
    """What became of a pack's items. Threads only add to these containers, which needs no lock.

    `outcomes` hold each request that was made, `refused` the items for which no request can be made. The
    others are sent again uncounted: `postponed` with the seconds until then, for lack of time (0) or
    because of the sync's rate limit; `apart` likewise, each in a pack of its own: parts of a batch that
    was refused as a whole; `held` because the breaker is open, with its pause. `stuck` says why AWS let no
    call be made: the message as a whole is sent again.

    `parent` is the `origin` that the message has: what the pack was made of. `received` are the items as the
    message has them. `known` are those that an earlier run delivered, with the epoch seconds of then: they
    are no longer among the pack's items.
    """

    message: Message
    pack: SyncPack
    outcomes: list[Outcome] = field(default_factory=list)
    refused: list[tuple[Entry, GiveUp]] = field(default_factory=list)
    postponed: list[tuple[float, list[Item]]] = field(default_factory=list)
    apart: list[tuple[float, list[Item]]] = field(default_factory=list)
    held: list[tuple[Pause, list[Item]]] = field(default_factory=list)
    stuck: str = ""
    parent: str | None = None
    known: list[tuple[float, list[Item]]] = field(default_factory=list)
    received: Sequence[Item] = field(init=False)

    def __post_init__(self) -> None:
        self.received = self.pack.items

    def hold(self, request: Request, pause: Pause) -> None:
        self.held.append((pause, [item for item, _ in request.entries]))

    def postpone(self, request: Request, seconds: float, *, is_part: bool) -> None:
        """Sends a request's items again later. A part never goes back into the batch it comes from."""
        waiting = self.apart if is_part else self.postponed
        waiting.append((seconds, [item for item, _ in request.entries]))


def read_pack(message: Message, sync: str) -> SyncPack:
    """The pack in a message of this sync's queue. Raises PackUnreadable for anything else."""
    pack = parse_sync_pack(message.body)
    if pack.sync != sync:
        raise PackUnreadable(f"a pack of sync {pack.sync!r}")
    if type(pack.attempt) is not int or pack.attempt < 1 or parse_time(pack.first_seen) is None:
        raise PackUnreadable("attempt or first_seen is missing or invalid")
    for time in (pack.first_attempt_at, pack.not_before):
        if time is not None and parse_time(time) is None:
            raise PackUnreadable(f"{time!r} is not a valid time")
    return pack


def drop_copies(works: Collection[PackWork]) -> None:
    """Leaves an item to one pack of a run if several have it, as after a lost answer of SQS to a send.

    Packs that delivery made keep their items, but for what packs that were made of them have. Otherwise what
    another pack leaves could be dropped as a copy of such a pack. Of the others the one with the fewest
    attempts keeps an item. No item is lost with its copy: the pack that keeps it is settled or comes again.
    """
    if len(works) < 2:
        return
    made = [work for work in works if is_of_delivery(work.parent)]
    for work in made:
        items = _name_items(work)
        for ancestor in _find_ancestors(work, works):
            _drop(ancestor, items)
    kept: dict[ItemName, Event] = {}
    for work in made:
        kept |= _name_items(work)
    for work in sorted((w for w in works if not is_of_delivery(w.parent)), key=lambda w: w.pack.attempt):
        _drop(work, kept)
        kept |= _name_items(work)


def _find_ancestors(work: PackWork, works: Collection[PackWork]) -> Iterator[PackWork]:
    """The packs of the run that this one was made of, directly or by way of each other."""
    for parent in works:
        if parent.pack.origin == work.parent:
            yield parent
            yield from _find_ancestors(parent, works)


def _drop(work: PackWork, kept: Mapping[ItemName, Event]) -> None:
    pack, replay = work.pack, work.pack.replay
    pack.items = [item for item in pack.items if kept.get((item.type, item.message_id, replay)) != item.event]


def _name_items(work: PackWork) -> dict[ItemName, Event]:
    replay = work.pack.replay
    return {(item.type, item.message_id, replay): item.event for item in work.pack.items}


def prepare_requests(sync: Sync, work: PackWork) -> list[Request]:
    """The requests for a pack; items that cannot be mapped go to `work.refused`."""
    mappers, entries = sync.mappers, []
    for item in work.pack.items:
        mapper = mappers.get(item.type)
        if mapper is None:
            detail = f"the sync has no event type {item.type!r}"
            work.refused.append(((item, None), GiveUp(Reason.UNKNOWN_EVENT_TYPE, detail)))
            continue
        try:
            entries.append((item, mapper(item.event)))
        except Exception as error:  # also a bug in one mapping must not hold up the items beside it
            work.refused.append(((item, None), _refuse(error)))
    return build_requests(sync, work, entries)


def build_requests(sync: Sync, work: PackWork, entries: Sequence[Entry]) -> list[Request]:
    """The requests for mapped items; a payload that cannot be written goes to `work.refused`, alone."""
    if not entries:
        return []
    batch = Batch(sync.slug, work.pack.attempt, sync.max_items, entries)
    try:
        return list(sync.declaration.build(sync.settings, batch))
    except Exception as error:  # whatever it is, halving finds the item that causes it
        if len(entries) == 1:
            item, _ = entries[0]  # without the payload: the letter could not be written with it either
            work.refused.append(((item, None), _refuse(error)))
            return []
    return [request for half in halve(entries) for request in build_requests(sync, work, half)]


def show_item(sync: Sync, request: Request, entry: Entry) -> Request:
    """A request as one item's letter shows it: with a body of that item alone."""
    if sync.max_items == 1:
        return request
    batch = Batch(sync.slug, request.attempt, sync.max_items, [entry])
    try:
        [alone] = sync.declaration.build(sync.settings, batch)
    except Exception as error:  # the letter matters more than this part of it
        return replace(request, body=f"not shown: {error!r}".encode("utf-8", "replace"))
    return replace(request, body=alone.body)


def _refuse(error: Exception) -> GiveUp:
    if isinstance(error, MappingError):
        return GiveUp(error.reason, error.detail)
    return GiveUp(Reason.MAPPING_FAILED, repr(error))


def halve(entries: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    middle = len(entries) // 2
    return entries[:middle], entries[middle:]


def spread(request: Request, verdict: Verdict) -> tuple[list[Item], list[tuple[Entry, DeliveryError]]]:
    """The items of a request that were taken, and those that were not, each with its own error."""
    if verdict is None:
        return [item for item, _ in request.entries], []
    if isinstance(verdict, DeliveryError):
        return [], [(entry, verdict) for entry in request.entries]
    pairs = list(zip(request.entries, verdict, strict=True))
    taken = [item for (item, _), error in pairs if error is None]
    return taken, [(entry, error) for entry, error in pairs if error is not None]
