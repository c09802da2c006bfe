"""A replay as it runs: windows of the archive → packs → SQS, in steps that a resume can go on from."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched

from cli.pacing import Advance, Pacer
from cli.replay.history import Line, Stored, cut_windows, list_objects, list_prefixes, read_lines
from cli.replay.packing import INGEST, Outgoing, make_packs
from cli.replay.plan import Plan
from cli.replay.progress import Progress
from cli.replay.select import Selection, name_event
from cli.replay.taken import Taken, open_taken
from cli.stack import CommandError, Stack
from cli.suppressed import open_suppression
from sluice.adapters.sqs import Queues
from sluice.packs import PACK_BYTES
from sluice.reasons import Reason

CALL_PACKS = 4  # of 240 KiB: what one call of SQS takes
SUPPRESSED = Reason.SUPPRESSED.value
FULL_PACK = PACK_BYTES // 100  # events: more than any pack of 240 KiB has, unless they are tiny


@dataclass(slots=True)
class Tally:
    """What a dry run would take: events by source (or sync), name and day, and the packs they make."""

    events: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    packs: int = 0
    bytes: int = 0

    @property
    def total(self) -> int:
        return self.events.total()


def find_objects(stack: Stack, plan: Plan, syncs: list[str], now: datetime, after: str = "") -> list[Stored]:
    """Everything that the replay has to read, behind the key `after`."""
    return list(list_objects(stack, list_prefixes(stack, plan, syncs, now), after))


def tally(stack: Stack, plan: Plan, objects: list[Stored], advance: Advance) -> tuple[Tally, Selection]:
    """Reads everything and sends nothing."""
    with open_taken() as taken:
        told, selection, find_suppressed = Tally(), Selection(plan, taken), open_suppression(stack)
        for window, read in _read(stack, objects):
            lines = list(selection.take(read))
            if plan.is_straight and (stopped := find_suppressed([line["event"] for line in lines])):
                selection.left_out[SUPPRESSED] += len(stopped)
                lines = [line for at, line in enumerate(lines) if at not in stopped]
            packs = list(make_packs(plan, lines, window[0].key, None, find_suppressed))
            if plan.ingest:
                _count_packs(plan, lines, packs, told, selection)
            else:
                told.events.update(_describe(plan, line) for line in lines)
            told.packs += sum(1 for pack in packs if pack.body)
            told.bytes += sum(len(pack.body) for pack in packs)
            advance(sum(entry.size for entry in window))
    return told, selection


def run_replay(
    stack: Stack, progress: Progress, objects: list[Stored], pacer: Pacer, advance: Advance
) -> Selection:
    """Sends what is left of a replay; `objects` are those behind what is done and under way.

    Raises CommandError where SQS did not take a pack: what it took was noted, so the replay can go on.
    """
    with open_taken(progress.taken_path) as taken:
        replaying = _Replaying(stack, progress, taken, pacer)
        if progress.under_way:
            replaying.send_window([Stored(key, 0) for key in progress.under_way])
        for window in cut_windows(objects):
            progress.under_way, progress.sent = [entry.key for entry in window], 0
            progress.save()
            replaying.send_window(window)
            advance(sum(entry.size for entry in window))
        progress.finished = True
        progress.save()
        taken.delete()
    return replaying.selection


class _Replaying:
    """Sends window after window."""

    def __init__(self, stack: Stack, progress: Progress, taken: Taken, pacer: Pacer) -> None:
        self._stack, self._progress, self._taken, self._pacer = stack, progress, taken, pacer
        self.selection = Selection(progress.plan, taken)
        self._queues = Queues(stack.client("sqs"))
        self._find_suppressed = open_suppression(stack)

    def send_window(self, window: list[Stored]) -> None:
        """Sends the packs of a window behind the first `progress.sent`, which were sent before.

        The lines of a window are kept as taken once all its packs were sent: until then a resume takes the
        same lines again, and cuts the same packs. After that it takes none of them.
        """
        progress, pacer = self._progress, self._pacer
        plan = progress.plan
        lines = self.selection.take(read_lines(self._stack, window))
        packs = list(make_packs(plan, lines, window[0].key, pacer.limit(FULL_PACK), self._find_suppressed))
        for call in batched(packs[progress.sent :], 1 if plan.rate else CALL_PACKS, strict=False):
            _send(self._stack, self._queues, progress, call)
            self.selection.left_out[SUPPRESSED] += sum(pack.suppressed for pack in call)
            pacer.wait(sum(pack.events for pack in call))
        self._taken.save()
        progress.after, progress.under_way, progress.sent = window[-1].key, [], 0
        progress.save()


def _send(stack: Stack, queues: Queues, progress: Progress, packs: tuple[Outgoing, ...]) -> None:
    full = [pack for pack in packs if pack.body]
    for url in dict.fromkeys(_find_queue(stack, pack) for pack in full):
        some = [pack for pack in full if _find_queue(stack, pack) == url]
        unsent = queues.send(url, [pack.body for pack in some], groups=[pack.group for pack in some])
        if unsent:
            raise CommandError(
                f"SQS did not take {len(unsent)} packs; {progress.taken} events were sent before",
                f"go on with: sluice replay --id {progress.plan.id}",
            )
    progress.sent += len(packs)
    progress.packs += len(full)
    progress.taken += sum(pack.events for pack in packs)
    progress.save()


def _find_queue(stack: Stack, pack: Outgoing) -> str:
    return stack.find("IngestQueue") if pack.sync == INGEST else stack.queue_url(pack.sync)


def _read(stack: Stack, objects: list[Stored]) -> Iterator[tuple[list[Stored], Iterator[Line]]]:
    for window in cut_windows(objects):
        yield window, read_lines(stack, window)


def _count_packs(
    plan: Plan, lines: Sequence[Line], packs: Sequence[Outgoing], told: Tally, selection: Selection
) -> None:
    """Counts the events of whole packs, one pack for each line."""
    for line, pack in zip(lines, packs, strict=True):
        selection.left_out[SUPPRESSED] += pack.suppressed
        if pack.events:
            told.events[_describe(plan, line)] += pack.events


def _describe(plan: Plan, line: Line) -> tuple[str, str, str]:
    """Source (or sync), name and day of what a line holds."""
    if plan.ingest:
        return line["source"], f"a pack of {len(line['message_ids'])}", line["died_at"][:10]
    if plan.dead:
        return line["sync"], name_event(line["event"]), line["died_at"][:10]
    return line["source"], name_event(line["event"]), line["received_at"][:10]
