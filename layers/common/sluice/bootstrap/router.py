"""The router over the stack's queues, de-duplication table, event stream and the table of `sluice tail`."""

import os
import time
from functools import cache

from sluice.adapters.clients import build_client
from sluice.adapters.dynamodb import DedupTable
from sluice.adapters.firehose import EventStream
from sluice.adapters.sqs import Queues
from sluice.adapters.suppression import SuppressedUsersTable
from sluice.adapters.tail_table import TailTable
from sluice.adapters.workspace_shelf import keep_workspace
from sluice.bootstrap.function_calls import build_function_calls, has_functions
from sluice.bootstrap.memory import settle_memory
from sluice.privacy.suppression import Suppression
from sluice.routing.route import Router
from sluice.tailing import Tail
from sluice.workspace.runtime import load_compiled


@cache
def build_router() -> Router:
    """One a container. The workspace by which it decides is kept in the archive bucket for `sluice trace`."""
    settle_memory()
    workspace = load_compiled()
    shelf = build_client("s3", read_timeout=2, max_attempts=1)
    keep_workspace(shelf, os.environ["SLUICE_ARCHIVE_BUCKET"], workspace)
    dynamodb = build_client("dynamodb")
    suppressed = SuppressedUsersTable(dynamodb, os.environ["SLUICE_CONTROL_TABLE"])
    return Router(
        workspace,
        claims=DedupTable(dynamodb, os.environ["SLUICE_DEDUP_TABLE"]),
        archive=EventStream(build_client("firehose"), os.environ["SLUICE_EVENT_STREAM"]),
        queues=Queues(build_client("sqs")),
        ingest_queue_url=os.environ["SLUICE_INGEST_QUEUE_URL"],
        dedup_hours=int(os.environ["SLUICE_DEDUP_WINDOW_HOURS"]),
        clock=time.time,
        find_suppressed=Suppression(suppressed, clock=time.time).find_suppressed,
        start_functions=build_function_calls() if has_functions(workspace) else None,
        tail=build_tail(int(os.environ["SLUICE_TAIL_EVENTS_PER_MINUTE"])),
    )


def build_tail(per_minute: int) -> Tail | None:
    """None where nothing is to be shown. The events do not wait for its table: one try, a second at most."""
    if not per_minute:
        return None
    client = build_client("dynamodb", read_timeout=1, max_attempts=1)
    return Tail(TailTable(client, os.environ["SLUICE_TAIL_TABLE"]), per_minute=per_minute, clock=time.time)
