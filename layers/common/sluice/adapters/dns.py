"""Names to addresses that may be called: every address a name has is checked before any of them is used.

The system's resolver cannot be interrupted, so it runs in threads of its own, and a call waits for it
no longer than it may take. An answer that comes too late for its call is there for the next one.
"""

import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from math import inf
from threading import Lock
from typing import Any

from sluice.destinations.addresses import Target, refuse_address
from sluice.errors import GiveUp, RetryLater
from sluice.reasons import Reason

RESOLVED_SECONDS = 5.0  # how long an answer of DNS holds; a new address is checked after that at the latest
MAX_ADDRESSES = 4  # of a name that are worth trying
MAX_LOOKUPS = 16  # at the same time, each for another name: so many slow names hold up no other one

type Resolve = Callable[..., list[Any]]  # socket.getaddrinfo
type Address = tuple[str, int]  # IP in digits and port


@dataclass(slots=True)
class _Answer:
    """What DNS said, or why it may not be used; a failure holds as long as an answer. `until` is when."""

    until: float = inf
    addresses: list[Address] = field(default_factory=list)
    failure: Exception | None = None


class CheckedNames:
    """Asks DNS, safe to use from several threads. `allow_private` as `refuse_address` has it."""

    def __init__(
        self,
        *,
        allow_private: bool,
        resolve: Resolve | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow_private, self._clock = allow_private, clock
        self._resolve = resolve or socket.getaddrinfo  # as it is now: tests switch the network off
        self._lookups: dict[tuple[str, int], Future[_Answer]] = {}
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="sluice-dns")

    def find(self, target: Target, *, within: float) -> list[Address]:
        """The addresses of the host, all of them allowed.

        Raises GiveUp (address_refused) where one is not, OSError or UnicodeError where DNS has no answer,
        RetryLater (timeout) where it has none `within` so many seconds.
        """
        try:
            answer = self._find_lookup(target).result(within)
        except TimeoutError:
            raise RetryLater(Reason.TIMEOUT, f"DNS did not answer for {target.host} in time") from None
        if answer.failure:
            raise answer.failure
        return answer.addresses

    def _find_lookup(self, target: Target) -> Future[_Answer]:
        """The one lookup of a name that is under way, or has an answer that still holds."""
        key = target.host, target.port
        with self._lock:
            lookup = self._lookups.get(key)
            if lookup is None or (lookup.done() and lookup.result().until <= self._clock()):
                lookup = self._lookups[key] = self._threads.submit(self._ask, target)
            return lookup

    def _ask(self, target: Target) -> _Answer:
        answer = _Answer()
        try:
            answer.addresses = self._look_up(target)
        except Exception as error:  # raised again for everybody who asks
            answer.failure = error
        answer.until = self._clock() + RESOLVED_SECONDS
        return answer

    def _look_up(self, target: Target) -> list[Address]:
        found = self._resolve(target.host, target.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys((str(sockaddr[0]), int(sockaddr[1])) for *_, sockaddr in found))
        for ip, _ in addresses:
            if refused := refuse_address(ip, allow_private=self._allow_private):
                raise GiveUp(Reason.ADDRESS_REFUSED, f"{target.host} is {ip}: {refused}")
        return addresses[:MAX_ADDRESSES]
