"""One invocation of a sync's delivery function: messages in, a report out, nothing lost in between."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched

from sluice.delivery.auth import Auth
from sluice.delivery.breaker import Breaker
from sluice.delivery.budget import SETTLE_SECONDS, TimeBudget, find_budget
from sluice.delivery.calls import Caller
from sluice.delivery.copies import CLAIMING_RECEIVES, SHORTEST_RETURN, CopyCheck, name_origin
from sluice.delivery.pacing import Pacer
from sluice.delivery.pack_work import Outcome, PackWork, drop_copies, prepare_requests, read_pack
from sluice.delivery.ports import Places, Ports
from sluice.delivery.progress import Progress
from sluice.delivery.remains import Remains
from sluice.delivery.report import Report
from sluice.delivery.schedule import queue_delay
from sluice.delivery.settle import Settlement
from sluice.delivery.sort_out import Sorter
from sluice.delivery.sync import Sync
from sluice.delivery.watch import Watch
from sluice.errors import AwsUnavailable, PackUnreadable, RetryLater
from sluice.messages import Message
from sluice.outages import find_visibility, send_again
from sluice.times import parse_time

SUSPECT_RECEIVES = CLAIMING_RECEIVES + 1  # received so often, a pack may be what kills the process
EARLY_SECONDS = 1.0  # SQS delays by whole seconds: what comes this little too early is taken
PART_ITEMS = 50
MOST_PART_ITEMS = 500
SMALL_PART_ITEMS = 100  # while AWS is slow: processes die more often then, and nothing is gained by haste
NOTED_CALLS = 25  # calls between two notes, while AWS is slow
SETTLE_RARELY = 2.0  # seconds, while AWS is slow: what was taken is noted, and each time takes long
SETTLE_EVERY = 0.1  # seconds of work that a container which is killed repeats, besides the part in hand
UNREADABLE = "unreadable: "
UNSURE = "DynamoDB did not say whether it is a copy"
UNSURE_VISIBILITY = {1: 5, 2: 20}  # seconds by receive; a third time it is delivered
POISON_VISIBILITY = 1
SUSPECT_MARGIN = 30  # seconds after the end of a run until its suspects can be received again

type Remaining = Callable[[], float]


class Delivery:
    """Delivers the packs of one sync. Made once per container: its threads and connections are kept."""

    def __init__(self, sync: Sync, places: Places, ports: Ports) -> None:
        self.sync, self._places, self._ports = sync, places, ports
        self._send = sync.declaration.open_sender(sync.settings, ports.outside)
        self._pool = ThreadPoolExecutor(max(sync.concurrency - 1, 1), thread_name_prefix="sluice-delivery")
        lease = 2 * sync.settings.timeout + SETTLE_SECONDS  # two calls, where credentials are refused
        self._breaker = Breaker(ports.pauses, now=ports.now, lease=lease)
        self._copies = CopyCheck(sync.slug, sync.timeout, ports.claims, ports.now)
        self._progress = Progress(sync.slug, ports.notes, ports.now)
        self._watch = Watch(sync.limits)
        self._pacer = Pacer(sync.rate, now=ports.now, sleep=ports.outside.sleep)

    def deliver(self, messages: Sequence[Message], remaining: Remaining) -> Report:
        """Handles every message; `remaining` are seconds until the invocation is killed.

        Packs that may be poison come last and one by one, when all before them are acknowledged.
        """
        report = Report()
        budget = find_budget(self.sync.settings.timeout, remaining())
        fresh = [message for message in messages if message.receive_count < SUSPECT_RECEIVES]
        # A new order each time: no pack must stand behind the same poison until both are in the DLQ.
        suspects = sorted(
            (message for message in messages if message.receive_count >= SUSPECT_RECEIVES),
            key=lambda message: (message.receive_count, self._ports.draw()),
        )
        self._hide(suspects, remaining())
        for last, group in mark_last([fresh, *([suspect] for suspect in suspects)]):
            self._handle(group, remaining, budget, report, acknowledge=not last)
        report.breaker_open = self._breaker.is_open
        report.exceeded = self._watch.judge(report, self._ports.now())
        return report

    def _handle(
        self,
        messages: Sequence[Message],
        remaining: Remaining,
        budget: TimeBudget,
        report: Report,
        *,
        acknowledge: bool,
    ) -> None:
        """Delivers some messages part by part, and settles what is finished every tenth of a second.

        What is settled is acknowledged before the next part begins, so a killed container repeats little.
        The last part is acknowledged where `acknowledge` says so.
        """
        started = self._ports.now()
        auth = Auth(self.sync.auth, self._ports.secrets)
        works, remains, broken = self._read(messages, started, report)
        waiting, settled = set(works), started
        todo = deque(works.values())
        while todo or messages:
            part = take_part(todo, self.sync, SMALL_PART_ITEMS if self._progress.is_slow else MOST_PART_ITEMS)
            if remaining() < budget.start:  # no call is made any more: what is left is settled together
                part += todo
                todo.clear()
            self._call(part, auth, remaining, budget)
            sorter = Sorter(self.sync, auth, started, self._ports.now())
            for work in part:
                waiting.discard(work.message.id)
                try:
                    left = remains[work.message.id] = sorter.sort_out(work, self._ports.draw())
                    left.continue_from(work.message, work.pack)
                except Exception as error:  # what cannot be written down must fail its own pack only
                    broken[work.message.id] = repr(error)
            every = SETTLE_RARELY if self._progress.is_slow else SETTLE_EVERY
            if todo and self._ports.now() - settled < every:
                continue
            settled = self._ports.now()
            ended = [message for message in messages if message.id not in waiting]
            messages = [message for message in messages if message.id in waiting]
            done = self._settle(ended, remains, broken, report)
            if done and (acknowledge or todo):
                self._ports.queues.delete(self._places.queue_url, done)
            self._progress.judge(self._ports.now() - settled, trouble=bool(report.trouble))
            remains, broken = {}, {}

    def _read(
        self, messages: Sequence[Message], started: float, report: Report
    ) -> tuple[dict[str, PackWork], dict[str, Remains], dict[str, str]]:
        """By message id: the packs to deliver, what is left of the others, and why some cannot be read."""
        works: dict[str, PackWork] = {}
        remains: dict[str, Remains] = {}
        broken: dict[str, str] = {}
        for message in messages:
            try:
                pack = read_pack(message, self.sync.slug)
            except PackUnreadable as error:
                broken[message.id] = f"{UNREADABLE}{error}"
                continue
            report.see(message.id, pack, started)
            parent, pack.origin = pack.origin, name_origin(message.body)
            rest = (parse_time(pack.not_before) or 0) - started
            if rest > EARLY_SECONDS:
                again = (message.body, queue_delay(rest))
                remains[message.id] = Remains(group=pack.group, postponed=len(pack.items), packs=[again])
            else:
                works[message.id] = PackWork(message, pack, parent=parent)
        copies, unsure = self._copies.find_copies([work.message for work in works.values()])
        for copy in copies:
            del works[copy]
            remains[copy] = Remains(is_copy=True)
        for message_id in unsure:
            del works[message_id]
            broken[message_id] = UNSURE
        drop_copies(works.values())
        self._progress.recall(works.values())
        return works, remains, broken

    def _settle(
        self,
        messages: Sequence[Message],
        remains: Mapping[str, Remains],
        broken: Mapping[str, str],
        report: Report,
    ) -> list[str]:
        """Writes down what became of the packs; receipt handles of the messages that may be acknowledged."""
        settlement = Settlement(self._ports, self._places)
        settlement.settle(remains)
        report.add_trouble(settlement.trouble)
        report.sent_again += len(settlement.trouble.keys() - settlement.failed.keys())
        self._fail(messages, settlement.failed, broken, report)
        for message_id, left in remains.items():
            if message_id not in settlement.failed:
                report.add(message_id, left)
        return [message.receipt_handle for message in messages if message.id not in report.failed]

    def _call(self, works: Sequence[PackWork], auth: Auth, remaining: Remaining, budget: TimeBudget) -> None:
        if works and (pause := self._breaker.look()):
            for work in works:
                work.held.append((pause, work.pack.items))
            return
        calls = [(work, request) for work in works for request in prepare_requests(self.sync, work)]
        if not calls:
            return
        try:
            auth.open()
        except RetryLater as error:
            now = self._ports.now()
            for work, request in calls:
                work.outcomes.append(Outcome(request, error, None, now, None))
            return
        except AwsUnavailable as error:
            for work in works:
                work.stuck = str(error)
            return
        if pause := self._breaker.enter():
            for work, request in calls:
                work.hold(request, pause)
            return
        caller = Caller(
            self.sync, self._send, auth, self._breaker, self._pacer, self._ports.now, remaining, budget
        )
        at_once = max(NOTED_CALLS, self.sync.concurrency) if self._progress.is_slow else len(calls)
        for some in batched(calls, at_once, strict=False):
            caller.make_calls(some, self._pool)
            self._progress.note(works)

    def _fail(
        self, messages: Sequence[Message], held: Mapping[str, str], broken: Mapping[str, str], report: Report
    ) -> None:
        """Sends packs that AWS errors held up again.

        Where SQS refuses, and where a pack is broken, the message is received again later.
        """
        waiting = [message for message in messages if message.id in held]
        report.add_trouble(held)
        again: set[str] = set()
        if waiting:
            queue_url, dlq_url = self._places.queue_url, self._places.dlq_url
            again = send_again(waiting, self._ports.queues, queue_url, dlq_url, self._ports.now())
            report.sent_again += len(again)
        visibility: dict[str, int] = {}
        for message in messages:
            if why := broken.get(message.id):
                suspect = message.receive_count >= SUSPECT_RECEIVES
                wait = SHORTEST_RETURN if suspect else 1 << message.receive_count
                wait = POISON_VISIBILITY if why.startswith(UNREADABLE) else wait
                wait = UNSURE_VISIBILITY[message.receive_count] if why == UNSURE else wait
                report.add_failed(message.id, wait, why)
            elif message.id in held and message.id not in again:
                report.add_failed(message.id, find_visibility(message.receive_count), held[message.id])
            else:
                continue
            visibility[message.receipt_handle] = report.failed[message.id]
        if visibility:
            self._ports.queues.set_visibility(self._places.queue_url, visibility)

    def _hide(self, suspects: Sequence[Message], seconds: float) -> None:
        """A suspect that kills this run comes back soon after the run would have ended at the latest, and not
        after the queue's visibility timeout: its 20 receives are over within an hour."""
        hidden = max(math.ceil(seconds) + SUSPECT_MARGIN, SHORTEST_RETURN)
        if suspects:
            self._ports.queues.set_visibility(
                self._places.queue_url, {suspect.receipt_handle: hidden for suspect in suspects}
            )


def take_part(works: deque[PackWork], sync: Sync, most: int) -> list[PackWork]:
    """Takes packs from the left: as many as keep all threads busy, or until they have `most` items."""
    part: list[PackWork] = []
    items = calls = 0
    while works and items < most and (items < PART_ITEMS or calls < sync.concurrency):
        part.append(works.popleft())
        items += len(part[-1].pack.items)
        calls += math.ceil(len(part[-1].pack.items) / sync.max_items)
    return part


def mark_last[T](some: Sequence[T]) -> Iterator[tuple[bool, T]]:
    """Each with whether it is the last one."""
    return ((at == len(some) - 1, one) for at, one in enumerate(some))
