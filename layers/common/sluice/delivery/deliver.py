"""One invocation of a sync's delivery function: messages in, a report out, nothing lost in between."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sluice.delivery.auth import Auth
from sluice.delivery.calls import Caller, TimeBudget, find_budget
from sluice.delivery.pack_work import PackWork, prepare_requests, read_pack
from sluice.delivery.ports import Message, Places, Ports
from sluice.delivery.remains import Remains, sort_out
from sluice.delivery.schedule import queue_delay
from sluice.delivery.settle import Settlement
from sluice.delivery.sync import Sync
from sluice.errors import PackUnreadable, RetryLater
from sluice.times import parse_time

SUSPECT_RECEIVES = 3  # received so often, a pack may be what kills the process
EARLY_SECONDS = 1.0  # SQS delays by whole seconds: what comes this little too early is taken
POISON_VISIBILITY = 1
LONGEST_VISIBILITY = 120
MAX_TROUBLE = 200  # characters a pack in the log line

type Remaining = Callable[[], float]


@dataclass(slots=True)
class Report:
    """What an invocation did, in items; packs that must be received again count for nothing.

    `failed` are the messages to be received again, with the seconds until then; `trouble` says why.
    """

    packs: int = 0
    delivered: int = 0
    retried: int = 0
    postponed: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    failed: dict[str, int] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)

    def as_partial_batch_response(self) -> dict[str, list[dict[str, str]]]:
        """What Lambda's SQS event source mapping asks for: all other messages are acknowledged."""
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in self.failed]}


class Delivery:
    """Delivers the packs of one sync. Made once per container: its threads and connections are kept."""

    def __init__(self, sync: Sync, places: Places, ports: Ports) -> None:
        self.sync, self._places, self._ports = sync, places, ports
        self._send = sync.declaration.open_sender(sync.settings, ports.outside)
        self._pool = ThreadPoolExecutor(max(sync.concurrency - 1, 1), thread_name_prefix="sluice-delivery")

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
            rest = (parse_time(pack.not_before) or 0) - started
            if rest > EARLY_SECONDS:
                again = (message.body, queue_delay(rest))
                remains[message.id] = Remains(postponed=len(pack.items), packs=[again])
            else:
                works.append(PackWork(message, pack))
        self._call(works, auth, remaining, budget)
        now, schedule = self._ports.now(), self.sync.schedule
        for work in works:
            key = work.message.id
            try:
                remains[key] = sort_out(
                    work, schedule, auth, started=started, now=now, draw=self._ports.draw()
                )
            except Exception as error:  # what cannot be written down must fail its own pack only
                settlement.failed[key] = repr(error)
        settlement.settle(remains)
        return self._report(messages, remains, settlement.failed, unreadable, report)

    def _call(self, works: Sequence[PackWork], auth: Auth, remaining: Remaining, budget: TimeBudget) -> None:
        calls = [(work, request) for work in works for request in prepare_requests(self.sync, work)]
        if not calls:
            return
        try:
            auth.open()
        except RetryLater as error:
            for work, request in calls:
                work.outcomes.append((request, error, None))
            return
        caller = Caller(self.sync, self._send, auth, self._ports.now, remaining, budget)
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
                report.failed[message.id] = POISON_VISIBILITY if message.id in unreadable else wait
                report.trouble[message.id] = failed[message.id][:MAX_TROUBLE]
                visibility[message.receipt_handle] = report.failed[message.id]
                continue
            left = remains[message.id]
            report.packs += 1
            report.delivered += left.delivered
            report.retried += left.retried
            report.postponed += left.postponed
            report.dead += Counter(letter["reason"] for letter in left.letters)
            done.append(message)
        if visibility:
            self._ports.queues.set_visibility(self._places.queue_url, visibility)
        return done
