"""`sluice local latency`: how long an event takes from the API to its destinations, one event at a time."""

import math
import time
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from cli.local.clients import make_client
from cli.local.errors import LocalStackError
from cli.local.observe import read_sink
from cli.local.processes import wait_until
from cli.local.progress import console
from cli.local.warming import warm_functions
from sluice.times import parse_time

EventsOption = Annotated[int, typer.Option("--events", min=1, max=1000, help="How many events are sent.")]
RateOption = Annotated[float, typer.Option("--rate", min=0.1, max=20, help="Events a second.")]
WindowOption = Annotated[
    int | None,
    typer.Option(
        "--window",
        min=0,
        max=10,
        metavar="SECONDS",
        show_default="as deployed",
        help="Measure with this RouterWindowSeconds.",
    ),
]
ARRIVAL_SECONDS = 30.0
BATCH_SIZE, COLLECTED_BATCH_SIZE = 10, 100  # of the router's mapping, without and with a window

type Latencies = dict[str, list[float]]


@contextmanager
def router_window(stack: dict[str, Any], seconds: int) -> Iterator[None]:
    """The router's mapping is as `RouterWindowSeconds` makes it while the block runs."""
    functions = make_client("lambda", stack["endpoint_url"])
    mapping = stack["resources"]["RouterMapping"]
    former = functions.get_event_source_mapping(UUID=mapping)
    functions.update_event_source_mapping(
        UUID=mapping,
        BatchSize=COLLECTED_BATCH_SIZE if seconds else BATCH_SIZE,
        MaximumBatchingWindowInSeconds=seconds,
    )
    try:
        yield
    finally:
        functions.update_event_source_mapping(
            UUID=mapping,
            BatchSize=former["BatchSize"],
            MaximumBatchingWindowInSeconds=former["MaximumBatchingWindowInSeconds"],
        )


def measure_latency(stack: dict[str, Any], events: int, rate: float) -> Latencies:
    """Milliseconds from before the request to the first attempt at each destination that the sink plays.

    Functions are warm. Raises LocalStackError where an event reached nobody.
    """
    warm_functions(stack)
    _warm_the_way(stack)
    sent: dict[str, float] = {}
    began = time.monotonic()
    for n in range(events):
        time.sleep(max(began + n / rate - time.monotonic(), 0.0))
        message_id = f"latency-{uuid.uuid4()}"
        sent[message_id] = time.time()
        _send(stack, message_id)
    wait_until(lambda: all(_find_first(stack, sent).values()), ARRIVAL_SECONDS)
    found = _find_first(stack, sent)
    missing = [message_id for message_id, arrivals in found.items() if not arrivals]
    if missing:
        raise LocalStackError(f"{len(missing)} of {events} events reached no destination within 30 s")
    latencies: Latencies = {}
    for message_id, arrivals in found.items():
        for destination, arrival in arrivals.items():
            latencies.setdefault(destination, []).append((arrival - sent[message_id]) * 1000)
    return latencies


def _warm_the_way(stack: dict[str, Any]) -> None:
    """Sends an event and waits for it: connections and event functions start with the first one."""
    message_id = f"latency-{uuid.uuid4()}"
    _send(stack, message_id)
    if not wait_until(lambda: bool(_find_first(stack, {message_id: 0.0})[message_id]), ARRIVAL_SECONDS):
        raise LocalStackError(f"the first event reached no destination within {ARRIVAL_SECONDS:.0f} s")


def find_percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of them do not exceed."""
    return sorted(values)[max(math.ceil(len(values) * percent / 100) - 1, 0)]


def print_latencies(latencies: Latencies) -> None:
    table = Table("destination", "events", "p50 ms", "p95 ms", "slowest ms")
    for column in table.columns[1:]:
        column.justify = "right"
    for destination, values in sorted(latencies.items()):
        marks = (find_percentile(values, percent) for percent in (50, 95, 100))
        table.add_row(destination, str(len(values)), *(f"{mark:.0f}" for mark in marks))
    console.print(table)


def _send(stack: dict[str, Any], message_id: str) -> None:
    key = next(iter(stack["write_keys"].values()), "")
    if not key:
        raise LocalStackError("the workspace has no source to send to")
    event = {"messageId": message_id, "userId": "latency", "event": "Latency Measured"}
    headers = {"authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}"}
    request = urllib.request.Request(f"{stack['api_url']}/v1/track", orjson.dumps(event), headers)  # noqa: S310
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - loopback


def _find_first(stack: dict[str, Any], sent: dict[str, float]) -> dict[str, dict[str, float]]:
    """By message id: when each destination saw it first, as epoch seconds."""
    found: dict[str, dict[str, float]] = {message_id: {} for message_id in sent}
    for request in read_sink(stack):
        body = orjson.dumps(request["body"]).decode()
        for message_id, arrivals in found.items():
            if message_id in body:
                destination = request["path"].split("/")[1]
                arrivals.setdefault(destination, parse_time(request["time"]) or math.nan)
    return found
