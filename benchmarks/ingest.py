"""Ingest, handler and all, by events a request."""

import time
from collections.abc import Sequence
from itertools import batched
from typing import Any

import orjson

from benchmarks.harness import Context, Counter, Event, Figures, measure
from benchmarks.stages import KEY
from functions.ingest.app import handler
from sluice.times import format_time


def ingest_requests(events: Sequence[Event], size: int) -> list[dict[str, Any]]:
    """Gateway events with `size` events each, as a server SDK sends them."""
    requests, sent_at = [], format_time(time.time())
    for batch in batched(events, size, strict=False):
        body = {"batch": list(batch), "writeKey": KEY, "sentAt": sent_at}
        requests.append(
            {
                "version": "2.0",
                "rawPath": "/v1/batch",
                "rawQueryString": "",
                "headers": {"content-type": "application/json", "host": "127.0.0.1"},
                "requestContext": {
                    "http": {
                        "method": "POST",
                        "sourceIp": "203.0.113.1",
                        "userAgent": "events-sdk-python/0.0.4",
                    }
                },
                "body": orjson.dumps(body).decode(),
                "isBase64Encoded": False,
            }
        )
    return requests


def bench_ingest(events: Sequence[Event], url: str, size: int) -> Figures:
    events = events[: 2000 * size]
    requests = ingest_requests(events, size)

    def work() -> None:
        for request in requests:
            if handler(request, Context())["statusCode"] != 200:
                raise SystemExit("a request was refused")

    counter = Counter(url)
    return measure(work, len(events), lambda: counter.expect(queued=len(events)))
