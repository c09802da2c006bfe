"""HTTP to destinations: only to addresses that were checked, never longer than it may take.

A name is resolved and every address it has is checked before a connection is used; a connection goes to
exactly the address that was checked and keeps the name for TLS and `Host`. No redirect is followed, no proxy
of the environment is used, nothing is tried again but a kept connection that the server had closed meanwhile.

It stands on `http.client`, which costs half of what urllib3 does for a call; what urllib3 adds (pools per
name, retries, redirects, decoding) is what must not happen here.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, cast

from sluice.adapters.deadline import DeadlineSocket, DeadlineTlsSocket
from sluice.destinations.addresses import Target, parse_target, refuse_address
from sluice.destinations.declaration import Request, Response
from sluice.errors import GiveUp, RetryLater
from sluice.reasons import Reason

CONNECT_SECONDS = 3.0
RESOLVED_SECONDS = 5.0  # how long an answer of DNS holds; a new address is checked after that at the latest
MAX_BODY = 64 * 1024
MAX_ADDRESSES = 4  # tried one after the other, within CONNECT_SECONDS

type Resolve = Callable[..., list[Any]]  # socket.getaddrinfo
type Address = tuple[int, tuple[Any, ...]]  # family and sockaddr


class Connection(http.client.HTTPConnection):
    """A kept connection to one checked address. It never connects by itself: that would resolve unchecked."""

    auto_open = 0

    def __init__(self, target: Target, sock: DeadlineSocket | DeadlineTlsSocket, address: Address) -> None:
        super().__init__(target.host, target.port)
        self.default_port = 443 if target.scheme == "https" else 80
        self.sock = sock
        self.wire, self.address, self.used = sock, address, False

    def is_stale(self) -> bool:
        """Whether the server has closed it, or sent what nobody asked for."""
        return self.wire.has_input()


@dataclass(slots=True)
class _Resolved:
    """What DNS said, or why it may not be used; a failure holds as long as an answer."""

    until: float
    addresses: list[Address]
    failure: GiveUp | OSError | UnicodeError | None = None


class HttpTransport:
    """Calls destinations. Safe to use from several threads; connections are kept for later calls.

    `allow_private` opens loopback and private addresses and plain http, for a local stack.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve = socket.getaddrinfo,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow_private, self._resolve, self._tls, self._clock = allow_private, resolve, tls, clock
        self._resolved: dict[tuple[str, int], _Resolved] = {}
        self._idle: dict[tuple[str, str, int], list[Connection]] = {}
        self._lock = Lock()

    def __call__(self, request: Request, auth: Mapping[str, str], timeout: float) -> Response:
        """One call, `timeout` seconds in all.

        Raises RetryLater (timeout, connection_failed) where no answer came, GiveUp (address_refused) where
        the URL or an address of its host is not allowed.
        """
        try:
            target = parse_target(request.url, allow_http=self._allow_private)
        except ValueError as error:
            raise GiveUp(Reason.ADDRESS_REFUSED, str(error)) from None
        deadline = self._clock() + timeout
        try:
            addresses = self._find_addresses(target)
            if connection := self._take_idle(target, addresses):
                try:
                    return self._exchange(connection, target, request, auth, deadline)
                except (ConnectionError, ssl.SSLEOFError):
                    # The server closed it while it was idle, which RFC 9112 §9.3.1 lets a client repeat where
                    # that does no harm: the idempotency key is the same.
                    pass
            connection = self._connect(target, addresses, deadline)
            return self._exchange(connection, target, request, auth, deadline)
        except TimeoutError:
            raise RetryLater(Reason.TIMEOUT, f"no answer in time ({timeout:g} s)") from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise RetryLater(Reason.CONNECTION_FAILED, f"{type(error).__name__}: {error}") from None

    def _find_addresses(self, target: Target) -> list[Address]:
        key = target.host, target.port
        with self._lock:  # one thread asks DNS, the others get its answer
            known = self._resolved.get(key)
            if known is None or known.until <= self._clock():
                known = _Resolved(0, [])
                try:
                    known.addresses = self._look_up(target)
                except (GiveUp, OSError, UnicodeError) as error:
                    known.failure = error
                known.until = self._clock() + RESOLVED_SECONDS
                self._resolved[key] = known
        if known.failure:
            raise known.failure
        return known.addresses

    def _look_up(self, target: Target) -> list[Address]:
        """Every address of the host, all of them allowed."""
        found = self._resolve(target.host, target.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys((family, sockaddr) for family, _, _, _, sockaddr in found))
        for _, sockaddr in addresses:
            refused = refuse_address(str(sockaddr[0]), allow_private=self._allow_private)
            if refused:
                raise GiveUp(Reason.ADDRESS_REFUSED, f"{target.host} is {sockaddr[0]}: {refused}")
        return addresses[:MAX_ADDRESSES]

    def _take_idle(self, target: Target, addresses: list[Address]) -> Connection | None:
        idle = self._idle.get((target.scheme, target.host, target.port))
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread took the last one
                return None
            if connection.address in addresses and not connection.is_stale():
                return connection
            connection.close()
        return None

    def _connect(self, target: Target, addresses: list[Address], deadline: float) -> Connection:
        until = min(deadline, self._clock() + CONNECT_SECONDS)
        failure: OSError = OSError("the name has no address")
        for address in addresses:
            try:
                return Connection(target, self._open_socket(target, address, until), address)
            except OSError as error:
                failure = error
        raise failure

    def _open_socket(
        self, target: Target, address: Address, until: float
    ) -> DeadlineSocket | DeadlineTlsSocket:
        family, sockaddr = address
        sock = DeadlineSocket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(self._left(until))
            sock.connect(sockaddr)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.scheme == "http":
                return sock
            sock.settimeout(self._left(until))
            wrapped = self._tls_context().wrap_socket(sock, server_hostname=target.host)
            return cast(DeadlineTlsSocket, wrapped)
        except BaseException:
            sock.close()
            raise

    def _exchange(
        self,
        connection: Connection,
        target: Target,
        request: Request,
        auth: Mapping[str, str],
        deadline: float,
    ) -> Response:
        connection.wire.until(deadline, self._clock)
        keep, sent = False, True
        try:
            headers = {**request.headers, **auth} if auth else request.headers
            try:
                connection.request(request.method, target.path, request.body, headers)
            except (BrokenPipeError, ConnectionResetError):
                sent = False  # whoever finds a body too large may answer before the end of it
            answer = connection.getresponse()
            if answer.status < 200:  # the final answer is still to come, and would answer the next request
                raise http.client.HTTPException(f"interim answer {answer.status}")
            body, complete = _read_body(answer)
            keep = sent and complete and not answer.will_close and connection.sock is not None
            return Response(answer.status, answer.headers, body, complete)
        finally:
            if keep:
                self._idle.setdefault((target.scheme, target.host, target.port), []).append(connection)
            else:
                connection.close()

    def _tls_context(self) -> ssl.SSLContext:
        with self._lock:
            if self._tls is None:
                self._tls = ssl.create_default_context()
            self._tls.sslsocket_class = DeadlineTlsSocket
            return self._tls

    def _left(self, until: float) -> float:
        left = until - self._clock()
        if left <= 0:
            raise TimeoutError
        return left


def _read_body(answer: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """What is worth having of a body, and whether that is all. A body that breaks off changes no status."""
    body = b""
    try:
        body = answer.read(MAX_BODY)
        return body, answer.isclosed() or not answer.read(1)
    except http.client.IncompleteRead as error:
        return body or error.partial, False
    except (OSError, http.client.HTTPException):
        return body, False
