"""Drains dead-letter queues: receive → make sure that `dead/` has it → delete.

A crash between any two steps leaves the letter in its queue and at most an object in the archive, which the
next run writes over under the same key. Nothing is deleted that the archive does not have.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sluice.archiver.letters import dump_lines, name_pack, read_letter, write_lines
from sluice.archiver.ports import Archive, ArchiveUnreadable, Queues, Received
from sluice.archiver.shelf import Shelf
from sluice.delivery.dead_letters import Letter, name_letters

HIDDEN_SECONDS = 900  # as long as a run takes at most: nothing is received twice in it
MOST_HELD = 60_000  # half of what SQS lets be in flight, so that engineers can still receive
GATHERED = 100  # letters a round


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """`sync` is a slug, "" for the queue of packs that could not be routed."""

    url: str
    sync: str


@dataclass(slots=True)
class Drained:
    """What became of the messages of one queue: `archived` were written to `dead/` by this run, `deleted` is
    all that left the queue, `young` stay for their engineers, `failed` stay because of trouble. `oldest` is
    the age in seconds of the oldest that stays, 0 where none does."""

    received: int = 0
    archived: int = 0
    deleted: int = 0
    young: int = 0
    failed: int = 0
    oldest: float = 0.0
    trouble: str = ""


class Archiver:
    """`keep_seconds` is how old a letter must be; `clock` is epoch time."""

    def __init__(
        self, queues: Queues, archive: Archive, *, keep_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._queues, self._archive, self._keep, self._clock = queues, archive, keep_seconds, clock

    def drain(self, dlqs: Sequence[DeadLetterQueue], *, seconds: float) -> dict[str, Drained]:
        """Drains every queue, each within its share of what is left of `seconds`; results by URL.

        Trouble with one queue holds up no other one.
        """
        end = self._clock() + seconds
        results: dict[str, Drained] = {}
        for at, dlq in enumerate(dlqs):
            now = self._clock()
            result = results[dlq.url] = Drained()
            try:
                self._drain(dlq, now + (end - now) / (len(dlqs) - at), result)
            except Exception as error:  # a queue or a bucket in trouble: the others have their own
                result.trouble = repr(error)
        return results

    def _drain(self, dlq: DeadLetterQueue, deadline: float, result: Drained) -> None:
        oldest_to_keep = self._clock() - self._keep
        shelves: dict[str, Shelf] = {}
        held: dict[str, Received] = {}

        def has_time() -> bool:
            return self._clock() < deadline

        try:
            while has_time() and len(held) < MOST_HELD and (messages := self._receive(dlq.url)):
                result.received += len(messages)
                held |= {message.receipt_handle: message for message in messages}
                old = [message for message in messages if message.sent_at < oldest_to_keep]
                result.young += len(messages) - len(old)
                safe = [m.receipt_handle for m in old if self._secure(dlq, m, shelves, has_time, result)]
                undeleted = set(self._queues.delete(dlq.url, safe)) if safe else set()
                gone = [handle for at, handle in enumerate(safe) if at not in undeleted]
                result.deleted += len(gone)
                result.failed += len(old) - len(gone)
                for handle in gone:
                    del held[handle]
        finally:
            if held:
                result.oldest = self._clock() - min(message.sent_at for message in held.values())
                self._queues.set_visibility(dlq.url, dict.fromkeys(held, 0))

    def _receive(self, url: str) -> list[Received]:
        """About a hundred messages; none where a long poll found none."""
        gathered: list[Received] = []
        while len(gathered) < GATHERED:
            some = self._queues.receive(url, visibility=HIDDEN_SECONDS, wait=1)
            if not some:
                break
            gathered += some
        return gathered

    def _secure(
        self,
        dlq: DeadLetterQueue,
        message: Received,
        shelves: dict[str, Shelf],
        has_time: Callable[[], bool],
        result: Drained,
    ) -> bool:
        """Whether the archive has what the message says, now."""
        letter = read_letter(message.body) if dlq.sync else None
        if letter is None or letter["sync"] != dlq.sync:
            lines = write_lines(message, dlq.sync)
            return self._write(name_pack(message, dlq.sync), lines, result)
        try:
            prefix = f"dead/sync={dlq.sync}/dt={letter['died_at'][:10]}/"
            if prefix not in shelves:
                shelves[prefix] = Shelf(self._archive, prefix, has_time)
            has = shelves[prefix].has(letter)
        except ArchiveUnreadable as error:
            result.trouble = str(error)
            return False
        return self._write(name_letters([letter]), [letter], result) if has is False else bool(has)

    def _write(self, key: str, lines: Sequence[Letter], result: Drained) -> bool:
        if not self._archive.put(key, dump_lines(lines)):
            result.trouble = "the archive did not take a letter"
            return False
        result.archived += 1
        return True
