"""What a pack leaves behind after its run: letters for the dead, new packs for the waiting, counts."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import orjson

from sluice.delivery.auth import Auth
from sluice.delivery.dead_letters import Death, Letter, clean_text, dump_letters, write_letter
from sluice.delivery.pack_work import PackWork, spread
from sluice.delivery.schedule import Schedule, next_delay, queue_delay
from sluice.errors import DeliveryError, RetryLater
from sluice.packs import Item, SyncPack, cut, dump_item, dump_sync_pack
from sluice.times import format_time, parse_time


@dataclass(slots=True)
class Remains:
    """`packs` are SQS bodies with their delay in seconds, `archived` the letters as the archive's object; the
    counts are items."""

    delivered: int = 0
    retried: int = 0
    postponed: int = 0
    letters: list[Letter] = field(default_factory=list)
    archived: bytes = b""
    packs: list[tuple[str, int]] = field(default_factory=list)


def sort_out(
    work: PackWork, schedule: Schedule, auth: Auth, *, started: float, now: float, draw: float
) -> Remains:
    """Each item of the pack ends in exactly one place: delivered, a new pack, or a letter.

    `started` is when the run began to call, `now` when it ended (epoch seconds).
    """
    pack = work.pack
    attempted_at = pack.first_attempt_at or (format_time(started) if work.outcomes else None)
    waited = now - (parse_time(attempted_at) or now)
    remains = Remains()
    deaths = [Death(entry, error) for entry, error in work.refused]
    waiting: dict[int, list[tuple[Item, float]]] = {}
    for request, verdict, response in work.outcomes:
        if verdict is None:
            remains.delivered += len(request.entries)
            continue
        failed = spread(request, verdict)
        remains.delivered += len(request.entries) - len(failed)
        for entry, error in failed:
            after = error.after if isinstance(error, RetryLater) else None
            delay = _find_delay(schedule, pack, error, waited=waited, draw=draw)
            if delay is None:
                deaths.append(Death(entry, error, request, response))
            else:
                waiting.setdefault(_group(after), []).append((entry[0], delay))
    for group in waiting.values():
        delay = max(delay for _, delay in group)
        later = replace(
            pack,
            attempt=pack.attempt + 1,
            first_attempt_at=attempted_at,
            not_before=format_time(now + delay),
        )
        remains.packs += cut_packs(later, [item for item, _ in group], queue_delay(delay))
        remains.retried += len(group)
    unsent = [item for request in work.unsent for item, _ in request.entries]
    remains.packs += cut_packs(replace(pack, not_before=None), unsent, 0)
    remains.postponed += len(unsent)
    remains.letters = [
        write_letter(pack, death, auth, first_attempt_at=attempted_at, now=now) for death in deaths
    ]
    remains.archived = dump_letters(remains.letters)
    return remains


def cut_packs(pack: SyncPack, items: Sequence[Item], delay: int) -> Iterable[tuple[str, int]]:
    """The bodies of packs like `pack` that hold `items`, each with the delay."""
    dumped = [dump_item(item.type, orjson.dumps(item.event)) for item in items]
    for part in cut([len(item) for item in dumped]):
        yield clean_text(dump_sync_pack(pack, dumped[part])), delay


def _find_delay(
    schedule: Schedule, pack: SyncPack, error: DeliveryError, *, waited: float, draw: float
) -> float | None:
    if not isinstance(error, RetryLater):
        return None
    return next_delay(schedule, attempt=pack.attempt, waited=waited, draw=draw, after=error.after)


def _group(after: float | None) -> int:
    """Items that wait about equally long stay together: at most 25 groups, each within a factor of two."""
    return 0 if after is None else math.ceil(min(after, 1e7)).bit_length()
