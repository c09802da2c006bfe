"""The calls of one run: in parallel, within the time left, each answer read for what it means.

A call waits for nothing but its turn, a second at most (`pacing`); none is made while the breaker is open. It
is repeated at once in two cases only, both with something changed: the secret was read afresh (401, 403),
or the batch was refused as a whole and is split (`splitting`).
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

from sluice.delivery.auth import Auth
from sluice.delivery.breaker import Breaker
from sluice.delivery.budget import SHORTEST_CALL, TimeBudget
from sluice.delivery.classify import classify_response
from sluice.delivery.pacing import Pacer
from sluice.delivery.pack_work import Outcome, PackWork, build_requests, halve
from sluice.delivery.splitting import SPLIT_PAUSE, Allowance, is_worth_splitting, part_spared
from sluice.delivery.sync import Sync
from sluice.destinations.declaration import Entry, Request, Response, Send, Verdict
from sluice.errors import AuthRejected, AwsUnavailable, DeliveryError, RetryLater
from sluice.reasons import Reason

type Call = tuple[PackWork, Request]


@dataclass(frozen=True, slots=True)
class Caller:
    """Makes the calls of one run; `remaining` are the seconds that the invocation has left."""

    sync: Sync
    send: Send
    auth: Auth
    breaker: Breaker
    pacer: Pacer
    now: Callable[[], float]
    remaining: Callable[[], float]
    budget: TimeBudget
    _line: "count[int]" = field(default_factory=count)  # who stands how far behind the pacer's next turn
    # Parts of refused batches, the last one first, and only after the batches that nobody has refused yet.
    _parts: deque[tuple[PackWork, Request, Allowance]] = field(default_factory=deque)

    def make_calls(self, calls: Iterable[Call], pool: ThreadPoolExecutor) -> None:
        """Every call ends in its pack's `outcomes` or, where it was not made, among what is sent again.

        Where the breaker probes, one call is made alone and says whether there are others.
        """
        todo = deque(calls)
        if self.breaker.probing:
            self._handle(*todo.popleft())
        seconds = (
            self.budget.start - self.budget.settle
        )  # so that even the last in line leaves time to settle
        threads = self.pacer.count_useful(min(self.sync.concurrency, len(todo)), seconds)
        helpers = [pool.submit(self._work_off, todo) for _ in range(threads - 1)]
        self._work_off(todo)
        for helper in helpers:
            helper.result()

    def _work_off(self, todo: deque[Call]) -> None:
        while True:
            try:
                call = (*todo.popleft(), None) if todo else self._parts.pop()
            except IndexError:
                if todo or self._parts:  # another thread took what was seen here, and there is more
                    continue
                return
            self._handle(*call)

    def _handle(self, work: PackWork, request: Request, allowance: Allowance | None = None) -> None:
        """Makes one call, or says why not. A part of a refused batch shares that batch's `allowance`."""
        if not self._may_call(work, request, is_part=allowance is not None):
            return
        started = self.now()
        verdict, response = self._attempt(request)
        ended = self.now()
        self.breaker.note(verdict)
        if is_worth_splitting(request, verdict):
            self._split(work, request, allowance or Allowance.for_batch(len(request.entries)))
            return
        spared, request, verdict = part_spared(request, verdict)
        if spared:
            self._add_part(work, spared, allowance or Allowance.for_batch(len(spared) + 1))
        work.outcomes.append(Outcome(request, verdict, response, ended, max(ended - started, 0.0)))

    def _split(self, work: PackWork, request: Request, allowance: Allowance) -> None:
        for half in reversed(halve(request.entries)):
            self._add_part(work, half, allowance)

    def _add_part(self, work: PackWork, entries: Sequence[Entry], allowance: Allowance) -> None:
        """A call for a part of a refused batch; without allowance it goes back as a pack of its own."""
        for part in build_requests(self.sync, work, entries):
            if allowance.take():
                self._parts.append((work, part, allowance))
            else:
                work.postpone(part, SPLIT_PAUSE, is_part=True)

    def _may_call(self, work: PackWork, request: Request, *, is_part: bool) -> bool:
        if pause := self.breaker.find_pause():
            work.hold(request, pause)
        elif self._is_late():
            work.postpone(request, 0.0, is_part=is_part)
        elif wait := self.pacer.take_turn():
            place = wait + next(self._line) * self.pacer.interval
            work.postpone(request, place, is_part=is_part)
        elif self.pacer.interval and self._is_late():  # it waited for its turn
            work.postpone(request, 0.0, is_part=is_part)
        else:
            return True
        return False

    def _is_late(self) -> bool:
        return self.remaining() < self.budget.start

    def _attempt(self, request: Request) -> tuple[Verdict, Response | None]:
        headers = self.auth.headers
        verdict, response = self._call(request, headers)
        if isinstance(verdict, AuthRejected):
            try:
                renewed = self.auth.renew(headers)
            except RetryLater as error:
                return error, response
            except AwsUnavailable:  # whether the secret has changed is unknown
                return verdict, response
            if renewed:
                return self._call(request, self.auth.headers)
        return verdict, response

    def _call(self, request: Request, headers: dict[str, str]) -> tuple[Verdict, Response | None]:
        left = max(self.remaining() - self.budget.settle, SHORTEST_CALL)
        timeout = min(self.sync.settings.timeout, left)
        try:
            response = self.send(request, headers, timeout)
        except DeliveryError as error:
            return error, None
        except Exception as error:  # a bug here must cost neither the item nor the ones beside it
            return RetryLater(Reason.INTERNAL_ERROR, repr(error)), None
        try:
            judge = self.sync.declaration.judge
            if judge is None:
                return classify_response(response, self.now()), response
            verdict = judge(self.sync.settings, request, response, self.now())
            if isinstance(verdict, Sequence) and len(verdict) != len(request.entries):
                raise ValueError(f"{len(verdict)} results for {len(request.entries)} items")
            return verdict, response
        except Exception as error:
            return RetryLater(Reason.INTERNAL_ERROR, repr(error)), response
