"""How a stage is measured: CPU of the process and its children over whole rounds, and nothing may be lost."""

import resource
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from itertools import batched
from typing import Any

import orjson

ROUNDS = 5

type Event = dict[str, Any]
type Figures = dict[str, float]


class Context:
    """What the handlers ask of Lambda's context."""

    aws_request_id = function_name = "benchmark"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:benchmark"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def measure(work: Callable[[], None], events: int, check: Callable[[], None]) -> Figures:
    """CPU of this process and its children over whole rounds; the median round counts."""
    work()  # connections, compiled patterns, first allocations
    check()
    seconds = []
    for _ in range(ROUNDS):
        start = cpu_seconds()
        work()
        seconds.append(cpu_seconds() - start)
        check()
    median = statistics.median(seconds)
    return {"events_per_cpu_s": round(events / median), "us_per_event": round(median / events * 1e6, 2)}


def measure_wall(work: Callable[[], None], events: int, check: Callable[[], None]) -> Figures:
    """The same, and the events a second by the clock, for work that waits for others."""
    seconds = []

    def timed() -> None:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)

    figures = measure(timed, events, check)
    return {**figures, "events_per_s": round(events / statistics.median(seconds[1:]))}


def cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Counter:
    """What the endpoint got since it was last asked."""

    def __init__(self, url: str) -> None:
        self._url = url

    def expect(self, **expected: int) -> None:
        with urllib.request.urlopen(f"{self._url}/_counts") as answer:  # noqa: S310 - loopback
            got = orjson.loads(answer.read())
        urllib.request.urlopen(urllib.request.Request(self._url, method="DELETE")).close()  # noqa: S310
        for name, count in expected.items():
            if got.get(name, 0) != count:
                raise SystemExit(
                    f"the endpoint got {got.get(name, 0)} {name}, not {count}: a run that loses is void"
                )


def sqs_events(bodies: Sequence[str], size: int) -> Iterator[dict[str, Any]]:
    for batch in batched(enumerate(bodies), size, strict=False):
        yield {
            "Records": [
                {
                    "messageId": f"m{n}",
                    "receiptHandle": f"r{n}",
                    "attributes": {"ApproximateReceiveCount": "1"},
                    "body": body,
                }
                for n, body in batch
            ]
        }
