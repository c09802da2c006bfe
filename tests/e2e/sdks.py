"""One sender for each SDK: unmodified, gzip where it has it, every call type. Returns the message ids."""

import json
import shutil
import subprocess
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment
from hightouch import htevents

from tests.e2e.stacks import PROJECT

NODE_SOURCES = PROJECT / "tests" / "e2e" / "node"
NODE_FOLDER = PROJECT / ".local" / "e2e-node"
RETRIES = 4  # instead of ten, so that a test of a broken stack ends

type Send = Callable[[str, str, str], list[str]]
"""`(url, write key, user id)` to the message ids."""


def send_with_hightouch(url: str, key: str, user: str) -> list[str]:
    return make_every_call(htevents.Client, url, key, user)


def send_with_segment(url: str, key: str, user: str) -> list[str]:
    return make_every_call(segment.Client, url, key, user)


def send_with_rudderstack(url: str, key: str, user: str) -> list[str]:
    return make_every_call(rudder.Client, url, key, user)


def make_every_call(make_client: Any, url: str, key: str, user: str) -> list[str]:
    """One call of every type and enough tracks for a second batch, as an application makes them."""
    failures: list[Exception] = []
    client = make_client(
        key,
        host=url,
        gzip=True,
        max_retries=RETRIES,
        on_error=lambda error, _events: failures.append(error),
    )
    sent = []

    def call(kind: str, **fields: Any) -> None:
        message_id = str(uuid.uuid4())
        accepted, _ = getattr(client, kind)(message_id=message_id, **fields)
        assert accepted
        sent.append(message_id)

    call("identify", user_id=user, traits={"email": "ann@example.com", "plan": "free"})
    call("track", user_id=user, event="Product Viewed", properties={"price": 19.5, "tags": ["a", "é"]})
    call("page", user_id=user, category="Shop", name="Home")
    call("screen", user_id=user, name="Home")
    call("group", user_id=user, group_id="acme", traits={"seats": 3})
    call("alias", previous_id=f"{user}-before", user_id=user)
    call("track", anonymous_id=f"{user}-visitor", event="Product Viewed")
    for n in range(120):
        call("track", user_id=user, event="Product Viewed", properties={"n": n})
    client.flush()
    client.join()
    assert not failures
    return sent


def send_with_node(url: str, key: str, user: str) -> list[str]:
    """Installs the pinned SDK once, then sends in a process of its own. Skips where there is no node."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed: @segment/analytics-node was not tried")
    install_node_sdk()
    parts = urlsplit(url)
    finished = subprocess.run(
        ["node", "send.mjs", f"{parts.scheme}://{parts.netloc}", f"{parts.path}/v1/batch", key, user],
        cwd=NODE_FOLDER,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    sent: list[str] = json.loads(finished.stdout)
    return sent


def install_node_sdk() -> None:
    """`npm ci` beside a copy of the lock file, unless this very lock file is installed there."""
    lock = NODE_SOURCES / "package-lock.json"
    installed = NODE_FOLDER / "installed.json"
    NODE_FOLDER.mkdir(parents=True, exist_ok=True)
    for source in NODE_SOURCES.iterdir():
        shutil.copy(source, NODE_FOLDER)
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"],
        cwd=NODE_FOLDER,
        capture_output=True,
        timeout=180,
        check=True,
    )
    shutil.copy(lock, installed)
