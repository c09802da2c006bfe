"""A destination on 127.0.0.1 that misbehaves on the wire as a test says."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

type Play = Callable[[socket.socket, bytes], None]  # gets one request's bytes, writes whatever it likes

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class VendorServer:
    """`play` answers each request of each connection; `requests` are as they came."""

    play: Play = lambda sock, _request: sock.sendall(OK)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    peers: list[tuple[str, int]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextmanager
def run_server(play: Play | None = None, *, tls: ssl.SSLContext | None = None) -> Iterator[VendorServer]:
    """A server for the time of the block."""
    server = VendorServer(**({"play": play} if play else {}))
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    server.port = listener.getsockname()[1]
    threading.Thread(target=_accept, args=(server, listener, tls), daemon=True).start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        listener.close()


def _accept(server: VendorServer, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            sock, peer = listener.accept()
        except OSError:
            return
        server.connections += 1
        server.peers.append(peer)
        threading.Thread(target=_serve, args=(server, sock, tls), daemon=True).start()


def _serve(server: VendorServer, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
    try:
        with tls.wrap_socket(sock, server_side=True) if tls else sock as wire:
            while request := _read_request(wire):
                server.requests.append(request)
                server.play(wire, request)
    except OSError:
        pass  # the client hung up, or the test closed the connection itself
    finally:
        sock.close()


def _read_request(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = sock.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0]):
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body
