"""One received pack on its way through a run: read, mapped, built into requests."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sluice.delivery.ports import Message
from sluice.delivery.sync import Sync
from sluice.destinations.declaration import Batch, Entry, Request, Response, Verdict
from sluice.errors import DeliveryError, GiveUp, MappingError, PackUnreadable
from sluice.packs import SyncPack, parse_sync_pack
from sluice.reasons import Reason
from sluice.times import parse_time

type Outcome = tuple[Request, Verdict, Response | None]


@dataclass(slots=True)
class PackWork:
    """What became of a pack's items. Threads only append to these lists, which needs no lock.

    `outcomes` hold each request that was made, `unsent` the requests that were not started for lack of time,
    `refused` the items for which no request can be made.
    """

    message: Message
    pack: SyncPack
    outcomes: list[Outcome] = field(default_factory=list)
    unsent: list[Request] = field(default_factory=list)
    refused: list[tuple[Entry, GiveUp]] = field(default_factory=list)


def read_pack(message: Message, sync: str) -> SyncPack:
    """The pack in a message of this sync's queue. Raises PackUnreadable for anything else."""
    pack = parse_sync_pack(message.body)
    if pack.sync != sync:
        raise PackUnreadable(f"a pack of sync {pack.sync!r}")
    if type(pack.attempt) is not int or pack.attempt < 1 or parse_time(pack.first_seen) is None:
        raise PackUnreadable("attempt or first_seen is none")
    for time in (pack.first_attempt_at, pack.not_before):
        if time is not None and parse_time(time) is None:
            raise PackUnreadable(f"{time!r} is no time")
    return pack


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
        except MappingError as error:
            work.refused.append(((item, None), GiveUp(error.reason, error.detail)))
        except Exception as error:  # a bug in one mapping must not hold up the items beside it
            work.refused.append(((item, None), GiveUp(Reason.MAPPING_FAILED, repr(error))))
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
            work.refused.append(((item, None), GiveUp(Reason.MAPPING_FAILED, repr(error))))
            return []
    return [request for half in halve(entries) for request in build_requests(sync, work, half)]


def halve(entries: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    middle = len(entries) // 2
    return entries[:middle], entries[middle:]


def spread(request: Request, verdict: Verdict) -> list[tuple[Entry, DeliveryError]]:
    """The items of a request that were not taken, each with its own error."""
    if verdict is None:
        return []
    if isinstance(verdict, DeliveryError):
        return [(entry, verdict) for entry in request.entries]
    return [
        (entry, error) for entry, error in zip(request.entries, verdict, strict=True) if error is not None
    ]
