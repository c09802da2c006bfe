"""What a pack leaves behind after its run: letters for the dead, new packs for the waiting, lines, counts."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import orjson

from sluice.delivery.dead_letters import Letter, clean_text
from sluice.delivery.log import dump_lines
from sluice.delivery.pack_work import Outcome
from sluice.delivery.schedule import queue_delay
from sluice.errors import DeliveryError
from sluice.messages import Held, Message
from sluice.packs import Item, SyncPack, cut, dump_item, dump_sync_pack
from sluice.reasons import Reason
from sluice.times import parse_time


@dataclass(slots=True)
class Remains:
    """`packs` are SQS bodies with their delay in seconds, `group` their message group ("" for none),
    `archived` the letters as the archive's object, `lines` those of the delivery log, `dead_lines` those of
    the letters; the counts are items. `revived` are packs of the letters' items, which replace letters that
    cannot be written; `held` is the state of the message that the pack came in, `pack` what
    all of them are like. Of a copy of another pack (`is_copy`) nothing is left. `stuck` says why a message
    must be sent again as it is.

    `reasons` are why items wait or died; `latencies` milliseconds from receipt to delivery, of live events.
    """

    group: str = ""
    delivered: int = 0
    retried: int = 0
    postponed: int = 0
    attempts: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    archived: bytes = b""
    packs: list[tuple[str, int]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    dead_lines: list[bytes] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    held: Held | None = None
    is_copy: bool = False
    stuck: str = ""
    pack: SyncPack | None = None
    doomed: list[Item] = field(default_factory=list)

    def add_delivered(
        self, pack: SyncPack, items: Sequence[Item], *, at: float, status: int | None, latency: float | None
    ) -> None:
        self.delivered += len(items)
        self.lines += dump_lines(
            pack,
            items,
            "delivered",
            attempt=pack.attempt,
            at=at,
            status=status,
            latency=latency,
        )
        if pack.replay is None:
            received = (parse_time(item.event.get("receivedAt")) for item in items)
            self.latencies += [max(at - moment, 0.0) * 1000 for moment in received if moment]

    def add_retry(
        self, pack: SyncPack, item: Item, error: DeliveryError, outcome: Outcome, next_at: float
    ) -> None:
        """Notes an attempt that failed; the new pack is a matter of `add_packs`."""
        self.retried += 1
        self.reasons[error.reason] += 1
        self.lines += dump_lines(
            pack,
            [item],
            "retry",
            attempt=pack.attempt,
            at=outcome.at,
            reason=error.reason,
            status=error.status,
            latency=outcome.latency,
            next_at=next_at,
        )

    def add_letter(
        self, pack: SyncPack, item: Item, letter: Letter, *, at: float, latency: float | None
    ) -> None:
        self.letters.append(letter)
        self.doomed.append(item)
        self.reasons[Reason(letter["reason"])] += 1
        self.dead_lines += dump_lines(
            pack,
            [item],
            "dead",
            attempt=letter["attempts"],
            at=at,
            reason=letter["reason"],
            status=letter["status"],
            latency=latency,
        )

    def postpone(self, pack: SyncPack, some: Iterable[tuple[float, Sequence[Item]]]) -> None:
        """Items that wait uncounted, with their seconds; those that wait equally long stay together."""
        by_delay: dict[int, list[Item]] = {}
        for delay, items in some:
            by_delay.setdefault(queue_delay(delay), []).extend(items)
        for delay, items in by_delay.items():
            self.add_packs(pack, items, delay)
            self.postponed += len(items)

    def add_packs(self, pack: SyncPack, items: Sequence[Item], delay: int) -> None:
        """New packs like `pack` that hold `items`."""
        self.packs += [(body, delay) for body in dump_packs(pack, items)]

    def continue_from(self, message: Message, pack: SyncPack) -> None:
        """Takes over what the message and its pack carried along from earlier runs."""
        self.held, self.pack = message.held, replace(pack, lines=[])
        self.lines[:0] = [line.encode() for line in pack.lines]

    def keep_lines(self) -> None:
        """Turns lines that cannot be written into a pack without items, so that no item is sent again."""
        if self.pack and self.lines:
            lines = [line.decode() for line in self.lines]
            self.revived.append(clean_text(dump_sync_pack(replace(self.pack, lines=lines), [])))
            self.lines = []

    def revive(self, places: Collection[int]) -> None:
        """Turns the letters at these places, which cannot be written, into packs of their items: nothing else
        is sent again."""
        if self.pack:
            self.revived += dump_packs(self.pack, [self.doomed[at] for at in sorted(places)])
        self.reasons -= Counter(Reason(self.letters[at]["reason"]) for at in places)
        kept = [at for at in range(len(self.letters)) if at not in places]
        self.letters = [self.letters[at] for at in kept]
        self.doomed = [self.doomed[at] for at in kept]
        self.dead_lines = [self.dead_lines[at] for at in kept]


def dump_packs(pack: SyncPack, items: Sequence[Item]) -> list[str]:
    """The bodies of packs like `pack` that hold `items`."""
    dumped = [dump_item(item.type, orjson.dumps(item.event)) for item in items]
    return [clean_text(dump_sync_pack(pack, dumped[part])) for part in cut([len(item) for item in dumped])]
