"""A page in a real browser: Chromium without a window, and the page's own server, which takes its report."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = "there is no Chromium: `apt-get install chromium`, or set CHROME to a browser"
SECONDS = 60  # a first start on a busy machine
# No window, no sandbox for root, and nothing that calls home.
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
PAGE = """<!doctype html><title>test</title><script>
const request = {method: "POST", headers: HEADERS, body: JSON.stringify(BODY)};
fetch(URL_, request)
  .then(async answer => ({
    status: answer.status, after: answer.headers.get("retry-after"), body: await answer.json(),
  }))
  .catch(error => ({error: String(error)}))
  .then(report => fetch("/report", {method: "POST", body: JSON.stringify(report)}));
</script>"""


def find_browser() -> str | None:
    """The browser in CHROME, else the first that is on the path."""
    return os.environ.get("CHROME") or next(filter(None, map(shutil.which, NAMES)), None)


def fetch_from_page(browser: str, folder: Path, url: str, headers: Mapping[str, str], body: Any) -> Any:
    """What a page of another origin reads from its POST: `{status, after, body}`, or `{error}` if refused."""
    page = PAGE
    for name, value in {"HEADERS": headers, "BODY": body, "URL_": url}.items():
        page = page.replace(name, json.dumps(value))
    with serve_page(page) as (address, reports), run_browser(browser, folder, address):
        return reports.get(timeout=SECONDS)


@contextmanager
def serve_page(page: str) -> Iterator[tuple[str, "Queue[Any]"]]:
    """The page's address, and a queue of what it reports."""
    reports: Queue[Any] = Queue()

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(page.encode() if self.path == "/" else b"")

        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.reply(b"")

        def reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serve(Server) as address:
        yield address, reports


@contextmanager
def serve(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a loopback server, which has an origin of its own by its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def run_browser(browser: str, folder: Path, address: str) -> Iterator[None]:
    """A browser with a fresh profile in `folder` that shows the page; ended with all its processes."""
    process = subprocess.Popen(
        [browser, *SWITCHES, f"--user-data-dir={folder / 'profile'}", address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
