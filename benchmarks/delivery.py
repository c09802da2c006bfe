"""Delivery of a sync with 15 mapped fields: mapping alone, and calls to a loopback server.

`delivery_single` and `delivery_batch_100` call a server that answers after 20 ms, 32 at a time.
"""

from collections.abc import Sequence

import orjson

from benchmarks.harness import Context, Counter, Event, Figures, measure, measure_wall, sqs_events
from functions.delivery.app import handler
from sluice.delivery.pack_work import PackWork, prepare_requests, read_pack
from sluice.delivery.sync import compile_sync
from sluice.messages import Message
from sluice.packs import SyncPack, cut, dump_item, dump_sync_pack
from sluice.workspace.runtime import load_compiled


def sync_packs(events: Sequence[Event], sync: str) -> list[str]:

    seen = "2026-11-22T00:00:00.000Z"
    items = [dump_item("custom_event", orjson.dumps(event)) for event in events]
    return [
        dump_sync_pack(SyncPack(sync, [], 1, seen), items[part])
        for part in cut([len(item) for item in items])
    ]


def bench_delivery_map(events: Sequence[Event], _url: str) -> Figures:

    sync = compile_sync(load_compiled(), "mapped")
    messages = [Message(f"m{n}", f"r{n}", 1, body) for n, body in enumerate(sync_packs(events, "mapped"))]
    built = 0

    def work() -> None:
        nonlocal built
        built = 0
        for message in messages:
            built += len(prepare_requests(sync, PackWork(message, read_pack(message, "mapped"))))

    def check() -> None:
        if built != len(events):
            raise SystemExit(f"{built} requests were built, not {len(events)}")

    return measure(work, len(events), check)


def bench_single(events: Sequence[Event], url: str) -> Figures:
    return _bench_slow(events[:2000], url, "single")


def bench_batches(events: Sequence[Event], url: str) -> Figures:
    return _bench_slow(events, url, "batches")


def _bench_slow(events: Sequence[Event], url: str, sync: str) -> Figures:
    invocations = list(sqs_events(sync_packs(events, sync), 10))

    def work() -> None:
        for invocation in invocations:
            if handler(invocation, Context())["batchItemFailures"]:
                raise SystemExit("a pack failed")

    counter = Counter(url)
    return measure_wall(work, len(events), lambda: counter.expect(destination=len(events)))


def bench_delivery_http(events: Sequence[Event], url: str) -> Figures:
    events = events[:2000]  # a call each
    invocations = list(sqs_events(sync_packs(events, "mapped"), 10))

    def work() -> None:
        for invocation in invocations:
            if handler(invocation, Context())["batchItemFailures"]:
                raise SystemExit("a pack failed")

    counter = Counter(url)
    return measure(work, len(events), lambda: counter.expect(destination=len(events)))
