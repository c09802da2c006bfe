"""Events as SDKs send them, and requests as the gateway hands them over."""

import base64
import gzip
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

KEY = "wk_test"


def make_event(**over: Any) -> dict[str, Any]:
    """A valid track event; `None` for a field leaves it out."""
    event = {
        "type": "track",
        "event": "Order Completed",
        "messageId": "m-1",
        "userId": "u-1",
        "timestamp": "2026-11-22T00:00:00.000Z",
        "properties": {"total": 12.5},
        **over,
    }
    return {name: value for name, value in event.items() if value is not None}


def make_batch(*events: Any, **over: Any) -> dict[str, Any]:
    """The body of a batch of these events, or of one."""
    return {"batch": list(events) or [make_event()], **over}


def make_gateway_event(
    body: Any = None,
    *,
    path: str = "/v1/batch",
    method: str = "POST",
    key: str | None = KEY,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | str = "",
    packed: bool = False,
    encoded: bool = False,
    ip: str = "198.51.100.7",
    user_agent: str = "tests/1.0",
) -> dict[str, Any]:
    """A payload 2.0 event. A body that is not text or bytes becomes JSON; `key` travels as X-Write-Key.

    `packed` gzips the body; `encoded` has the gateway carry it as base64, which bytes and gzip need anyway.
    """
    if body is None:
        body = make_batch() if method == "POST" else b""
    text = isinstance(body, str)
    data = body.encode("utf-8", "surrogatepass") if text else body
    if not isinstance(data, bytes):
        data, text = orjson.dumps(data), True
    if packed:
        data = gzip.compress(data, 6, mtime=0)
    encoded = encoded or packed or not text
    carried = base64.b64encode(data).decode() if encoded else data.decode("utf-8", "surrogatepass")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query if isinstance(query, str) else urlencode(query),
        "headers": {"user-agent": user_agent, **({"x-write-key": key} if key else {}), **(headers or {})},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": ip, "userAgent": user_agent},
            "stage": "$default",
        },
        "body": carried,
        "isBase64Encoded": encoded,
    }
