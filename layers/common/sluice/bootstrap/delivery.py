"""One sync's delivery over its queues, the archive bucket, the delivery log, its breaker's row, its
destination's secrets and the internet."""

import os
import time
from functools import cache
from random import random

from sluice.adapters.breaker_row import BreakerRow
from sluice.adapters.clients import build_client
from sluice.adapters.dynamodb import DedupTable
from sluice.adapters.firehose import EventStream
from sluice.adapters.http import HttpTransport
from sluice.adapters.progress_table import ProgressTable
from sluice.adapters.s3 import ArchiveBucket
from sluice.adapters.secrets import Secrets
from sluice.adapters.sqs import Queues
from sluice.bootstrap.memory import settle_memory
from sluice.delivery.deliver import Delivery
from sluice.delivery.ports import Places, Ports
from sluice.delivery.sync import compile_sync
from sluice.destinations.declaration import Outside
from sluice.workspace.runtime import load_compiled


@cache
def build_delivery() -> Delivery:
    """One a container. Raises WorkspaceError where the workspace has no such sync (any more): every pack then
    stays in the queue until it is in the DLQ."""
    settle_memory()
    workspace, slug = load_compiled(), os.environ["SLUICE_SYNC"]
    sync = compile_sync(workspace, slug)
    dynamodb = build_client("dynamodb", read_timeout=1, max_attempts=2)
    http = HttpTransport(allow_private=os.environ["SLUICE_ALLOW_PRIVATE_DESTINATIONS"] == "true")
    return Delivery(
        sync,
        Places(queue_url=os.environ["SLUICE_QUEUE_URL"], dlq_url=os.environ["SLUICE_DLQ_URL"]),
        Ports(
            queues=Queues(build_client("sqs")),
            archive=ArchiveBucket(build_client("s3"), os.environ["SLUICE_ARCHIVE_BUCKET"]),
            log=EventStream(build_client("firehose"), os.environ["SLUICE_DELIVERY_STREAM"]),
            pauses=BreakerRow(dynamodb, os.environ["SLUICE_CONTROL_TABLE"], slug),
            claims=DedupTable(dynamodb, os.environ["SLUICE_DEDUP_TABLE"]),
            notes=ProgressTable(
                build_client("dynamodb", read_timeout=1, max_attempts=1), os.environ["SLUICE_DEDUP_TABLE"]
            ),
            secrets=Secrets(os.environ["SLUICE_STACK"], workspace["syncs"][slug]["destination"]),
            outside=Outside(http=http, sleep=time.sleep),
            now=time.time,
            draw=random,
        ),
    )
