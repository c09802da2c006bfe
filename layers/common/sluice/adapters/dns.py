"""Names to addresses that may be called: every address a name has is checked before any of them is used."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sluice.destinations.addresses import Target, refuse_address
from sluice.errors import GiveUp
from sluice.reasons import Reason

RESOLVED_SECONDS = 5.0  # how long an answer of DNS holds; a new address is checked after that at the latest
MAX_ADDRESSES = 4  # of a name that are worth trying

type Resolve = Callable[..., list[Any]]  # socket.getaddrinfo
type Address = tuple[str, int]  # IP in digits and port


@dataclass(slots=True)
class _Answer:
    """What DNS said, or why it may not be used; a failure holds as long as an answer."""

    until: float = 0
    addresses: list[Address] = field(default_factory=list)
    failure: GiveUp | OSError | UnicodeError | None = None


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
        self._answers: dict[tuple[str, int], _Answer] = {}
        self._lock = Lock()

    def find(self, target: Target) -> list[Address]:
        """The addresses of the host, all of them allowed.

        Raises GiveUp (address_refused) where one is not, OSError or UnicodeError where DNS has no answer.
        """
        key = target.host, target.port
        with self._lock:  # one thread asks DNS, the others get its answer
            answer = self._answers.get(key)
            if answer is None or answer.until <= self._clock():
                answer = self._answers[key] = self._ask(target)
        if answer.failure:
            raise answer.failure
        return answer.addresses

    def _ask(self, target: Target) -> _Answer:
        answer = _Answer()
        try:
            answer.addresses = self._look_up(target)
        except (GiveUp, OSError, UnicodeError) as error:
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
