"""The calls of one run: in parallel, within the time left, each answer read for what it means.

Nothing waits here. A call is repeated at once in two cases only, both with something changed: the secret was
read afresh (401, 403), or the batch was halved (413).
"""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sluice.delivery.auth import Auth
from sluice.delivery.classify import classify_response
from sluice.delivery.pack_work import PackWork, build_requests, halve
from sluice.delivery.sync import Sync
from sluice.destinations.declaration import Request, Response, Send, Verdict
from sluice.errors import AuthRejected, DeliveryError, GiveUp, RetryLater
from sluice.reasons import Reason

SETTLE_SECONDS = 10.0  # what AWS may take to write down what became of the items, when it is slow
SHORTEST_CALL = 1.0

type Call = tuple[PackWork, Request]


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """How an invocation's time is parted: no call is started with less than `start` seconds left, and a call
    that was started leaves `settle` of them."""

    start: float
    settle: float


def find_budget(timeout: float, remaining: float) -> TimeBudget:
    """The budget of an invocation that has `remaining` seconds, for calls of at most `timeout`.

    A function with too little time for a whole call still starts some: else it would start none, for ever.
    """
    settle = min(SETTLE_SECONDS, remaining / 3)
    return TimeBudget(start=settle + min(timeout, (remaining - settle) / 2), settle=settle)


@dataclass(frozen=True, slots=True)
class Caller:
    """Makes the calls of one run; `remaining` are the seconds that the invocation has left."""

    sync: Sync
    send: Send
    auth: Auth
    now: Callable[[], float]
    remaining: Callable[[], float]
    budget: TimeBudget

    def make_calls(self, calls: Iterable[Call], pool: ThreadPoolExecutor) -> None:
        """Every call ends in its pack's `outcomes` or, where there was no time to start it, in `unsent`."""
        todo = deque(calls)
        helpers = [
            pool.submit(self._work_off, todo) for _ in range(min(self.sync.concurrency, len(todo)) - 1)
        ]
        self._work_off(todo)
        for helper in helpers:
            helper.result()

    def _work_off(self, todo: deque[Call]) -> None:
        while True:
            try:
                work, request = todo.popleft()
            except IndexError:
                return
            if self.remaining() < self.budget.start:
                work.unsent.append(request)
                continue
            verdict, response = self._attempt(request)
            if verdict is not None and _is_too_large(verdict) and len(request.entries) > 1:
                for half in halve(request.entries):
                    todo.extend((work, smaller) for smaller in build_requests(self.sync, work, half))
                continue
            work.outcomes.append((request, verdict, response))

    def _attempt(self, request: Request) -> tuple[Verdict, Response | None]:
        headers = self.auth.headers
        verdict, response = self._call(request, headers)
        if isinstance(verdict, AuthRejected):
            try:
                renewed = self.auth.renew(headers)
            except RetryLater as error:
                return error, response
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
            return judge(self.sync.settings, request, response, self.now()), response
        except Exception as error:
            return RetryLater(Reason.INTERNAL_ERROR, repr(error)), response


def _is_too_large(verdict: Verdict) -> bool:
    return isinstance(verdict, GiveUp) and verdict.reason is Reason.PAYLOAD_TOO_LARGE
