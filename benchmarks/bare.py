"""What delivery is measured against: the same calls by urllib3 in a loop, 32 threads, nothing else."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import urllib3

from benchmarks.delivery import sync_packs
from benchmarks.harness import Counter, Event, Figures, measure_wall
from sluice.delivery.pack_work import PackWork, prepare_requests, read_pack
from sluice.delivery.sync import compile_sync
from sluice.destinations.declaration import Request
from sluice.messages import Message
from sluice.workspace.runtime import load_compiled

THREADS = 32


def bench_single(events: Sequence[Event], url: str) -> Figures:
    return _bench(events[:2000], url, "single")


def bench_batches(events: Sequence[Event], url: str) -> Figures:
    return _bench(events, url, "batches")


def _bench(events: Sequence[Event], url: str, sync: str) -> Figures:
    """The bodies are made before."""
    requests = list(_build_requests(events, sync))
    pools = urllib3.PoolManager(maxsize=THREADS)
    threads = ThreadPoolExecutor(THREADS)

    def call(request: Request) -> int:
        headers = dict(request.headers)
        return pools.urlopen("POST", request.url, body=request.body, headers=headers, retries=False).status

    def work() -> None:
        if set(threads.map(call, requests)) != {200}:
            raise SystemExit("a call failed")

    counter = Counter(url)
    return measure_wall(work, len(events), lambda: counter.expect(destination=len(events)))


def _build_requests(events: Sequence[Event], name: str) -> list[Request]:
    sync = compile_sync(load_compiled(), name)
    messages = [Message(f"m{n}", f"r{n}", 1, body) for n, body in enumerate(sync_packs(events, name))]
    return [
        request
        for message in messages
        for request in prepare_requests(sync, PackWork(message, read_pack(message, name)))
    ]
