import socket
import ssl
import time

import pytest

from sluice.adapters.deadline import DeadlineSocket, DeadlineTlsSocket, end_within, time_left

pytestmark = pytest.mark.enable_socket


def test_a_block_ends_no_later_than_the_block_around_it():
    with end_within(0.5):
        with end_within(10):
            assert time_left() <= 0.5
        with end_within(0.1):
            assert time_left() <= 0.1
        assert 0.1 < time_left() <= 0.5


def test_no_time_is_left_after_the_end():
    with end_within(0), pytest.raises(TimeoutError):
        time_left()


def read_for_ever(sock, theirs):
    while True:
        theirs.send(b"x")
        sock.settimeout(30)
        assert sock.recv_into(bytearray(1)) == 1
        time.sleep(0.01)


def test_bytes_that_trickle_extend_nothing():
    ours, theirs = socket.socketpair()
    with DeadlineSocket(fileno=ours.detach()) as sock, theirs, end_within(0.2):
        with pytest.raises(TimeoutError):
            read_for_ever(sock, theirs)
        with pytest.raises(TimeoutError):
            sock.sendall(b"x")
        assert sock.heard


def test_a_handshake_ends_in_time_whatever_was_left_when_the_socket_was_made():
    context = ssl.create_default_context()
    context.sslsocket_class = DeadlineTlsSocket
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        sock = socket.create_connection(deaf.getsockname(), timeout=30)
        started = time.monotonic()
        with end_within(0.2), pytest.raises(TimeoutError):
            context.wrap_socket(sock, server_hostname="crm.example")
        assert time.monotonic() - started < 2
