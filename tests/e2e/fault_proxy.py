"""microburst between the functions and AWS: fails the calls it is told to, passes all others on."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from cli.local.processes import start_background, stop_background
from tests.e2e.deadlines import eventually
from tests.e2e.events import POOL

LAUNCHER = Path(__file__).with_name("fault_proxy_launcher.py")
PID_FILE = "proxy.pid"


class FaultProxy:
    """A running proxy, by its control API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    @contextmanager
    def failing(self, service: str, operation: str, **effect: Any) -> Iterator[None]:
        """Fails an operation while the block runs, in every way unless `times` limits it."""
        self._call("DELETE", "fired")
        self.set_rules([{"service": service, "operation": operation, **effect}])
        try:
            yield
        finally:
            self.set_rules([])

    def set_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """From now on these rules, and no others, say which calls fail."""
        self._call("POST", "rules", rules)

    def count_faults(self) -> int:
        """How many calls failed since the last `failing` began."""
        return len(self._call("GET", "fired?limit=10000"))

    def count_all_faults(self) -> int:
        """How many calls failed since the proxy was started."""
        return int(self._call("GET", "stats")["requests"]["faulted"])

    def is_healthy(self) -> bool:
        try:
            return bool(self._call("GET", "health")["status"] == "ok")
        except urllib3.exceptions.HTTPError:
            return False

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        answer = POOL.request(method, f"{self.url}/_microburst/{path}", body=data)
        assert answer.status == 200, answer.data
        return json.loads(answer.data)


@contextmanager
def running_proxy(port: int, upstream: str, folder: Path) -> Iterator[FaultProxy]:
    """A proxy on a port while the block runs; `upstream` need not answer yet."""
    start_background(
        [sys.executable, str(LAUNCHER), "--upstream", upstream, "--port", str(port)],
        pid_file=folder / PID_FILE,
        log=folder / "proxy.log",
        environment={"PATH": os.defpath, "LANG": "C.UTF-8"},
        folder=folder,
    )
    try:
        proxy = FaultProxy(port)
        eventually(proxy.is_healthy, what="the fault proxy answers")
        yield proxy
    finally:
        stop_background(folder / PID_FILE)
