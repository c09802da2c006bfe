"""A bill from counts, sizes and times alone: no stack is asked.

The load is even. With a `burst` of 5 all of it comes in a fifth of the time, at five times the rate.
GB and MB are decimal, as they are billed; the steps of services (64 KB, 512 KB, 5 KB) are binary.
"""

from dataclasses import dataclass
from math import ceil

from cli.cost.bill import MONTH_SECONDS
from cli.cost.prices import PriceTable
from cli.cost.rates import fill_batch

GB = 1e9
SQS_STEP, API_STEP, FIREHOSE_STEP = 64 * 1024, 512 * 1024, 5 * 1024
SQS_BATCH = 10  # messages that one call sends, receives or deletes
PACK_BYTES = 240 * 1024  # of events in a message
RUN_BYTES = 5e6  # of packs in an invocation, whose payload Lambda limits to 6 MB of JSON
BUFFER_BYTES = 64 * 1024 * 1024  # in which Firehose writes an object before the minute is over
ROW_STEP = 1024  # of a write to DynamoDB
LINE_BYTES = 500  # of a log line; one a run

# Memory in template.yaml, in GB; a test compares.
INGEST_GB, ROUTER_GB, DELIVERY_GB = 0.5, 1.0, 0.5

# What Sluice writes beside the events; tests measure all of these.
DELIVERY_LINE_BYTES = 300  # of the delivery log, for each item and attempt
ARCHIVE_FRAME_BYTES = 420  # of an archive line, around the event
GZIP_RATIO = 6.0  # of JSON lines in the archive
REQUEST_LOG_BYTES = 1000  # ingest's line, Lambda's own three, the access log's
ROUTER_LOG_BYTES = 800  # a run's line and Lambda's own
SYNC_LOG_BYTES = 230  # more in the router's log for each sync
DELIVERY_LOG_BYTES = 1020  # a run's line and Lambda's own
LATENCY_LOG_BYTES, LATENCIES = 9, 99  # more in delivery's log for each item, and for how many at most
EXCERPT_BYTES = 4096  # of an event in the table of `sluice tail`, at most
OVERHEAD_BYTES = 300  # of a request to a destination: headers, TLS

# How long environments keep what they read from the control table.
KEYS_SECONDS, BREAKER_SECONDS = 30, 5

# The hourly reconciler reads an hour of events, and the attempts of three: that hour and those around it.
# Seconds are those of 512 MB: a line took 4 to 10 µs on a whole core, of which such a function has 0.29.
RECONCILER_GB, ATTEMPT_HOURS, GET_SECONDS, LINE_SECONDS = 0.5, 3, 0.03, 20e-6


@dataclass(frozen=True, slots=True)
class Load:
    """A month. The defaults are those of the cost target: 1 KB events, 20 a request, three syncs.

    `syncs` is how many take an event, `attempts` how often an item is tried, on average. At most `per_pack`
    items are in a sync pack. `per_call` are in a call, which takes `call_ms`; `parallel` calls run at once.
    `gzip` is how much smaller request bodies to destinations are, `compression` how much smaller packs; 1 is
    not at all. `dedup`: rows written per request; `api`: 0 where something cheaper stands before ingest.
    `burst`: how much higher the rate is while there is traffic than on average. `router_batch` and
    `router_window` (seconds) are those of the router's mapping. `ingest_ms`, `ingest_event_ms`, `router_ms`,
    `router_us` and `delivery_ms` are the functions' times for a run, for an event, and (µs) for an event and
    sync; delivery's without its calls. `tail`: events a minute that a router container writes for
    `sluice tail`. `secrets`: secrets in Secrets Manager (parameters of SSM are free).
    """

    events: float = 1e6
    syncs: float = 3
    per_request: float = 20
    bytes: float = 1024
    per_pack: float = 200
    per_call: float = 1
    call_ms: float = 150
    parallel: float = 32
    attempts: float = 1
    gzip: float = 1
    compression: float = 1
    dedup: float = 1
    api: float = 1
    burst: float = 1
    router_batch: float = 10
    router_window: float = 0
    ingest_ms: float = 12
    ingest_event_ms: float = 0.02
    router_ms: float = 15
    router_us: float = 20
    delivery_ms: float = 10
    tail: float = 20
    secrets: float = 0

    @property
    def requests(self) -> float:
        return self.events / self.per_request

    @property
    def request_bytes(self) -> float:
        return self.per_request * self.bytes

    @property
    def messages(self) -> float:
        """Ingest packs: a request is one, or several where it is large."""
        return self.requests * ceil(self.request_bytes / PACK_BYTES)

    @property
    def items(self) -> float:
        """What is tried: an event for a sync, each attempt."""
        return self.events * self.syncs * self.attempts

    @property
    def busy_seconds(self) -> float:
        """Seconds of the month in which there is traffic."""
        return MONTH_SECONDS / self.burst


@dataclass(frozen=True, slots=True)
class Flow:
    """What a load makes of the stages in a month; `_seconds` are those of all runs."""

    ingest_seconds: float
    router_runs: float
    router_seconds: float
    packs: float
    delivery_runs: float
    delivery_seconds: float
    run_items: float

    @property
    def lines(self) -> float:
        """Runs behind ingest, each of which writes a line."""
        return self.router_runs + self.delivery_runs


def trace_load(load: Load) -> Flow:
    """How often each function runs for a load, and how long."""
    message_events = load.events / load.messages if load.messages else 0.0

    def run_router(messages: float) -> float:
        return load.router_ms / 1e3 + messages * message_events * load.router_us * load.syncs / 1e6

    fitting = RUN_BYTES / max(message_events * load.bytes / load.compression, 1.0)
    filled = fill_batch(
        load.messages / load.busy_seconds,
        run_router,
        batch=max(min(load.router_batch, fitting), 1.0),
        window=load.router_window,
    )
    router_runs = load.messages / filled
    run_events = filled * message_events
    most = max(min(load.per_pack, PACK_BYTES * load.compression / load.bytes), 1.0)
    pack_items = run_events / ceil(run_events / most) if run_events else most
    packs = load.items / pack_items

    def run_delivery(messages: float) -> float:
        calls = messages * pack_items / load.per_call
        return (load.delivery_ms + ceil(calls / load.parallel) * load.call_ms) / 1e3

    rate = packs / ceil(load.syncs) / load.busy_seconds if load.syncs else 0.0
    taken = fill_batch(rate, run_delivery)
    delivery_runs = packs / taken
    ingest_ms = load.ingest_ms + load.ingest_event_ms * load.per_request
    return Flow(
        ingest_seconds=load.requests * ingest_ms / 1e3,
        router_runs=router_runs,
        router_seconds=router_runs * run_router(filled),
        packs=packs,
        delivery_runs=delivery_runs,
        delivery_seconds=delivery_runs * run_delivery(taken),
        run_items=taken * pack_items,
    )


def price_pipeline(load: Load, prices: PriceTable) -> dict[str, float]:
    """Dollars by hop for what a pipeline of this shape needs: the figures of the cost target."""
    flow = trace_load(load)
    request, second = prices["lambda_request"], prices["lambda_gb_second"]
    message_bytes = (
        load.requests * load.request_bytes / load.compression / load.messages if load.events else 0
    )
    pack_bytes = load.items * load.bytes / load.compression / flow.packs if flow.packs else 0
    ingest_calls = count_requests(load.messages, message_bytes, one_by_one=True, runs=flow.router_runs)
    sends = flow.router_runs * load.syncs
    sync_calls = count_requests(flow.packs, pack_bytes, sends=sends, runs=flow.delivery_runs)
    archived = spread_records(flow.router_runs, load.events * load.bytes)
    lines = load.requests + flow.lines
    return {
        "API": load.api * load.requests * ceil(load.request_bytes / API_STEP) * prices["api_request"],
        "ingest function": load.requests * request + flow.ingest_seconds * INGEST_GB * second,
        "ingest queue": ingest_calls * prices["sqs_request"],
        "router function": flow.router_runs * request + flow.router_seconds * ROUTER_GB * second,
        "sync queues": sync_calls * prices["sqs_request"],
        "delivery functions": flow.delivery_runs * request + flow.delivery_seconds * DELIVERY_GB * second,
        "egress": load.items
        * (load.bytes + OVERHEAD_BYTES / load.per_call)
        / load.gzip
        / GB
        * prices["egress_gb"],
        "archive (Firehose)": archived / GB * prices["firehose_gb"],
        "de-duplication": load.requests * load.dedup * prices["dynamodb_write"],
        "logs": lines * LINE_BYTES / GB * prices["log_gb"],
    }


def price_additions(load: Load, prices: PriceTable) -> dict[str, float]:
    """Dollars for what Sluice does beyond that: it says what became of each event, and keeps everything."""
    flow = trace_load(load)
    line_bytes = load.items * DELIVERY_LINE_BYTES
    archive_bytes = load.events * (load.bytes + ARCHIVE_FRAME_BYTES)
    verdict_bytes = spread_records(flow.router_runs, archive_bytes) - spread_records(
        flow.router_runs, load.events * load.bytes
    )
    log_bytes = (
        load.requests * (REQUEST_LOG_BYTES - LINE_BYTES)
        + flow.router_runs * (ROUTER_LOG_BYTES + load.syncs * SYNC_LOG_BYTES - LINE_BYTES)
        + flow.delivery_runs
        * (DELIVERY_LOG_BYTES + LATENCY_LOG_BYTES * min(flow.run_items, LATENCIES) - LINE_BYTES)
    )
    event_objects = count_objects(load, flow.router_runs, archive_bytes)
    line_objects = count_objects(load, flow.delivery_runs, line_bytes)
    return {
        "delivery log (Firehose)": spread_records(flow.delivery_runs, line_bytes)
        / GB
        * prices["firehose_gb"],
        "archive: verdicts": verdict_bytes / GB * prices["firehose_gb"],
        "logs: Lambda's and longer lines": log_bytes / GB * prices["log_gb"],
        "copies of sync packs (writes)": flow.packs * prices["dynamodb_write"],
        "breaker and keys (reads)": count_reads(load, flow) * prices["dynamodb_read"],
        "sluice tail (writes)": count_tail_writes(load, flow) * prices["dynamodb_write"],
        "S3 objects": (event_objects + line_objects) * prices["s3_put"],
        "S3 storage, first month": (archive_bytes + line_bytes) / GZIP_RATIO / GB * prices["s3_gb_month"],
        "reconciler": price_reconciler(load, event_objects, line_objects, prices),
    }


def price_reconciler(load: Load, event_objects: float, line_objects: float, prices: PriceTable) -> float:
    """Dollars for what the hourly reconciler reads, and the time that it takes."""
    gets = event_objects + ATTEMPT_HOURS * line_objects
    hours = min(load.busy_seconds / 3600, load.requests)
    seconds = gets * GET_SECONDS + (load.events + ATTEMPT_HOURS * load.items) * LINE_SECONDS
    return (
        gets * prices["s3_get"]
        + hours * ATTEMPT_HOURS * prices["s3_put"]  # LIST is priced as PUT; that of the events is in idle
        + seconds * RECONCILER_GB * prices["lambda_gb_second"]
    )


def count_objects(load: Load, runs: float, size: float) -> float:
    """Objects of a Firehose stream: one for each minute with traffic, more where 64 MB come sooner."""
    return max(min(load.busy_seconds / 60, runs), size / BUFFER_BYTES)


def count_reads(load: Load, flow: Flow) -> float:
    """Reads of the control table, which each environment repeats when it has kept an answer long enough."""
    kept = (
        (load.requests, flow.ingest_seconds, KEYS_SECONDS),
        (flow.router_runs, flow.router_seconds, KEYS_SECONDS),
        (flow.delivery_runs, flow.delivery_seconds, BREAKER_SECONDS),
    )
    syncs = ceil(load.syncs)
    most = (1, 1, syncs)
    return sum(
        min(runs, load.busy_seconds / seconds * max(busy / load.busy_seconds, functions))
        for (runs, busy, seconds), functions in zip(kept, most, strict=True)
    )


def count_tail_writes(load: Load, flow: Flow) -> float:
    """Write units of the rows that `sluice tail` shows: so many a minute and router container."""
    containers = max(ceil(flow.router_seconds / load.busy_seconds), 1)
    rows = min(load.events, load.tail * containers * load.busy_seconds / 60)
    return rows * ceil((min(load.bytes, EXCERPT_BYTES) + ARCHIVE_FRAME_BYTES) / ROW_STEP)


def count_requests(
    messages: float, size: float, *, one_by_one: bool = False, sends: float = 0, runs: float = 0
) -> float:
    """Requests that SQS bills for messages of so many bytes to be sent, received and deleted.

    A call carries ten messages, and is billed by 64 KB. `one_by_one` where each is sent by a call of its own,
    as all are that are larger than that. There are at least `sends` calls that send, and one call that
    receives and one that deletes for each of the `runs` of the function behind the queue.
    """
    batched = max(messages / SQS_BATCH, messages * size / SQS_STEP)
    alone = messages * ceil(size / SQS_STEP)
    sent = alone if one_by_one or size >= SQS_STEP else max(batched, min(sends, messages))
    return sent + max(batched, runs) + max(messages / SQS_BATCH, runs)


def spread_records(records: float, size: float) -> float:
    """The bytes that Firehose bills for so many bytes in so many records."""
    return bill_records(records, size / records) if records else 0.0


def bill_records(records: float, size: float) -> float:
    """The bytes that Firehose bills for records of so many bytes."""
    return records * ceil(size / FIREHOSE_STEP) * FIREHOSE_STEP
