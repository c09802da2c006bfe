"""A bill from counts, sizes and times alone: no stack is asked.

GB and MB are decimal, as they are billed; the steps of services (64 KB, 512 KB, 5 KB) are binary.
"""

from dataclasses import dataclass
from math import ceil

from cli.cost.prices import PriceTable

GB = 1e9
SQS_STEP, API_STEP, FIREHOSE_STEP = 64 * 1024, 512 * 1024, 5 * 1024
SQS_BATCH = 10  # messages that one call sends, receives or deletes
LINE_BYTES = 500  # of a log line; one a run

# Memory in template.yaml, in GB; a test compares.
INGEST_GB, ROUTER_GB, DELIVERY_GB = 0.5, 1.0, 0.5
ROUTER_EVENTS = 1000  # in a run, under load
DELIVERY_EVENTS = 500

# What Sluice writes beside the events; tests measure all of these.
DELIVERY_LINE_BYTES = 300  # of the delivery log, for each item and attempt
ARCHIVE_FRAME_BYTES = 420  # of an archive line, around the event
GZIP_RATIO = 6.0  # of JSON lines in the archive
REQUEST_LOG_BYTES = 1000  # ingest's line, Lambda's own three, the access log's
ROUTER_LOG_BYTES = 1000  # a run's line and Lambda's own
SYNC_LOG_BYTES = 300  # more in the router's log for each sync
DELIVERY_LOG_BYTES = 2200  # a run's line with a hundred latencies, and Lambda's own
OVERHEAD_BYTES = 300  # of a request to a destination: headers, TLS


@dataclass(frozen=True, slots=True)
class Load:
    """A month. The defaults are those of the cost target: 1 KB events, 20 a request, three syncs.

    `syncs` is how many take an event, `attempts` how often an item is tried, on average. `per_pack` items
    are in a sync pack, `per_call` in a call, which takes `call_ms`, `parallel` at once. `gzip` is how much
    smaller request bodies to destinations are, `compression` how much smaller packs; 1 is not at all.
    `dedup`: rows written per request; `api`: 0 where something cheaper stands before ingest. `ingest_ms`,
    `ingest_event_ms`, `router_ms` and `router_us` are the functions' times for a run, for an event, and (µs)
    for an event and sync.
    """

    events: float = 1e6
    syncs: float = 3
    per_request: float = 20
    bytes: float = 1024
    per_pack: float = 60
    per_call: float = 1
    call_ms: float = 150
    parallel: float = 32
    attempts: float = 1
    gzip: float = 1
    compression: float = 1
    dedup: float = 1
    api: float = 1
    ingest_ms: float = 12
    ingest_event_ms: float = 0.02
    router_ms: float = 15
    router_us: float = 20

    @property
    def requests(self) -> float:
        return self.events / self.per_request

    @property
    def items(self) -> float:
        """What is tried: an event for a sync, each attempt."""
        return self.events * self.syncs * self.attempts

    @property
    def router_runs(self) -> float:
        return self.events / ROUTER_EVENTS

    @property
    def delivery_runs(self) -> float:
        return self.items / DELIVERY_EVENTS


def price_pipeline(load: Load, prices: PriceTable) -> dict[str, float]:
    """Dollars by hop for what a pipeline of this shape needs: the figures of the cost target."""
    request_bytes = load.per_request * load.bytes
    request, second = prices["lambda_request"], prices["lambda_gb_second"]
    ingest_seconds = load.requests * (load.ingest_ms + load.ingest_event_ms * load.per_request) / 1e3
    router_seconds = (
        load.events * load.router_us * load.syncs / 1e3 + load.router_runs * load.router_ms
    ) / 1e3
    call_seconds = load.items / load.per_call * load.call_ms / 1e3 / load.parallel
    lines = load.requests + load.router_runs + load.delivery_runs
    return {
        "API": load.api * load.requests * ceil(request_bytes / API_STEP) * prices["api_request"],
        "ingest function": load.requests * request + ingest_seconds * INGEST_GB * second,
        "ingest queue": count_requests(load.requests, request_bytes / load.compression, one_by_one=True)
        * prices["sqs_request"],
        "router function": load.router_runs * request + router_seconds * ROUTER_GB * second,
        "sync queues": count_requests(
            load.items / load.per_pack, load.per_pack * load.bytes / load.compression
        )
        * prices["sqs_request"],
        "delivery functions": load.delivery_runs * request + call_seconds * DELIVERY_GB * second,
        "egress": load.items
        * (load.bytes + OVERHEAD_BYTES / load.per_call)
        / load.gzip
        / GB
        * prices["egress_gb"],
        "archive (Firehose)": bill_records(load.requests, request_bytes) / GB * prices["firehose_gb"],
        "de-duplication": load.requests * load.dedup * prices["dynamodb_write"],
        "logs": lines * LINE_BYTES / GB * prices["log_gb"],
    }


def price_additions(load: Load, prices: PriceTable) -> dict[str, float]:
    """Dollars for what Sluice does beyond that: it says what became of each event, and keeps everything."""
    runs = max(load.delivery_runs, 1.0)
    line_bytes = load.items * DELIVERY_LINE_BYTES
    frame_bytes = load.events * ARCHIVE_FRAME_BYTES
    stored = (load.events * load.bytes + frame_bytes + line_bytes) / GZIP_RATIO
    log_bytes = (
        load.requests * (REQUEST_LOG_BYTES - LINE_BYTES)
        + load.router_runs * (ROUTER_LOG_BYTES + load.syncs * SYNC_LOG_BYTES - LINE_BYTES)
        + load.delivery_runs * (DELIVERY_LOG_BYTES - LINE_BYTES)
    )
    return {
        "delivery log (Firehose)": bill_records(runs, line_bytes / runs) / GB * prices["firehose_gb"],
        "archive: verdicts": frame_bytes / GB * prices["firehose_gb"],
        "logs: Lambda's and longer lines": log_bytes / GB * prices["log_gb"],
        "copies of sync packs (writes)": load.items / load.per_pack * prices["dynamodb_write"],
        "breaker and keys (reads)": (load.delivery_runs + load.requests / 2) * prices["dynamodb_read"],
        "S3 objects": 2 * min(load.router_runs, MINUTES) * prices["s3_put"],
        "S3 storage, first month": stored / GB * prices["s3_gb_month"],
    }


MINUTES = 30 * 24 * 60  # of a month; Firehose writes an object a minute where there is something to write


def count_requests(messages: float, size: float, *, one_by_one: bool = False) -> float:
    """Requests that SQS bills for messages of so many bytes to be sent, received and deleted.

    A call carries ten messages, and is billed by 64 KB; `one_by_one` where each is sent by a call of its own,
    as all are that are larger than that.
    """
    batched = max(messages / SQS_BATCH, messages * size / SQS_STEP)
    alone = messages * ceil(size / SQS_STEP)
    sent = alone if one_by_one or size >= SQS_STEP else batched
    return sent + batched + messages / SQS_BATCH


def bill_records(records: float, size: float) -> float:
    """The bytes that Firehose bills for records of so many bytes."""
    return records * ceil(size / FIREHOSE_STEP) * FIREHOSE_STEP
