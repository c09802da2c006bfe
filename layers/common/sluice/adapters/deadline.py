"""Sockets with an end: however slowly the other side trickles, a read or write is over at the deadline.

A socket's own timeout is per read; a server that sends a byte every few seconds never runs into it.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Any


class _Deadline(socket.socket):
    """Sets the timeout to what is left before each read and write."""

    _until = float("inf")
    _clock: Callable[[], float]

    def until(self, deadline: float, clock: Callable[[], float]) -> None:
        """From now on reads and writes raise TimeoutError at `deadline`, by `clock`."""
        self._until, self._clock = deadline, clock

    def has_input(self) -> bool:
        """Whether there is something to read now: bytes, or the end."""
        self.settimeout(0)
        try:
            socket.socket.recv(self, 1, socket.MSG_PEEK)  # below TLS, which may not be peeked into
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def _arm(self) -> None:
        if self._until != float("inf"):
            left = self._until - self._clock()
            if left <= 0:
                raise TimeoutError
            self.settimeout(left)


class DeadlineSocket(_Deadline):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self._arm()
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self._arm()
        super().sendall(*args, **kwargs)


class DeadlineTlsSocket(_Deadline, ssl.SSLSocket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self._arm()
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self._arm()
        return super().send(*args, **kwargs)
