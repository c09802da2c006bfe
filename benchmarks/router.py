"""The router, handler and all: packs of 100 events, three syncs that take 2.7 of 3 events each."""

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
            parsed, endpoint, ingest.gate, revoked=frozenset(), now=time.time(), new_id=ingest.new_id
        )
        packs += intake.bodies
    return packs


def bench_router(events: Sequence[Event], url: str) -> Figures:
    invocations = list(sqs_events(ingest_packs(events), PACKS_AN_INVOCATION))
    tracks = sum(event["type"] == "track" for event in events)

    def work() -> None:
        for invocation in invocations:
            if handler(invocation, Context())["batchItemFailures"]:
                raise SystemExit("a pack failed")

    counter = Counter(url)
    check = {"archived": len(events), "queued": 2 * len(events) + tracks}
    return measure(work, len(events), lambda: counter.expect(**check))
