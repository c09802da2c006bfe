"""Sockets with an end: however slowly the other side trickles, a read or write is over at the deadline.

A timeout of urllib3 is a socket's: it holds per read, and a server that sends a byte every few seconds never
runs into it. So the deadline belongs to the call, which a thread makes alone, and its sockets ask for it.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import Any

_ends: ContextVar[float] = ContextVar("_ends")  # by time.monotonic()


@contextmanager
def end_within(seconds: float) -> Iterator[None]:
    """The sockets below raise TimeoutError once the block has taken so long, or the block around it has."""
    token = _ends.set(min(_ends.get(inf), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends.reset(token)


def time_left() -> float:
    """Seconds, more than 0, until the block must have ended; TimeoutError where it must have already."""
    left = _ends.get() - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is over")
    return left


class DeadlineSocket(socket.socket):
    """Whatever its timeout is set to, it reads and writes within the block only.

    `heard`: something was read since it was last set to False.
    """

    heard = False

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(time_left())
        size = super().recv_into(*args, **kwargs)
        self.heard = self.heard or size > 0
        return size

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(time_left())
        super().sendall(*args, **kwargs)


class DeadlineTlsSocket(DeadlineSocket, ssl.SSLSocket):
    """The same over TLS, its handshake included. For `SSLContext.sslsocket_class`."""

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(time_left())
        super().do_handshake(block)
