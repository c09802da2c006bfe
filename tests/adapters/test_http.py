"""The transport against a real, badly behaved server on loopback."""

import datetime
import socket
import ssl
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sluice.adapters.dns import RESOLVED_SECONDS
from sluice.adapters.http import HttpTransport
from sluice.destinations.declaration import Request
from sluice.errors import GiveUp, RetryLater
from sluice.reasons import Reason
from tests.fakes.vendor_server import OK, run_server

pytestmark = pytest.mark.enable_socket


def make_request(url, *, body=b'{"a":1}', headers=None, method="POST"):
    return Request(method, url, headers or {"Content-Type": "application/json"}, body, (), 1)


def call(server, *, transport=None, path="/", timeout=2.0, auth=None, **over):
    transport = transport or HttpTransport(allow_private=True)
    return transport(make_request(server.url(path), **over), auth or {}, timeout)


def drip(sock, data, *, pause=0.05):
    for n in range(len(data)):
        sock.sendall(data[n : n + 1])
        time.sleep(pause)


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def reset_once(server):
    """Breaks one connection without an answer and answers on all others."""

    def play(sock, _request):
        server.play = answer(OK)
        reset(sock)

    return play


def answer(data):
    return lambda sock, _request: sock.sendall(data)


def test_a_request_arrives_as_it_was_built():
    with run_server() as server:
        response = call(server, path="/in?a=b%20c", method="PUT", headers={"X-A": "é"}, auth={"X-Key": "k"})
    assert (response.status, response.body, response.complete) == (200, b"ok", True)
    [request] = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"PUT /in?a=b%20c HTTP/1.1"
    assert body == b'{"a":1}'
    assert {
        f"Host: 127.0.0.1:{server.port}".encode(),
        b"X-Key: k",
        b"X-A: \xe9",
        b"Content-Length: 7",
    } <= set(lines)


def test_a_connection_is_kept_for_the_next_call():
    transport = HttpTransport(allow_private=True)
    with run_server() as server:
        for _ in range(5):
            assert call(server, transport=transport).status == 200
    assert (server.connections, len(server.requests)) == (1, 5)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_a_connection_that_the_server_gives_up_is_not_kept(data):
    transport = HttpTransport(allow_private=True)
    with run_server(answer(data)) as server:
        for _ in range(2):
            assert call(server, transport=transport).body == b"ok"
    assert server.connections == 2


def test_a_kept_connection_that_the_server_closed_is_replaced_unseen():
    transport = HttpTransport(allow_private=True)
    with run_server(lambda sock, _request: (sock.sendall(OK), reset(sock))) as server:
        for _ in range(3):
            assert call(server, transport=transport).status == 200
            time.sleep(0.02)
    assert len(server.requests) == 3


def test_a_kept_connection_that_dies_under_a_request_is_replaced_once():
    transport = HttpTransport(allow_private=True)
    with run_server() as server:
        call(server, transport=transport)
        server.play = lambda sock, _request: reset(sock)
        with pytest.raises(RetryLater) as caught:
            call(server, transport=transport)
    assert caught.value.reason is Reason.CONNECTION_FAILED
    assert len(server.requests) == 3


def test_all_kept_connections_dead_each_is_replaced_by_a_new_one():
    transport, gate = HttpTransport(allow_private=True), threading.Barrier(3)

    def play(sock, _request):
        gate.wait(2)  # all at once, each over its own connection
        sock.sendall(OK)

    def die(sock, _request):
        if sock.getpeername() in old:
            return reset(sock)
        sock.sendall(OK)

    with run_server(play) as server, ThreadPoolExecutor(3) as threads:
        for _ in threads.map(lambda _: call(server, transport=transport), range(3)):
            pass
        old = set(server.peers)
        assert len(old) == 3
        server.play = die
        for n in range(1, 4):
            assert call(server, transport=transport).status == 200
            assert len(server.requests) <= 3 + 2 * n
    assert server.connections > 3


def test_a_kept_connection_that_breaks_off_within_an_answer_is_not_asked_again():
    def break_off(sock, _request):
        sock.sendall(b"HTTP/1.1 200 OK\r\nX")
        time.sleep(0.05)
        reset(sock)

    transport = HttpTransport(allow_private=True)
    with run_server() as server:
        call(server, transport=transport)
        server.play = lambda sock, _request: (
            sock.sendall(b"HTTP/1.1 200 OK\r\nX"),
            time.sleep(0.05),
            reset(sock),
        )
        with pytest.raises(RetryLater) as caught:
            call(server, transport=transport)
    assert caught.value.reason is Reason.CONNECTION_FAILED
    assert len(server.requests) == 2


@pytest.mark.parametrize("last", [OK, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"])
def test_a_new_connection_in_place_of_a_closed_one_is_tried_once(last):
    transport = HttpTransport(allow_private=True)
    with run_server(lambda sock, _request: (sock.sendall(last), reset(sock))) as server:
        call(server, transport=transport)
        time.sleep(0.02)
        server.play = lambda sock, _request: reset(sock)
        with pytest.raises(RetryLater):
            call(server, transport=transport)
    assert len(server.requests) == 2


def test_a_new_connection_that_is_reset_is_tried_once():
    with run_server(lambda sock, _request: reset(sock)) as server, pytest.raises(RetryLater) as caught:
        call(server)
    assert caught.value.reason is Reason.CONNECTION_FAILED
    assert len(server.requests) == 1


def test_nobody_listens():
    with run_server() as server:
        pass
    with pytest.raises(RetryLater) as caught:
        call(server)
    assert caught.value.reason is Reason.CONNECTION_FAILED


def test_a_name_that_does_not_resolve_is_tried_later():
    def resolve(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(RetryLater) as caught:
        HttpTransport(resolve=resolve)(make_request("https://nowhere.example/"), {}, 1)
    assert caught.value.reason is Reason.CONNECTION_FAILED


@pytest.mark.parametrize(
    "play",
    [
        lambda sock, _request: time.sleep(5),
        lambda sock, _request: drip(sock, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500),
        lambda sock, _request: drip(sock, b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
    ],
    ids=["silence", "slow head", "endless 100"],
)
def test_no_answer_takes_longer_than_its_timeout(play):
    with run_server(play) as server:
        started = time.monotonic()
        with pytest.raises(RetryLater) as caught:
            call(server, timeout=0.4)
        assert time.monotonic() - started < 1.5
    assert caught.value.reason is Reason.TIMEOUT


def test_a_body_that_trickles_takes_no_longer_and_the_status_counts():
    def play(sock, _request):
        drip(sock, b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", pause=0)
        drip(sock, b"y" * 5000)

    transport = HttpTransport(allow_private=True)
    with run_server(play) as server:
        started = time.monotonic()
        response = call(server, transport=transport, timeout=0.4)
        assert time.monotonic() - started < 1.5
        assert (response.status, response.complete) == (200, False)
        server.play = answer(OK)
        assert call(server, transport=transport).body == b"ok"
    assert server.connections == 2


def test_a_server_that_does_not_read_holds_no_worker():
    with run_server() as server, socket.create_server(("127.0.0.1", 0), backlog=1) as deaf:
        server.port = deaf.getsockname()[1]
        started = time.monotonic()
        with pytest.raises(RetryLater) as caught:
            call(server, body=b"x" * 50_000_000, timeout=0.4)
        assert time.monotonic() - started < 1.5
    assert caught.value.reason is Reason.TIMEOUT


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_reads_slowly_holds_no_worker(scheme, certificate, server_tls):
    def read_slowly():
        sock, _ = slow.accept()
        wire = server_tls.wrap_socket(sock, server_side=True) if scheme == "https" else sock
        with suppress(OSError), wire:  # the client hangs up
            for _ in range(200):
                wire.recv(4096)
                time.sleep(0.01)

    transport = open_trusting(certificate)
    with socket.create_server(("127.0.0.1", 0)) as slow:
        threading.Thread(target=read_slowly, daemon=True).start()
        url = f"{scheme}://crm.example:{slow.getsockname()[1]}/"
        started = time.monotonic()
        with pytest.raises(RetryLater) as caught:
            transport(make_request(url, body=b"x" * 50_000_000), {}, 0.5)
        assert time.monotonic() - started < 1.5
    assert caught.value.reason is Reason.TIMEOUT


def test_an_answer_before_the_end_of_the_body_is_heard():
    with run_server() as server, socket.create_server(("127.0.0.1", 0)) as hasty:
        server.port = hasty.getsockname()[1]

        def refuse():
            sock, _ = hasty.accept()
            sock.recv(1000)
            sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            time.sleep(0.1)
            sock.close()

        threading.Thread(target=refuse, daemon=True).start()
        assert call(server, body=b"x" * 20_000_000).status == 413


def test_a_huge_body_is_read_in_part_and_the_connection_closed():
    data = b"HTTP/1.1 500 Oops\r\nContent-Length: 100000000\r\n\r\n"

    def play(sock, _request):
        sock.sendall(data)
        for _ in range(1000):
            sock.sendall(b"z" * 100_000)

    transport = HttpTransport(allow_private=True)
    with run_server(play) as server:
        response = call(server, transport=transport)
        assert (response.status, len(response.body), response.complete) == (500, 65_536, False)
        server.play = answer(OK)
        assert call(server, transport=transport).body == b"ok"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65536, b"x" * 65536),
    ],
)
def test_every_framing_is_read_to_its_end_and_the_connection_kept(data, body):
    transport = HttpTransport(allow_private=True)
    with run_server(answer(data)) as server:
        for _ in range(2):
            response = call(server, transport=transport)
            assert (response.body, response.complete) == (body, True)
    assert server.connections == 1


def test_a_body_that_ends_with_the_connection_is_whole():
    def play(sock, _request):
        sock.sendall(b"HTTP/1.1 400 Bad\r\n\r\nwhy not")
        sock.shutdown(socket.SHUT_RDWR)

    with run_server(play) as server:
        response = call(server)
    assert (response.status, response.body, response.complete) == (400, b"why not", True)


def test_a_body_that_breaks_off_keeps_its_status():
    def play(sock, _request):
        sock.sendall(b"HTTP/1.1 400 Bad\r\nContent-Length: 50\r\n\r\nwhy")
        reset(sock)

    with run_server(play) as server:
        response = call(server)
    assert (response.status, response.complete) == (400, False)


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 50\r\n\r\nwhy", b"Transfer-Encoding: chunked\r\n\r\n3\r\nwhy\r\n5"]
)
def test_what_came_of_a_body_that_breaks_off_is_kept(framing):
    def play(sock, _request):
        sock.sendall(b"HTTP/1.1 400 Bad\r\n" + framing)
        sock.shutdown(socket.SHUT_RDWR)

    with run_server(play) as server:
        response = call(server)
    assert (response.status, response.body, response.complete) == (400, b"why", False)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01 this is not HTTP\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 99999999 x\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Cut: of",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 101 + OK,
        b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 300_000 + b"\r\n\r\n" + OK,
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_tried_later(data):
    def play(sock, _request):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_RDWR)

    with run_server(play) as server, pytest.raises(RetryLater) as caught:
        call(server)
    assert caught.value.reason is Reason.CONNECTION_FAILED


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"])
def test_a_misframed_body_keeps_its_status_and_the_connection_is_not_kept(data):
    transport = HttpTransport(allow_private=True)
    with run_server(answer(data)) as server:
        assert call(server, transport=transport).status == 200
        server.play = answer(OK)
        assert call(server, transport=transport).body == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize("pause", [0, 0.01])
def test_an_answer_that_nobody_asked_for_is_no_answer_to_the_next_request(pause):
    def play(sock, _request):
        sock.sendall(OK)
        time.sleep(pause)
        sock.sendall(b"HTTP/1.1 400 Smuggled\r\nContent-Length: 0\r\n\r\n")

    transport = HttpTransport(allow_private=True)
    with run_server(play) as server:
        for _ in range(3):
            assert call(server, transport=transport).status == 200
            time.sleep(0.05)
    assert len(server.requests) == 3


def test_no_redirect_is_followed():
    with run_server() as other, run_server() as server:
        data = f"HTTP/1.1 302 Found\r\nLocation: {other.url()}\r\nContent-Length: 0\r\n\r\n".encode()
        server.play = answer(data)
        assert call(server).status == 302
    assert other.requests == []


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    with run_server() as proxy, run_server() as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert call(server).status == 200
    assert proxy.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loopback_is_refused_however_it_is_written(host, scheme):
    with run_server() as server, pytest.raises(GiveUp) as caught:
        HttpTransport()(make_request(server.url(scheme=scheme, host=host)), {}, 1)
    assert caught.value.reason is Reason.ADDRESS_REFUSED
    assert server.connections == 0


def test_one_bad_address_among_good_ones_refuses_the_name():
    def resolve(_host, port, **_options):
        return [(socket.AF_INET, 1, 6, "", (ip, port)) for ip in ("93.184.216.34", "10.0.0.1")]

    with pytest.raises(GiveUp) as caught:
        HttpTransport(resolve=resolve)(make_request("https://crm.example/"), {}, 1)
    assert caught.value.reason is Reason.ADDRESS_REFUSED


def test_a_name_that_moves_to_a_private_address_is_refused_even_with_a_connection_open():
    now = [0.0]
    moved = []

    def resolve(host, port, **_options):
        address = "169.254.169.254" if moved else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    transport = HttpTransport(allow_private=True, resolve=resolve, clock=lambda: now[0] + time.monotonic())
    with run_server() as server:
        request = make_request(server.url(host="crm.example"))
        assert transport(request, {}, 2).status == 200
        assert f"Host: crm.example:{server.port}".encode() in server.requests[0]
        moved.append(True)
        now[0] += RESOLVED_SECONDS
        with pytest.raises(GiveUp) as caught:
            transport(request, {}, 2)
    assert caught.value.reason is Reason.ADDRESS_REFUSED
    assert len(server.requests) == 1


def test_a_name_that_moves_is_not_served_by_its_old_connection():
    now, address = [0.0], ["127.0.0.1"]

    def resolve(_host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address[0], port))]

    transport = HttpTransport(allow_private=True, resolve=resolve, clock=lambda: now[0] + time.monotonic())
    with run_server() as server:
        request = make_request(server.url(host="crm.example"))
        transport(request, {}, 2)
        transport(request, {}, 2)
        now[0], address[0] = RESOLVED_SECONDS, "127.0.0.2"  # where nobody listens
        with pytest.raises(RetryLater):
            transport(request, {}, 2)
    assert (server.connections, len(server.requests)) == (1, 2)


def test_a_connection_asks_no_dns_by_itself_not_even_to_replace_one(monkeypatch):
    asked, real = [], socket.getaddrinfo

    def ask_in_digits(host, *args, **options):
        asked.append(host)
        return real(host, *args, **options)

    transport = HttpTransport(allow_private=True, resolve=to_loopback)
    monkeypatch.setattr(socket, "getaddrinfo", ask_in_digits)
    with run_server() as server:
        request = make_request(server.url(host="crm.example"))
        transport(request, {}, 2)
        server.play = reset_once(server)
        assert transport(request, {}, 2).status == 200
    assert server.connections == 2
    assert set(asked) == {"127.0.0.1"}


def test_the_connection_goes_to_the_address_that_was_checked():
    asked = []

    def resolve(host, port, **_options):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with run_server() as server:
        transport = HttpTransport(allow_private=True, resolve=resolve)
        transport(make_request(server.url(host="only-in-this-test.example")), {}, 2)
    assert asked == ["only-in-this-test.example"]


def test_the_next_address_is_tried_where_one_does_not_answer():
    with run_server() as server, run_server() as closed:
        pass
    with run_server() as server:

        def resolve(_host, _port, **_options):
            return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", p)) for p in (closed.port, server.port)]

        transport = HttpTransport(allow_private=True, resolve=resolve)
        assert transport(make_request("http://crm.example/"), {}, 2).status == 200


def test_a_resolver_that_fails_is_asked_once_for_all_that_wait():
    asked = []

    def resolve(host, *_args, **_options):
        asked.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")

    transport = HttpTransport(resolve=resolve)
    for _ in range(10):
        with pytest.raises(RetryLater):
            transport(make_request("https://crm.example/"), {}, 1)
    assert asked == ["crm.example"]


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/",
        "https://user:pass@crm.example/",
        "https://crm.example@evil.example/",
        "https://crm.example\\@evil.example/",
        "https://crm.example/a\r\nX-Evil: 1",
        "https://crm.example/ HTTP/1.1\r\nX: y",
        "https://crm.exa\tmple/",
        "https:///nowhere",
        "https://[fe80::1%25eth0]/",
        "https://[::1",
        "https://crm.example:99999/",
        "ftp://crm.example/",
        "file:///etc/passwd",
        "//crm.example/",
        "crm.example",
        "",
        "https://crm.example/#x",
        "https://crm%2eexample/",
        "https://пример.example/",
        "https://" + "a" * 3000,
    ],
)
def test_a_hostile_url_is_refused_before_anything_is_resolved(url):
    def resolve(*_args, **_options):
        raise AssertionError("resolved")

    with pytest.raises(GiveUp) as caught:
        HttpTransport(resolve=resolve)(make_request(url), {}, 1)
    assert caught.value.reason is Reason.ADDRESS_REFUSED


def make_certificate(path, *names):
    """A self-signed certificate with its key, of `names`, at `path`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def serve(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def open_trusting(certificate):
    trusting = ssl.create_default_context(cafile=certificate)
    return HttpTransport(allow_private=True, resolve=to_loopback, tls=trusting)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate of `crm.example`."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "both.pem", x509.DNSName("crm.example"))


@pytest.fixture
def server_tls(certificate):
    return serve(certificate)


def to_loopback(_host, port, **_options):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def test_tls_speaks_for_the_name_though_the_connection_goes_to_the_address(certificate, server_tls):
    names = []
    server_tls.sni_callback = lambda _sock, name, _context: names.append(name)
    transport = open_trusting(certificate)
    with run_server(tls=server_tls) as server:
        request = make_request(server.url(scheme="https", host="crm.example"))
        for _ in range(3):
            assert transport(request, {}, 2).status == 200
    assert names == ["crm.example"]
    assert all(f"\r\nHost: crm.example:{server.port}\r\n".encode() in request for request in server.requests)
    assert server.connections == 1


def test_a_certificate_of_another_name_is_refused(certificate, server_tls):
    transport = open_trusting(certificate)
    with run_server(tls=server_tls) as server, pytest.raises(RetryLater) as caught:
        transport(make_request(server.url(scheme="https", host="other.example")), {}, 2)
    assert caught.value.reason is Reason.CONNECTION_FAILED
    assert "certificate" in caught.value.detail
    assert server.requests == []


def test_a_certificate_of_the_address_does_not_speak_for_the_name(tmp_path):
    of_address = make_certificate(tmp_path / "both.pem", x509.IPAddress(ip_address("127.0.0.1")))
    transport = open_trusting(of_address)
    with run_server(tls=serve(of_address)) as server:
        with pytest.raises(RetryLater) as caught:
            transport(make_request(server.url(scheme="https", host="crm.example")), {}, 2)
        assert "certificate" in caught.value.detail
        assert server.requests == []
        assert transport(make_request(server.url(scheme="https")), {}, 2).status == 200


def test_a_connection_of_one_name_serves_no_other_at_the_same_address(certificate, server_tls):
    transport = open_trusting(certificate)
    with run_server(tls=server_tls) as server:
        transport(make_request(server.url(scheme="https", host="crm.example")), {}, 2)
        with pytest.raises(RetryLater) as caught:
            transport(make_request(server.url(scheme="https", host="other.example")), {}, 2)
    assert "certificate" in caught.value.detail
    assert len(server.requests) == 1


def test_a_kept_tls_connection_that_dies_under_a_request_is_replaced_once(certificate, server_tls):
    transport = open_trusting(certificate)
    with run_server(tls=server_tls) as server:
        request = make_request(server.url(scheme="https", host="crm.example"), body=b"x" * 300_000)
        transport(request, {}, 2)
        server.play = reset_once(server)
        assert transport(request, {}, 2).status == 200
    assert (server.connections, len(server.requests)) == (2, 3)


def test_a_certificate_that_nobody_signed_is_refused(server_tls):
    transport = HttpTransport(allow_private=True, resolve=to_loopback)
    with run_server(tls=server_tls) as server, pytest.raises(RetryLater):
        transport(make_request(server.url(scheme="https", host="crm.example")), {}, 2)
    assert server.requests == []


def test_a_slow_answer_over_tls_ends_at_its_deadline(certificate, server_tls):
    transport = open_trusting(certificate)
    play = lambda sock, _request: drip(sock, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500)  # noqa: E731
    with run_server(play, tls=server_tls) as server:
        started = time.monotonic()
        with pytest.raises(RetryLater) as caught:
            transport(make_request(server.url(scheme="https", host="crm.example")), {}, 0.5)
        assert time.monotonic() - started < 1.5
    assert caught.value.reason is Reason.TIMEOUT


def test_a_tls_handshake_that_never_ends_ends_at_its_deadline():
    with run_server() as server, socket.create_server(("127.0.0.1", 0)) as deaf:
        server.port = deaf.getsockname()[1]
        transport = HttpTransport(allow_private=True, resolve=to_loopback)
        with pytest.raises(RetryLater) as caught:
            transport(make_request(server.url(scheme="https", host="crm.example")), {}, 0.4)
    assert caught.value.reason is Reason.TIMEOUT


def test_a_secret_of_the_url_is_put_in_on_the_way_out_and_is_no_header():
    with run_server() as server:
        response = call(server, path="/in/{ssm:hook}?a=b", auth={"{ssm:hook}": "s%2Fecret", "X-Key": "k"})
    assert response.status == 200
    head = server.requests[0].partition(b"\r\n\r\n")[0]
    assert head.startswith(b"POST /in/s%2Fecret?a=b HTTP/1.1\r\n")
    assert b"ssm:hook" not in head


def test_no_error_of_a_call_shows_the_secret_of_its_url():
    transport = HttpTransport()
    auth = {"{ssm:hook}": "s3cret"}
    for url in ("https://127.0.0.1/{ssm:hook}", "http://hooks.example/{ssm:hook}"):
        with pytest.raises(GiveUp) as refused:
            transport(make_request(url), auth, 1.0)
        assert "s3cret" not in str(refused.value)
    with run_server() as server:
        server.play = lambda sock, _request: reset(sock)
        with pytest.raises(RetryLater) as broken:
            call(server, path="/{ssm:hook}", auth=auth)
    assert "s3cret" not in str(broken.value)
