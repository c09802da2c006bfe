"""HTTP to destinations: only to addresses that were checked, never longer than it may take.

A name is resolved and every address it has is checked before a connection is used; a connection goes to
exactly the address that was checked and keeps the name for TLS and `Host`. urllib3 does the rest: no redirect
is followed, no proxy of the environment is used, nothing is tried again but a kept connection that the server
had closed meanwhile.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from threading import Lock

from urllib3 import BaseHTTPResponse, HTTPConnectionPool
from urllib3.connection import port_by_scheme
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from sluice.adapters.deadline import end_within, time_left
from sluice.adapters.dns import Address, CheckedNames, Resolve
from sluice.adapters.http_answers import decode_body
from sluice.adapters.http_connections import make_context, open_pools
from sluice.destinations.addresses import Target, parse_target
from sluice.destinations.declaration import Request, Response, fill_url, is_url_place
from sluice.errors import GiveUp, RetryLater
from sluice.reasons import Reason

MAX_BODY = 64 * 1024


class HttpTransport:
    """Calls destinations. Safe to use from several threads; connections are kept for later calls.

    `allow_private` opens loopback and private addresses and plain http, for a local stack.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow_private = allow_private
        self._names = CheckedNames(allow_private=allow_private, resolve=resolve, clock=clock)
        self._pools = open_pools()
        self._given_tls = tls
        self._tls: ssl.SSLContext | None = None
        self._lock = Lock()

    def __call__(self, request: Request, auth: Mapping[str, str], timeout: float) -> Response:
        """One call, `timeout` seconds in all.

        Raises RetryLater (timeout, connection_failed) where no answer came, GiveUp (address_refused) where
        the URL or an address of its host is not allowed.
        """
        try:
            target = parse_target(fill_url(request.url, auth), allow_http=self._allow_private)
        except ValueError as error:
            raise GiveUp(Reason.ADDRESS_REFUSED, str(error)) from None
        try:
            with end_within(timeout), closing(self._send(target, request, auth)) as answer:
                if answer.status < 200:  # 101: what follows is not HTTP any more
                    raise ProtocolError(f"interim answer {answer.status}")
                body, complete = _read_body(answer)
                body, whole = decode_body(body, answer.headers, limit=MAX_BODY)
                return Response(answer.status, answer.headers, body, complete and whole)
        except (HTTPError, OSError, UnicodeError) as error:
            if _is_timeout(error):
                raise RetryLater(Reason.TIMEOUT, f"no answer in time ({timeout:g} s)") from None
            raise RetryLater(Reason.CONNECTION_FAILED, f"{type(error).__name__}: {error}") from None

    def _send(self, target: Target, request: Request, auth: Mapping[str, str]) -> BaseHTTPResponse:
        secret = {name: value for name, value in auth.items() if not is_url_place(name)}
        headers = {**request.headers, **secret, "Host": _make_authority(target)}
        failure: Exception = OSError("the name has no address")
        for address in self._names.find(target, within=time_left()):
            try:
                return self._find_pool(target, address).urlopen(
                    request.method,
                    target.path,
                    request.body,
                    headers,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
            except ConnectTimeoutError as error:  # or NewConnectionError, which is one: no request went there
                failure = error
        raise failure

    def _find_pool(self, target: Target, address: Address) -> HTTPConnectionPool:
        ip, port = address
        options = None
        if target.scheme == "https":
            options = {"ssl_context": self._make_context(), "server_hostname": target.host}
        return self._pools.connection_from_host(ip, port, target.scheme, options)

    def _make_context(self) -> ssl.SSLContext:
        with self._lock:  # reading the system's certificates takes a while: once, and only where it is needed
            if self._tls is None:
                self._tls = make_context(self._given_tls)
            return self._tls


def _make_authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == port_by_scheme[target.scheme] else f"{host}:{target.port}"


def _read_body(answer: BaseHTTPResponse) -> tuple[bytes, bool]:
    """What is worth having of a body, and whether that is all. A body that breaks off changes no status."""
    body = bytearray()
    try:
        while not answer.closed and len(body) <= MAX_BODY:
            body += answer.read1(MAX_BODY + 1 - len(body))
    except HTTPError:
        return bytes(body[:MAX_BODY]), False
    return bytes(body[:MAX_BODY]), len(body) <= MAX_BODY


def _is_timeout(error: Exception) -> bool:
    """A timeout of urllib3, or the socket's own, which urllib3 wraps where it happens while sending."""
    if isinstance(error, NewConnectionError):  # which is one to urllib3, whatever the cause
        return False
    own = (TimeoutError, Urllib3TimeoutError)
    return isinstance(error, own) or any(isinstance(cause, own) for cause in error.args)
