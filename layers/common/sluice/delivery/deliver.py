"""One invocation of a sync's delivery function: messages in, a report out, nothing lost in between."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sluice.delivery.auth import Auth
from sluice.delivery.breaker import Breaker
from sluice.delivery.budget import SETTLE_SECONDS, TimeBudget, find_budget
from sluice.delivery.calls import Caller
from sluice.delivery.pacing import Pacer
from sluice.delivery.pack_work import Outcome, PackWork, drop_copies, prepare_requests, read_pack
from sluice.delivery.ports import Places, Ports
from sluice.delivery.remains import Remains
from sluice.delivery.report import Report
from sluice.delivery.schedule import queue_delay
from sluice.delivery.settle import Settlement
from sluice.delivery.sort_out import Sorter
from sluice.delivery.sync import Sync
from sluice.errors import PackUnreadable, RetryLater
from sluice.messages import Message
from sluice.times import parse_time

SUSPECT_RECEIVES = 3  # received so often, a pack may be what kills the process
EARLY_SECONDS = 1.0  # SQS delays by whole seconds: what comes this little too early is taken
POISON_VISIBILITY = 1
LONGEST_VISIBILITY = 120

type Remaining = Callable[[], float]


class Delivery:
    """Delivers the packs of one sync. Made once per container: its threads and connections are kept."""

    def __init__(self, sync: Sync, places: Places, ports: Ports) -> None:
        self.sync, self._places, self._ports = sync, places, ports
        self._send = sync.declaration.open_sender(sync.settings, ports.outside)
        self._pool = ThreadPoolExecutor(max(sync.concurrency - 1, 1), thread_name_prefix="sluice-delivery")
        lease = 2 * sync.settings.timeout + SETTLE_SECONDS  # two calls, where credentials are refused
        self._breaker = Breaker(ports.pauses, now=ports.now, lease=lease)
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
        for group in [fresh, *([suspect] for suspect in suspects)]:
            done = self._handle(group, remaining, budget, report)
            if suspects and done:
                self._ports.queues.delete(
                    self._places.queue_url, [message.receipt_handle for message in done]
                )
        report.breaker_open = self._breaker.is_open
        return report

    def _handle(
        self, messages: Sequence[Message], remaining: Remaining, budget: TimeBudget, report: Report
    ) -> list[Message]:
        """Delivers and settles some messages; those that may be acknowledged."""
        started = self._ports.now()
        auth = Auth(self.sync.auth, self._ports.secrets)
        settlement = Settlement(self._ports, self._places)
        works: list[PackWork] = []
        remains: dict[str, Remains] = {}
        unreadable: set[str] = set()
        for message in messages:
            try:
                pack = read_pack(message, self.sync.slug)
            except PackUnreadable as error:
                unreadable.add(message.id)
                settlement.failed[message.id] = f"unreadable: {error}"
                continue
            report.see(pack, started)
            rest = (parse_time(pack.not_before) or 0) - started
            if rest > EARLY_SECONDS:
                again = (message.body, queue_delay(rest))
                remains[message.id] = Remains(group=pack.group, postponed=len(pack.items), packs=[again])
            else:
                works.append(PackWork(message, pack))
        drop_copies(works)
        self._call(works, auth, remaining, budget)
        sorter = Sorter(self.sync, auth, started, self._ports.now())
        for work in works:
            try:
                remains[work.message.id] = sorter.sort_out(work, self._ports.draw())
            except Exception as error:  # what cannot be written down must fail its own pack only
                settlement.failed[work.message.id] = repr(error)
        settlement.settle(remains)
        return self._report(messages, remains, settlement.failed, unreadable, report)

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
        if pause := self._breaker.enter():
            for work, request in calls:
                work.hold(request, pause)
            return
        caller = Caller(
            self.sync, self._send, auth, self._breaker, self._pacer, self._ports.now, remaining, budget
        )
        caller.make_calls(calls, self._pool)

    def _report(
        self,
        messages: Sequence[Message],
        remains: Mapping[str, Remains],
        failed: Mapping[str, str],
        unreadable: set[str],
        report: Report,
    ) -> list[Message]:
        """Counts what is settled and lets the rest be received again in seconds, not in six timeouts."""
        done: list[Message] = []
        visibility: dict[str, int] = {}
        for message in messages:
            if message.id in failed:
                wait = min(2**message.receive_count, LONGEST_VISIBILITY)
                wait = POISON_VISIBILITY if message.id in unreadable else wait
                report.add_failed(message.id, wait, failed[message.id])
                visibility[message.receipt_handle] = wait
            else:
                report.add(remains[message.id])
                done.append(message)
        if visibility:
            self._ports.queues.set_visibility(self._places.queue_url, visibility)
        return done
