"""Ingest over the stack's queue and control table."""

from __future__ import annotations

import os
import time
import uuid
from functools import cache
from typing import TYPE_CHECKING

from sluice.adapters.clients import build_client
from sluice.adapters.dynamodb import ControlTable
from sluice.adapters.quota_table import QuotaTable
from sluice.adapters.sqs import Queues
from sluice.bootstrap.memory import settle_memory
from sluice.ingest.accept import Gate, Source
from sluice.ingest.keys import KeyRing
from sluice.ingest.packer import Limits
from sluice.ingest.quota import Quota, Quotas
from sluice.ingest.serve import Ingest
from sluice.workspace.runtime import load_compiled

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# A request takes 10 s at most: 2 s for the control table (1 s to connect, 1 s to read), then these for SQS.
STORE_SECONDS = 7.5
REVOKED_KEY = "revoked_key"
# Where sources have quotas, SQS gets less time: by two calls, each half a second to connect and to read.
QUOTA_CALL_SECONDS = 0.5
QUOTA_SECONDS = 4 * QUOTA_CALL_SECONDS


@cache
def build_ingest() -> Ingest:
    """One a container."""
    settle_memory()
    sources = load_compiled()["sources"]
    queues = Queues(build_client("sqs"))
    queue_url = os.environ["SLUICE_INGEST_QUEUE_URL"]
    control_client = build_client("dynamodb", connect_timeout=1, read_timeout=1, max_attempts=1)
    control_table = os.environ["SLUICE_CONTROL_TABLE"]
    control = ControlTable(control_client, control_table, clock=time.monotonic)
    in_force = {
        slug: [key["sha256"] for key in source["keys"] if not key["revoked"]]
        for slug, source in sources.items()
    }
    limited = {slug: source["quota"] for slug, source in sources.items() if "quota" in source}
    return Ingest(
        gate=Gate(
            keys=KeyRing(in_force),
            sources={slug: Source(slug, source["collect_ip"]) for slug, source in sources.items()},
            limits=Limits(
                request_bytes=int(os.environ["SLUICE_MAX_REQUEST_BYTES"]),
                events=int(os.environ["SLUICE_MAX_EVENTS"]),
                depth=int(os.environ["SLUICE_MAX_DEPTH"]),
                event_bytes=int(os.environ["SLUICE_MAX_EVENT_BYTES"]),
                normalised_bytes=int(os.environ["SLUICE_MAX_NORMALISED_BYTES"]),
                normalised_ratio=int(os.environ["SLUICE_MAX_NORMALISED_RATIO"]),
            ),
            trusted_hops=int(os.environ["SLUICE_TRUSTED_PROXY_HOPS"]),
        ),
        store=lambda bodies: queues.send(
            queue_url, bodies, timeout=STORE_SECONDS - QUOTA_SECONDS * bool(limited)
        ),
        revoked=lambda: control.list_ids(REVOKED_KEY),
        clock=time.time,
        new_id=lambda: str(uuid.uuid4()),
        quotas=Quotas(
            {slug: Quota(q["events_per_minute"], q["bytes_per_minute"]) for slug, q in limited.items()},
            QuotaTable(build_quota_client() if limited else control_client, control_table),
            clock=time.time,
        ),
    )


def build_quota_client() -> DynamoDBClient:
    """A client that gives up soon: the request waits for it."""
    return build_client(
        "dynamodb", connect_timeout=QUOTA_CALL_SECONDS, read_timeout=QUOTA_CALL_SECONDS, max_attempts=1
    )
