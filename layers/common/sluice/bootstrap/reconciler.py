"""The reconciler over the stack's archive bucket, and what it knows of the queues from CloudWatch."""

import os
import time
from functools import cache

from sluice.adapters.archive_lines import ArchiveLines
from sluice.adapters.clients import build_client
from sluice.adapters.queue_ages import QueueAges
from sluice.reconciling.reconcile import Reconciler
from sluice.reconciling.waiting import find_stuck
from sluice.workspace.runtime import load_compiled


@cache
def build_reconciler() -> Reconciler:
    """One a container."""
    archive = ArchiveLines(build_client("s3", read_timeout=30), os.environ["SLUICE_ARCHIVE_BUCKET"])
    return Reconciler(load_compiled(), archive, one_in=int(os.environ["SLUICE_CONSERVATION_SAMPLE"]))


def read_stuck() -> dict[str, float]:
    """`find_stuck` of the workspace's queues, now. Raises ClientError."""
    base = os.environ["SLUICE_INGEST_DLQ_URL"].rpartition("/")[2].removesuffix("ingest-dlq")
    ages = QueueAges(build_client("cloudwatch", read_timeout=10))
    return find_stuck(load_compiled(), base, ages.read, time.time())
