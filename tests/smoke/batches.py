"""What the checks send. No event has an identity: it ends in the archive as blocked, at no destination."""

import json
import random
import time
import uuid
from typing import Any

from sluice.ingest.keys import digest_key
from sluice.packs import IngestPack, dump_ingest_pack
from sluice.times import format_time


def make_batch(size: int = 0, dice: random.Random | None = None) -> bytes:
    """A batch of about `size` bytes of JSON; with `dice` gzip does no more than halve it."""
    parts = [make_text(min(80_000, size - start), dice) for start in range(0, size, 80_000)] or [""]
    return json.dumps({"batch": [make_event(text) for text in parts]}).encode()


def make_event(text: str) -> dict[str, Any]:
    return {"type": "track", "event": "Smoke", "messageId": str(uuid.uuid4()), "properties": {"text": text}}


def make_text(size: int, dice: random.Random | None) -> str:
    return dice.randbytes(size // 2).hex() if dice else "smoke " * (size // 6)


def make_pack() -> str:
    """An ingest pack of a source that no workspace has: the router archives it and sends it nowhere."""
    event = make_event("redrive")
    pack = IngestPack(
        pack_id=uuid.uuid4().hex,
        part=0,
        source="smoke",
        received_at=format_time(time.time()),
        client={},
        dedup_key=digest_key(event["messageId"]),
        events=[],
        blocked={0: ["missing_identity"]},
    )
    return dump_ingest_pack(pack, [json.dumps(event).encode()])
