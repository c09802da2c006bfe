"""urllib3's pools and connections with what Sluice adds: a deadline, and one rule for what is sent twice.

A pool leads to one address, given as digits, so that urllib3 asks no DNS; what the address answers for is the
caller's to check. A connection stays open for later calls. One that the server had closed meanwhile is
replaced, once; nothing else is ever sent again.
"""

import ssl
from typing import Any, cast

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from sluice.adapters.deadline import DeadlineSocket, DeadlineTlsSocket, end_within, time_left
from sluice.adapters.http_answers import Answer

CONNECT_SECONDS = 3.0  # to one address, TLS included; the call's own deadline holds besides
MAX_POOLS = 8  # addresses with connections kept to them
MAX_KEPT = 64  # connections to an address: the parallel requests a sync may have


class _Connection(HTTPConnection):
    """Raises NewConnectionError or ConnectTimeoutError where nothing was sent, whatever the cause."""

    response_class = Answer
    _kept = False  # it has answered before
    _request: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def connect(self) -> None:
        self._kept = False
        try:
            with end_within(CONNECT_SECONDS):
                self.timeout = time_left()
                super().connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, f"{type(error).__name__}: {error}") from error

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._request = args, kwargs
        if self.sock is not None:
            self._socket().heard = False
        super().request(*args, **kwargs)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3's is
        sock, (args, kwargs) = self._socket(), self._request
        self._request = ((), {})
        try:
            response = super().getresponse()
        except ConnectionError:
            if sock.heard or not self._kept:
                raise
            # The server closed it while it was idle, which RFC 9112 §9.3.1 lets a client repeat where that
            # does no harm: not a byte of an answer came, and the idempotency key is the same.
            super().request(*args, **kwargs)  # connects: http.client has closed the dead one
            response = super().getresponse()
        self._kept = True
        return response

    def _socket(self) -> DeadlineSocket:
        return cast(DeadlineSocket, self.sock)


class _PlainConnection(_Connection):
    def connect(self) -> None:
        super().connect()
        self.sock = DeadlineSocket(fileno=self.sock.detach())


class _TlsConnection(_Connection, HTTPSConnection):
    """Its pool's context makes its sockets DeadlineTlsSockets."""


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def open_pools() -> urllib3.PoolManager:
    """Pools by scheme, address, port and TLS name, the least recently used of them closed."""
    pools = urllib3.PoolManager(num_pools=MAX_POOLS, maxsize=MAX_KEPT)
    pools.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
    return pools


def make_context(context: ssl.SSLContext | None) -> ssl.SSLContext:
    """A TLS context, the system's certificates unless given, whose sockets keep the deadline.

    It checks the certificate's name itself: urllib3's `assert_hostname` would turn that off.
    """
    context = context or ssl.create_default_context()
    context.sslsocket_class = DeadlineTlsSocket
    return context
