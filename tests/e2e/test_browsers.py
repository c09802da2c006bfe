"""Pages of other origins send events from a real browser, with the headers that tracing tools add."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.builders import KEY, make_gateway_event
from tests.e2e.browser import INSTALL, fetch_from_page, find_browser, serve
from tests.e2e.events import make_event
from tests.unit.ingest.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

TRACING = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "vendor=1",
    "sentry-trace": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
    "baggage": "sentry-environment=production",
    "x-datadog-trace-id": "1234567890",
    "newrelic": "eyJ2IjpbMCwxXX0=",
    "X-Whatever-A-Proxy-Adds": "1",
}


@dataclass
class FrontDoor:
    """Where a page sends, and its key."""

    url: str
    key: str


@pytest.fixture(scope="module")
def browser() -> str:
    found = find_browser()
    if found is None:
        pytest.skip(INSTALL)
    return found


@pytest.fixture(params=["gateway", "function"])
def front_door(request: pytest.FixtureRequest) -> Iterator[FrontDoor]:
    """The stack's HTTP API, which answers preflights itself; and the function behind a door that does not."""
    if request.param == "gateway":
        facts = request.getfixturevalue("facts")
        yield FrontDoor(facts["api_url"], facts["write_keys"]["shop"])
        return
    world = World()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.hand_on(self.rfile.read(int(self.headers["Content-Length"])))

        def do_OPTIONS(self) -> None:
            self.hand_on(b"")

        def hand_on(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            event = make_gateway_event(
                body, path=parts.path, query=parts.query, method=self.command, key=None, headers=headers
            )
            answer = world.serve(event).answer
            self.send_response(answer.status)
            for name, value in answer.to_gateway()["headers"].items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serve(Door) as address:
        yield FrontDoor(address, KEY)


@pytest.mark.parametrize("key_header", ["Authorization", "X-Write-Key"])
def test_a_page_with_tracing_headers_sends_its_events(
    browser: str, front_door: FrontDoor, tmp_path: Path, run: str, key_header: str
) -> None:
    headers = {
        **TRACING,
        "Content-Type": "application/json",
        key_header: make_credentials(front_door, key_header),
    }

    report = fetch_from_page(browser, tmp_path, f"{front_door.url}/v1/track", headers, make_event(run))

    assert report == {"status": 200, "after": None, "body": {"success": True}}


def test_a_page_reads_why_its_request_was_refused(
    browser: str, front_door: FrontDoor, tmp_path: Path, run: str
) -> None:
    headers = {**TRACING, "X-Write-Key": "wk_unknown"}

    report = fetch_from_page(
        browser, tmp_path, f"{front_door.url}/v1/batch", headers, {"batch": [make_event(run)]}
    )

    assert (report["status"], report["body"]["code"]) == (401, "invalid_write_key")


def make_credentials(front_door: FrontDoor, header: str) -> str:
    if header == "X-Write-Key":
        return front_door.key
    return "Basic " + base64.b64encode(f"{front_door.key}:".encode()).decode()
