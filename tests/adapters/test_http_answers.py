"""Answers that are unusual but legal, or long, or cut off: the status counts, no connection is misread."""

import gzip
import socket
import zlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.adapters.http import MAX_BODY, HttpTransport
from sluice.adapters.http_answers import MAX_HEAD, decode_body
from sluice.delivery.classify import classify_response
from sluice.destinations.declaration import Request
from sluice.reasons import Reason
from tests.fakes.vendor_server import OK, run_server

pytestmark = pytest.mark.enable_socket

HEAD = b"HTTP/1.1 200 OK\r\n"
JSON = b'{"ok":true}'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def call(server, transport=None, timeout=5.0):
    transport = transport or HttpTransport(allow_private=True)
    return transport(Request("POST", server.url(), {}, b"{}", (), 1), {}, timeout)


def ask(data, *, close=False):
    """The answer to a request that gets these bytes."""

    def play(sock, _request):
        sock.sendall(data)
        if close:
            sock.shutdown(socket.SHUT_RDWR)

    with run_server(play) as server:
        return call(server)


def ask_twice(data):
    """Two answers over one transport, the second a plain one, and how many connections they took."""
    transport = HttpTransport(allow_private=True)
    with run_server(lambda sock, _request: sock.sendall(data)) as server:
        first = call(server, transport)
        server.play = lambda sock, _request: sock.sendall(OK)
        return first, call(server, transport), server.connections


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 100\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.css>\r\n\r\n",
        b"HTTP/1.1 199 Whatever\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 20,
    ],
)
def test_interim_answers_are_skipped_and_the_connection_is_kept(interim):
    first, second, connections = ask_twice(interim + OK)
    assert (first.status, first.body, first.complete) == (200, b"ok", True)
    assert (second.status, connections) == (200, 1)


def test_an_interim_answer_before_a_refusal_takes_nothing():
    response = ask(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 422 No\r\nContent-Length: 3\r\n\r\nbad")
    assert (response.status, response.body) == (422, b"bad")


@pytest.mark.parametrize(
    "fields",
    [
        b"A: b\r\n" * 200,
        b"".join(b"X-%d: y\r\n" % n for n in range(5000)),
        b"Set-Cookie: " + b"c" * 70_000 + b"\r\n",
        b"Content-Security-Policy: " + b"c" * 200_000 + b"\r\n",
    ],
    ids=["200 fields", "5000 fields", "70 kB", "200 kB"],
)
def test_a_long_head_is_read_whole(fields):
    first, _, connections = ask_twice(HEAD + fields + b"Retry-After: 7\r\nContent-Length: 2\r\n\r\nok")
    assert (first.status, first.body, first.complete) == (200, b"ok", True)
    assert first.headers.get("retry-after") == "7"
    assert connections == 1


@pytest.mark.parametrize("status", [200, 204, 400, 503])
@pytest.mark.parametrize("field", [b"A: " + b"b" * 10 * MAX_HEAD + b"\r\n", b"A: b\r\n" * MAX_HEAD])
def test_a_head_that_is_too_long_keeps_its_status_and_its_connection_is_closed(status, field):
    head = b"HTTP/1.1 %d Said\r\nRetry-After: 7\r\n" % status
    first, second, connections = ask_twice(head + field + b"Content-Length: 2\r\n\r\nok")
    assert (first.status, first.body, first.complete) == (status, b"", False)
    assert first.headers.get("retry-after") == "7"
    assert (second.body, connections) == (b"ok", 2)


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 \xc3\x9cber\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"content-length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"CONTENT-LENGTH:2\r\n\r\nok", b"ok"),
        (HEAD + b"Content-Length :\t 2 \r\n\r\nok", b"ok"),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"Content-Length: 2, 2\r\n\r\nok", b"ok"),
        (HEAD + b"X-Folded: a\r\n  b\r\n\tc\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"Content-Length:\r\n 2\r\n\r\nok", b"ok"),
        (HEAD + b"no field at all\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"X: \xff\xfe\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"X:\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", b"ok"),
        (CHUNKED + b'1;a=b;c="d;e"\r\no\r\n01 \r\nk\r\n000\r\n\r\n', b"ok"),
        (CHUNKED + b"2\r\nok\r\n0\r\nX-Trailer: a\r\nExpires: b\r\n\r\n", b"ok"),
        (HEAD + b"transfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 205 Reset Content\r\n\r\n", b""),
        (b"HTTP/1.1 299 Custom\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"Content-Type: application/json\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
def test_every_legal_success_is_read_to_its_end_and_its_connection_kept(data, body):
    first, second, connections = ask_twice(data)
    assert classify_response(first, 0.0) is None
    assert (first.body, first.complete, second.body, connections) == (body, True, b"ok", 1)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
    ],
)
def test_a_body_without_length_ends_with_the_connection(data):
    response = ask(data, close=True)
    assert (response.status, response.body, response.complete) == (200, b"ok", True)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
)
def test_a_connection_whose_framing_is_in_doubt_is_not_used_again(data):
    first, second, connections = ask_twice(data)
    assert 200 <= first.status < 300
    assert (second.status, second.body, connections) == (200, b"ok", 2)


@pytest.mark.parametrize("status", [600, 777, 999])
def test_a_status_that_is_not_one_of_http_is_an_error_of_the_server(status):
    error = classify_response(ask(b"HTTP/1.1 %d Odd\r\nContent-Length: 0\r\n\r\n" % status), 0.0)
    assert error is not None
    assert (error.reason, error.status) == (Reason.SERVER_ERROR, status)


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(JSON)),
        ("GZIP", gzip.compress(JSON)),
        ("x-gzip", gzip.compress(JSON)),
        ("gzip", gzip.compress(JSON[:4]) + gzip.compress(JSON[4:])),
        ("deflate", zlib.compress(JSON)),
        ("deflate", raw_deflate(JSON)),
        ("identity", JSON),
        ("identity, gzip", gzip.compress(JSON)),
        ("deflate, gzip", gzip.compress(zlib.compress(JSON))),
        ("gzip", gzip.compress(b"\xef\xbb\xbf" + JSON)),
        ("identity", b"\xef\xbb\xbf" + JSON),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_coded_body_is_read_as_what_it_codes(coding, body, chunked):
    head = HEAD + f"Content-Encoding: {coding}\r\n".encode()
    plain = head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    parts = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    response = ask(parts if chunked else plain)
    assert (orjson.loads(response.body), response.complete) == ({"ok": True}, True)


def test_a_coding_of_the_transfer_is_undone_too():
    body = gzip.compress(JSON)
    data = b"Transfer-Encoding: gzip, chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    first, _, connections = ask_twice(HEAD + data)
    assert (first.body, first.complete, connections) == (JSON, True, 1)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br", ", ".join(["gzip"] * 50)])
def test_a_body_in_an_unknown_coding_is_left_as_it_is(coding):
    assert decode_body(b"as it is", {"content-encoding": coding}, limit=MAX_BODY) == (b"as it is", True)


def test_a_body_that_unpacks_to_too_much_is_cut():
    bomb = gzip.compress(b"x" * 50_000_000)
    body, whole = decode_body(bomb, {"content-encoding": "gzip"}, limit=MAX_BODY)
    assert (body, whole) == (b"x" * MAX_BODY, False)


def test_a_coded_body_that_breaks_off_is_not_complete():
    packed = gzip.compress(JSON)
    assert decode_body(packed[:-4], {"content-encoding": "gzip"}, limit=MAX_BODY) == (JSON, False)


@given(st.binary(max_size=200), st.lists(st.sampled_from(["gzip", "deflate", "br", "", "x"]), max_size=6))
def test_no_body_breaks_the_decoding(body, codings):
    decoded, _ = decode_body(body, {"content-encoding": ", ".join(codings)}, limit=100)
    assert len(decoded) <= max(100, len(body))
