"""The archiver over the stack's dead-letter queues and archive bucket."""

import os
import time
from collections.abc import Callable
from functools import cache, partial

from sluice.adapters.clients import build_client
from sluice.adapters.s3 import ArchiveBucket
from sluice.adapters.sqs import Queues
from sluice.archiver.drain import Archiver, DeadLetterQueue, Drained
from sluice.workspace.runtime import load_compiled

DAY = 86_400


@cache
def build_drain() -> Callable[..., dict[str, Drained]]:
    """One a container: `drain(seconds=…)` over ingest's dead-letter queue and those of the workspace's syncs.

    Queues are found by the naming rule: `<base>ingest-dlq`, `<base><Sync>-dlq`.
    """
    ingest_dlq = os.environ["SLUICE_INGEST_DLQ_URL"]
    base = ingest_dlq.removesuffix("ingest-dlq")
    archiver = Archiver(
        Queues(build_client("sqs")),
        ArchiveBucket(build_client("s3"), os.environ["SLUICE_ARCHIVE_BUCKET"]),
        keep_seconds=float(os.environ["SLUICE_DLQ_ARCHIVE_AFTER_DAYS"]) * DAY,
        clock=time.time,
    )
    syncs = sorted(load_compiled()["syncs"].items())
    dlqs = [DeadLetterQueue(f"{base}{sync['name']}-dlq", slug) for slug, sync in syncs]
    return partial(archiver.drain, [*dlqs, DeadLetterQueue(ingest_dlq, "")])
