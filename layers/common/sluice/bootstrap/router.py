"""The router over the stack's queues, de-duplication table and event stream."""

import os
import time
from functools import cache

from sluice.adapters.clients import build_client
from sluice.adapters.dynamodb import DedupTable
from sluice.adapters.firehose import EventStream
from sluice.adapters.sqs import Queues
from sluice.bootstrap.memory import settle_memory
from sluice.routing.route import Router
from sluice.workspace.runtime import load_compiled


@cache
def build_router() -> Router:
    """One a container."""
    settle_memory()
    return Router(
        load_compiled(),
        claims=DedupTable(build_client("dynamodb"), os.environ["SLUICE_DEDUP_TABLE"]),
        archive=EventStream(build_client("firehose"), os.environ["SLUICE_EVENT_STREAM"]),
        queues=Queues(build_client("sqs")),
        ingest_queue_url=os.environ["SLUICE_INGEST_QUEUE_URL"],
        dedup_hours=int(os.environ["SLUICE_DEDUP_WINDOW_HOURS"]),
        clock=time.time,
    )
