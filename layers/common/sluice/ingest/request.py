"""What the gateway hands over (HTTP API, payload format 2.0) as a plain request."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from sluice.errors import RequestError
from sluice.ingest.proxies import find_client_address

# What UTF-8 or SQS does not take; the body has its own step for them.
_UNSTORABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass(slots=True, frozen=True)
class Request:
    """One client request. Header names are lower case; `query` keeps the last of repeated names.

    `query_keys` holds every `writeKey` of the query.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    query_keys: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ip: str = ""
    user_agent: str = ""


def parse_request(event: Mapping[str, Any], *, max_bytes: int, hops: int = 0) -> Request:
    """The request in a gateway event, seen through `hops` trusted proxies; anything missing in it is empty.

    Raises RequestError 413 where the body as carried is over `max_bytes`, 400 where base64 is broken.
    """
    context = event.get("requestContext") or {}
    http = context.get("http") or {}
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    query = parse_qsl(_clean(event.get("rawQueryString")), keep_blank_values=True)
    return Request(
        method=str(http.get("method", "")).upper(),
        path=_clean(event.get("rawPath") or http.get("path") or "/"),
        query=dict(query),
        query_keys=tuple(value for name, value in query if name == "writeKey"),
        headers=headers,
        body=_carried_body(event, max_bytes),
        ip=find_client_address(headers, _clean(http.get("sourceIp")), hops),
        user_agent=_clean(http.get("userAgent") or headers.get("user-agent"))[:512],
    )


def _clean(text: object) -> str:
    return _UNSTORABLE.sub("\ufffd", str(text or ""))


def _carried_body(event: Mapping[str, Any], max_bytes: int) -> bytes:
    body = event.get("body") or ""
    if not isinstance(body, str):
        raise RequestError(400, "invalid_body", "The body is not text.")
    encoded = bool(event.get("isBase64Encoded"))
    if len(body) * (3 if encoded else 4) > max_bytes * 4 + 8:
        raise RequestError(413, "request_too_large", f"A request may have {max_bytes} bytes.")
    if not encoded:
        # A lone surrogate travels on: the JSON step replaces it and says so on the event.
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError) as error:
        raise RequestError(400, "invalid_body", "The body is not the base64 it claims to be.") from error
