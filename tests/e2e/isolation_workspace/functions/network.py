"""Opens a socket: the internet is reachable."""

import socket


def transform_events(events):
    for event in events:
        with socket.create_connection(("127.0.0.1", event["properties"]["port"]), timeout=2) as opened:
            opened.sendall(b"GET /_requests HTTP/1.0\r\n\r\n")
            event["properties"] = {"answer": opened.recv(12).decode()}
    return events
