"""What a client is told: statuses, bodies and headers exactly as released SDKs understand them.

Success is 200 with a JSON object: some SDKs retry 202 and 204. Errors are `{code, message}`: three Python
SDKs take anything else for a broken server and try ten times.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.errors import RequestError
from sluice.ingest.encodings import ACCEPTED

# `*` stands for every header but Authorization: pages add those of their tracing tools. Browsers from before
# 2022 do not know `*`, so the headers of the SDKs are named too.
_ALLOWED_HEADERS = (
    "Authorization, *, Content-Type, X-Write-Key, X-Retry-Count, X-Enable-Debug, X-IP-Policy, AnonymousId, "
    "SentAt, Rsa-Recovered, Rsa-Retry-Attempt, Rsa-Retry-Reason, Rsa-Since-Last-Attempt, "
    "Rsa-Since-First-Attempt"
)
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
    "Access-Control-Max-Age": "86400",
}
UNAVAILABLE_SECONDS = 5

# 43 bytes, one transparent pixel: what every vendor's pixel answers.
_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


@dataclass(slots=True, frozen=True)
class Answer:
    """An HTTP answer; a body that is not text travels as base64."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_gateway(self) -> dict[str, Any]:
        """The answer in the gateway's payload format 2.0, CORS included."""
        binary = self.headers.get("Content-Type") == "image/gif"
        return {
            "statusCode": self.status,
            "headers": {**CORS, **self.headers},
            "body": base64.b64encode(self.body).decode() if binary else self.body.decode(),
            "isBase64Encoded": binary,
        }


def _say_when(after: int | None) -> dict[str, str]:
    """The header that asks the client to come again after so many seconds; none for None."""
    return {} if after is None else {"Retry-After": str(after)}


def answer_json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(body), {"Content-Type": "application/json", **(headers or {})})


SUCCESS = answer_json(200, {"success": True})
PREFLIGHT = Answer(204, b"", _PREFLIGHT)
UNAVAILABLE = answer_json(
    503,
    {"code": "unavailable", "message": "The events could not be stored. Send them again."},
    _say_when(UNAVAILABLE_SECONDS),
)


def answer_error(error: RequestError) -> Answer:
    headers = {"Accept-Encoding": ACCEPTED} if error.status == 415 else {}
    body = {"code": error.code, "message": error.message}
    return answer_json(error.status, body, headers | _say_when(error.after))


def answer_pixel(status: int, after: int | None = None) -> Answer:
    """An image whatever happened: the page that asked shows no broken one."""
    headers = {"Content-Type": "image/gif", "Cache-Control": "no-store"}
    return Answer(status, _GIF, headers | _say_when(after))


def answer_settings(key: str, scheme: str, base: str) -> Answer:
    """What Segment's and Hightouch's SDKs need to start; empty integrations would send elsewhere.

    `base` is the host and the path prefix by which the client reached us.
    """
    integration = {"apiKey": key, "apiHost": f"{base}/v1", "protocol": scheme}
    return answer_json(200, {"integrations": {"Segment.io": integration}, "metrics": {"sampleRate": 0}})


def answer_source_config(source: str) -> Answer:
    """What RudderStack's SDKs need to start, with no device-mode destinations."""
    return answer_json(200, {"source": {"id": source, "enabled": True, "config": {}, "destinations": []}})
