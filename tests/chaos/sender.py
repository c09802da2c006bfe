"""The sender: batches over HTTP, each sent until it is accepted, as an SDK does. Its list is what counts."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3

from tests.chaos.plan import SOURCE, Event
from tests.e2e.events import post

CLIENTS = 4
SEND_SECONDS = 120.0
LONGEST_PAUSE = 2.0


class Sender:
    """Sends batches; `accepted` is how often each id was answered 200. `stop` ends it early.

    `progress` goes from 0 to 1; no batch is sent before its share of it, so that all of the storm meets some.
    """

    def __init__(self, facts: dict[str, Any], progress: Callable[[], float]) -> None:
        self._url = f"{facts['api_url']}/v1/batch"
        self._key = facts["write_keys"][SOURCE]
        self._progress, self.stop, self._lock = progress, threading.Event(), threading.Lock()
        self.accepted: Counter[str] = Counter()
        self.copies = self.refusals = 0

    def send_all(self, requests: Sequence[tuple[list[Event], int]]) -> None:
        """Several clients at once. Raises TimeoutError for a batch that was never accepted."""
        with ThreadPoolExecutor(CLIENTS) as clients:
            jobs = [
                clients.submit(self._send, batch, times, number / len(requests))
                for number, (batch, times) in enumerate(requests)
            ]
            for job in jobs:
                job.result()

    def _send(self, batch: list[Event], times: int, share: float) -> None:
        while self._progress() < share and not self.stop.is_set():
            self.stop.wait(0.1)
        for _ in range(times):
            self._send_until_accepted(batch)

    def _send_until_accepted(self, batch: list[Event]) -> None:
        deadline, pause = time.monotonic() + SEND_SECONDS, 0.1
        while not self._is_accepted(batch):
            if time.monotonic() > deadline or self.stop.is_set():
                raise TimeoutError(f"a batch was not accepted within {SEND_SECONDS:g} s")
            self.stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _is_accepted(self, batch: list[Event]) -> bool:
        try:
            status = post(self._url, {"writeKey": self._key, "batch": batch}).status
        except urllib3.exceptions.HTTPError:
            status = 0
        with self._lock:
            if status == 200:
                self.accepted.update(event["messageId"] for event in batch)
                self.copies += len(batch)
            else:
                self.refusals += 1
        if status not in {0, 200, 429} and status < 500:
            raise ValueError(f"a batch was answered {status}")
        return status == 200
