"""The router, handler and all: packs of 100 events, three syncs."""

import time
from collections.abc import Sequence

from benchmarks.harness import Context, Counter, Event, Figures, measure, sqs_events
from benchmarks.ingest import ingest_requests
from functions.router.app import handler
from sluice.bootstrap.ingest import build_ingest
from sluice.ingest.accept import accept_request
from sluice.ingest.paths import Endpoint, Kind
from sluice.ingest.request import parse_request

PACKS_AN_INVOCATION = 40  # of 100 events of 1.2 KB: what fits Lambda's 6 MB


def ingest_packs(events: Sequence[Event]) -> list[str]:
    """The packs that ingest makes of requests of 100 events."""
    ingest, packs = build_ingest(), []
    endpoint = Endpoint(Kind.BATCH)
    for request in ingest_requests(events, 100):
        parsed = parse_request(request, max_bytes=10_000_000)
        intake = accept_request(
            parsed,
            endpoint,
            ingest.gate,
            revoked=frozenset(),
            now=time.time(),
            new_id=ingest.new_id,
            check_quota=lambda _source: None,
        )
        packs += intake.bodies
    return packs


def bench_router(events: Sequence[Event], url: str) -> Figures:
    """The syncs that ship: one takes every event, two take a few."""
    orders = sum(event.get("event") in {"Order Completed", "Order Refunded"} for event in events)
    signups = sum(event.get("event") == "Signed Up" for event in events)
    return _bench(events, url, copies=len(events) + orders + signups)


def bench_full_fanout(events: Sequence[Event], url: str) -> Figures:
    """Two syncs that take every event, one that takes every track."""
    tracks = sum(event["type"] == "track" for event in events)
    return _bench(events, url, copies=2 * len(events) + tracks)


def _bench(events: Sequence[Event], url: str, *, copies: int) -> Figures:
    invocations = list(sqs_events(ingest_packs(events), PACKS_AN_INVOCATION))

    def work() -> None:
        for invocation in invocations:
            if handler(invocation, Context())["batchItemFailures"]:
                raise SystemExit("a pack failed")

    counter = Counter(url)
    return measure(work, len(events), lambda: counter.expect(archived=len(events), queued=copies))
