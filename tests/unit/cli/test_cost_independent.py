"""A month calculated without the model: every message, poller and minute of one hour, and AWS's prices.

The model uses formulas for the rate. This file sends the messages of an hour through pollers one by one,
counts what AWS would bill, and multiplies by 720 hours. Prices are those of AWS's price pages for us-east-1,
written out here and not taken from prices.yaml.
"""

import heapq
from dataclasses import dataclass, field
from math import ceil

import pytest

from cli.cost.model import Load
from cli.cost.modelled import bill_load
from cli.cost.prices import load_prices

HOURS = 720
PRICES = load_prices()
CASES = [
    {"events": 1e6},
    {"events": 1e8},
    {"events": 1e9},
    {"events": 1e6, "per_request": 1},
    {"events": 1e7, "per_request": 1},
    {"events": 1e9, "per_request": 100},
    {"events": 1e8, "syncs": 10},
    {"events": 1e8, "bytes": 4096},
    {"events": 1e9, "bytes": 4096, "per_request": 50},
    {"events": 1e8, "parallel": 8},
    {"events": 1e8, "per_call": 50, "call_ms": 250, "parallel": 8},
    {"events": 1e8, "router_batch": 100, "router_window": 1},
    {"events": 1e9, "router_batch": 100, "router_window": 1},
    {"events": 1e8, "burst": 20},
    {"events": 1e9, "burst": 50},
    {"events": 1e8, "attempts": 2},
]


@dataclass
class Runs:
    """What the pollers of one queue did in an hour: when each run began, its messages and its seconds."""

    began: list[float] = field(default_factory=list)
    taken: list[list[float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def count(self):
        return len(self.began)


def poll(arrivals, sizes, *, batch, window, spend):
    """Five pollers take messages (`sizes` are their events) that arrive at these times, in order.

    The poller that has been free for the longest takes the next message. With a window it keeps every fifth
    message that arrives within it, since all five are collecting. `spend` gives a run's seconds.
    """
    runs, free = Runs(), [0.0] * 5
    at = 0
    waiting = list(zip(arrivals, sizes, strict=True))
    if window:
        return poll_with_window(waiting, batch=batch, window=window, spend=spend)
    while at < len(waiting):
        ready = heapq.heappop(free)
        start = max(ready, waiting[at][0])
        taken = []
        while at < len(waiting) and len(taken) < batch and waiting[at][0] <= start:
            taken.append(waiting[at][1])
            at += 1
        note_run(runs, start, taken, spend)
        heapq.heappush(free, start + 0.02 + runs.seconds[-1])
    return runs


def poll_with_window(waiting, *, batch, window, spend):
    runs, open_batches, turn = Runs(), [], 0
    for arrived, size in waiting:
        for slot in [s for s in open_batches if s[0] + window < arrived or len(s[1]) >= batch]:
            note_run(runs, slot[0] + window, slot[1], spend)
            open_batches.remove(slot)
        turn = (turn + 1) % 5
        if turn < len(open_batches):
            open_batches[turn][1].append(size)
        else:
            open_batches.append((arrived, [size]))
    for started, taken in open_batches:
        note_run(runs, started + window, taken, spend)
    return runs


def note_run(runs, start, taken, spend):
    runs.began.append(start)
    runs.taken.append(taken)
    runs.seconds.append(spend(sum(taken)))


def calculate_month(load):
    """Dollars of everything that traffic causes in a month, apart from CloudWatch's metrics."""
    requests = round(load.events / load.per_request / HOURS)
    seconds = 3600 / load.burst  # of each hour, in which all of its requests come in
    arrivals = [n * seconds / requests for n in range(requests)]
    dollars = 0.0

    # API Gateway, ingest (512 MB, arm64), one write of de-duplication, one message to the ingest queue.
    body = load.per_request * load.bytes
    dollars += requests * ceil(body / (512 * 1024)) * 1.00 / 1e6
    dollars += requests * 0.20 / 1e6
    dollars += requests * (0.012 + 0.00002 * load.per_request) * 0.5 * 0.0000133334
    dollars += requests * 0.625 / 1e6
    dollars += requests * ceil(body / 65536) * 0.40 / 1e6
    dollars += requests * 1000 / 1e9 * 0.50  # log lines of ingest, of Lambda and of the API

    # The router (1,024 MB): 15 ms a run, 20 µs for each event and sync.
    router = poll(
        arrivals,
        [load.per_request] * requests,
        batch=load.router_batch,
        window=load.router_window,
        spend=lambda events: 0.015 + events * load.syncs * 20e-6,
    )
    for taken, spent in zip(router.taken, router.seconds, strict=True):
        events = sum(taken)
        receives = max(ceil(len(taken) / 10), events * load.bytes / 65536)
        dollars += (receives + ceil(len(taken) / 10)) * 0.40 / 1e6
        dollars += 0.20 / 1e6 + spent * 1.0 * 0.0000133334
        dollars += ceil(events * (load.bytes + 420) / 5120) * 5120 / 1e9 * 0.029  # Firehose, by 5 KB
        dollars += (800 + 230 * load.syncs) / 1e9 * 0.50
    dollars += min(load.events / HOURS, 20 * seconds / 60) * ceil((load.bytes + 420) / 1024) * 0.625 / 1e6

    # Each sync: packs of up to 200 events and 240 KB, its function (512 MB), calls to the destination.
    most = min(200, 240 * 1024 / load.bytes)
    pack_times, pack_sizes = [], []
    for start, taken in zip(router.began, router.taken, strict=True):
        parts = ceil(sum(taken) / most)
        for attempt in range(int(load.attempts)):
            pack_times += [start + attempt * 0.01] * parts
            pack_sizes += [sum(taken) / parts] * parts
    order = sorted(range(len(pack_times)), key=pack_times.__getitem__)
    delivery = poll(
        [pack_times[n] for n in order],
        [pack_sizes[n] for n in order],
        batch=10,
        window=0,
        spend=lambda items: 0.010 + ceil(items / load.per_call / load.parallel) * load.call_ms / 1e3,
    )
    one_sync = 0.0
    for taken in router.taken:  # ten packs a call, billed by 64 KB
        parts = ceil(sum(taken) / most)
        calls = max(ceil(parts / 10), sum(taken) * load.bytes / 65536)
        one_sync += calls * load.attempts * 0.40 / 1e6
    for taken, spent in zip(delivery.taken, delivery.seconds, strict=True):
        items = sum(taken)
        one_sync += (max(1, items * load.bytes / 65536) + 1) * 0.40 / 1e6
        one_sync += 0.20 / 1e6 + spent * 0.5 * 0.0000133334
        one_sync += items * (load.bytes + 300 / load.per_call) / 1e9 * 0.09  # egress
        one_sync += ceil(items * 300 / 5120) * 5120 / 1e9 * 0.029  # the delivery log
        one_sync += len(taken) * 0.625 / 1e6  # a row for each pack, to recognise copies
        one_sync += (1150 + 9 * min(items, 99)) / 1e9 * 0.50
    dollars += load.syncs * one_sync

    # S3: an object for each minute in which something came, or for 64 MB. Then what reads them again.
    stored = load.events / HOURS * (load.bytes + 420), load.events * load.syncs * load.attempts / HOURS * 300
    objects = [
        max(len({int(start // 60) for start in runs.began}), size / 64 / 2**20)
        for runs, size in zip((router, delivery), stored, strict=True)
    ]
    dollars += sum(objects) * 5.00 / 1e6
    dollars += sum(stored) / 6 / 1e9 * 0.023
    gets = objects[0] + 3 * objects[1]
    lines = load.events / HOURS * (1 + 3 * load.syncs * load.attempts)
    dollars += gets * 0.40 / 1e6 + 3 * 5.00 / 1e6
    dollars += (gets * 0.03 + lines * 20e-6) * 0.5 * 0.0000133334

    # With traffic: reads of revoked keys and suppressed users every 30 s, of each breaker every 5 s.
    dollars += min(requests, seconds / 30) * 2 * 0.125 / 1e6
    dollars += load.syncs * min(delivery.count, seconds / 5) * 0.125 / 1e6
    return dollars * HOURS


def calculate_model(load):
    bill = bill_load(load, PRICES)
    return sum(bill.pipeline.values()) + sum(bill.additions.values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: ",".join(f"{k}={v:g}" for k, v in case.items()))
def test_the_model_is_within_a_fifth_of_an_independent_calculation(case):
    load = Load(**case)
    assert calculate_model(load) == pytest.approx(calculate_month(load), rel=0.20)
