"""What the tests send, and how: plain HTTP for what no SDK would send."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import urllib3

POOL = urllib3.PoolManager(maxsize=8, retries=False, timeout=urllib3.Timeout(30))


def make_event(run: str, **fields: Any) -> dict[str, Any]:
    """A track of this run's customer; `fields` over it."""
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": str(uuid.uuid4()),
        "userId": f"{run}-customer",
        **fields,
    }


def make_order(run: str, **fields: Any) -> dict[str, Any]:
    """What the CRM takes."""
    return make_event(run, **{"event": "Order Completed", "properties": {"total": 12.5}, **fields})


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names are as they came, asked for in any case."""

    status: int
    headers: Any = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def post(url: str, body: object, headers: dict[str, str] | None = None) -> Answer:
    """POSTs JSON, or bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = POOL.request(
        "POST", url, body=data, headers={"Content-Type": "application/json", **(headers or {})}
    )
    return Answer(sent.status, sent.headers, sent.data)


def post_batch(facts: dict[str, Any], events: list[Any], source: str = "shop", **fields: Any) -> Answer:
    """One batch request with a source's development key."""
    body = {"writeKey": facts["write_keys"][source], "batch": events, **fields}
    return post(f"{facts['api_url']}/v1/batch", body)


def send(facts: dict[str, Any], events: list[dict[str, Any]], source: str = "shop") -> list[str]:
    """A batch that must be accepted; its message ids."""
    answer = post_batch(facts, events, source)
    assert (answer.status, answer.json) == (200, {"success": True})
    return [event["messageId"] for event in events]
