"""The local destination: any request is stored and answered 200, or as scripted.

    POST /any/path      stored and answered; so is any other method on a path that does not begin with `/_`
    GET /_requests      what arrived, oldest first; `?path=/crm/*` those of a path, `?limit=50` the last ones
    PUT /_script        {"path": "/crm/events", "answers": [
                            {"status": 429, "headers": {"Retry-After": "1"}, "body": {…}, "delay": 0.5,
                             "drop": true, "repeat": 3 or "forever"}]}, or a list of such;
                        `contains` limits it to requests whose body has that text; after the last answer: 200.
                        Instead of `drop`: "fault": "reset" | "garbage" | "half_closed" | "cut"
                        "refuse": {"events": [0, "gift"]}: these items of a JSON body, by place or by a text
                        in them, are not taken; the answer names them as Braze does (with a status below
                        300 the others are taken)
    DELETE /_requests   forgets what arrived (`?path=` those of a path, `?scripts=true` the scripts too)
    DELETE /_script     forgets the scripts
    PUT /_tally         {"ids": "regular expression"}: requests are no longer kept; instead each id in a body
                        is counted, for runs of hundreds of thousands of events
    GET /_tally         {id: [requests that had it, times it was taken, times it was refused by name, times it
                        was taken and the caller did not get the answer]}; `?path=` those of a path
    DELETE /_tally      requests are kept again
    GET /               a page that shows what arrives

The last 100,000 requests or 256 MiB of bodies are kept, whichever is less; older ones are dropped.
"""

import argparse
import contextlib
import json
import select
import socket
import struct
import time
import urllib.parse
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cli.local.sink_refusals import find_refusals, name_refusals
from cli.local.sink_state import Answer, Received, SinkState, read_scripts
from cli.local.sink_tally import Tally
from sluice.times import format_time

PAGE = Path(__file__).with_name("sink.html")
GARBAGE = bytes(range(256)) * 4 + b"\r\n\r\n"
HALF_CLOSED_SECONDS = 5.0


class SinkServer(ThreadingHTTPServer):
    """Listens on loopback only; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int = 0, state: SinkState | None = None) -> None:
        super().__init__(("127.0.0.1", port), SinkHandler)
        self.state = state or SinkState()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class SinkHandler(BaseHTTPRequestHandler):
    """One connection; kept open between requests as a vendor's would be."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300
    server: SinkServer

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536:
            self.send_error(414)
        elif not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self.answer_request()

    def answer_request(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        body = self.read_request_body()
        if url.path == "/" and self.command in {"GET", "HEAD"}:
            self.send(200, PAGE.read_bytes(), "text/html; charset=utf-8")
        elif url.path.startswith("/_") and self.command != "POST":
            self.answer_own(url.path, dict(urllib.parse.parse_qsl(url.query)), body)
        else:
            self.answer_destination(url.path, url.query, body)

    def answer_destination(self, path: str, query: str, body: bytes) -> None:
        arrived = format_time(time.time())
        answer = self.server.state.next_answer(path, body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        refusals = find_refusals(body, answer.refuse)
        if answer.refuse:
            answer = replace(answer, body=name_refusals(refusals, answer.status))
        status, refused = answer.told_status, [one.item for one in refusals]
        received = Received(self.command, path, query, headers, body, arrived, status, refused)
        self.server.state.store(received)
        time.sleep(answer.delay)
        if answer.fault == "cut" or self.is_alone():
            self.server.state.note_unheard(received)
        if answer.drop:
            self.close_connection = True
        elif answer.fault:
            self.close_connection = True
            self.fail(answer)
        else:
            self.send_answer(answer)

    def is_alone(self) -> bool:
        """Whether the caller closed the connection: its timeout passed, or it died."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True

    def fail(self, answer: Answer) -> None:
        """An answer that goes wrong on the wire; one whose caller is gone already needs no more."""
        with contextlib.suppress(OSError):
            match answer.fault:
                case "reset":  # closed with a linger of no time: the kernel sends RST
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                case "garbage":
                    self.wfile.write(GARBAGE)
                case "half_closed":  # reads on until the caller gives up
                    self.connection.shutdown(socket.SHUT_WR)
                    self.connection.settimeout(HALF_CLOSED_SECONDS)
                    self.connection.recv(1)
                case "cut":
                    self.send_response(answer.status)
                    self.send_header("Content-Length", "100")
                    self.end_headers()
                    self.wfile.write(b'{"succ')

    def answer_own(self, path: str, query: dict[str, str], body: bytes) -> None:
        state = self.server.state
        match self.command, path:
            case "GET", "/_requests":
                limit = query.get("limit", "")
                self.send_json(
                    200, state.list_requests(query.get("path", ""), int(limit) if limit.isdecimal() else None)
                )
            case "DELETE", "/_requests":
                state.clear_requests(query.get("path", ""))
                if query.get("scripts") == "true":
                    state.clear_scripts()
                self.send_json(200, {"success": True})
            case "PUT", "/_script":
                try:
                    scripts = list(read_scripts(json.loads(body)))
                except ValueError as problem:
                    self.send_json(400, {"code": "bad_script", "message": str(problem)})
                    return
                for script in scripts:
                    state.set_script(script)
                self.send_json(200, {"success": True})
            case "PUT", "/_tally":
                try:
                    state.open_tally(Tally(str(json.loads(body)["ids"])))
                except (ValueError, KeyError, TypeError) as problem:
                    self.send_json(400, {"code": "bad_tally", "message": str(problem)})
                    return
                self.send_json(200, {"success": True})
            case "GET", "/_tally":
                self.send_json(200, state.read_tally(query.get("path", "")) or {})
            case "DELETE", "/_tally":
                state.open_tally(None)
                self.send_json(200, {"success": True})
            case "DELETE", "/_script":
                state.clear_scripts()
                self.send_json(200, {"success": True})
            case _:
                self.send_json(
                    404, {"code": "not_found", "message": f"the sink has no {self.command} {path}"}
                )

    def read_request_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send_answer(self, answer: Answer) -> None:
        if isinstance(answer.body, str):
            content, kind = answer.body.encode(), "text/plain; charset=utf-8"
        else:
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
            kind = "application/json"
        self.send(answer.status, content, kind, answer.headers)

    def send_json(self, status: int, document: Any) -> None:
        self.send(status, json.dumps(document).encode(), "application/json")

    def send(self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        names = {name.lower() for name in headers or {}}
        self.send_response(status)
        if content and "content-type" not in names:
            self.send_header("Content-Type", kind)
        if status in {204, 304}:
            content = b""
        else:
            self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: `GET /_requests` is the log."""


def main() -> None:
    parser = argparse.ArgumentParser(description="The local destination of Sluice.")
    parser.add_argument("--port", type=int, default=4570)
    SinkServer(parser.parse_args().port).serve_forever()


if __name__ == "__main__":
    main()
