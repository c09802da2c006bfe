"""The checks by name: bodies as SDKs and browsers send them, CORS, errors, settings, pixels."""

import base64
import gzip
import json
import random
from collections.abc import Callable
from functools import partial

from tests.smoke.batches import make_batch
from tests.smoke.target import Failed, Target, basic, expect, expect_cors, expect_error, read_json

BATCH = "/v1/batch"
CONTENT_TYPES = (
    "application/json",
    "text/plain",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
)
# Those of SDKs, and one that a tracing tool adds. `*` covers all but the first.
ASKED_HEADERS = (
    "authorization",
    "content-type",
    "x-write-key",
    "x-retry-count",
    "anonymousid",
    "sentat",
    "traceparent",
)
TEXT_BYTES, BINARY_BYTES = 5_500_000, 4_200_000  # Lambda takes 6 MB of an event, in which binary is base64

type Check = tuple[str, Callable[[], None]]


def list_checks(target: Target) -> list[Check]:
    """What is checked, in the order in which it is run."""
    small = make_batch()
    packed = gzip.compress(small)
    return [
        *((kind, partial(check_body, target, small, kind)) for kind in CONTENT_TYPES),
        *((f"{kind}, gzip", partial(check_body, target, packed, kind, "gzip")) for kind in CONTENT_TYPES),
        ("a text body near 6 MB", partial(check_body, target, make_batch(TEXT_BYTES), "text/plain")),
        ("a gzip body near 4.5 MB", partial(check_large_gzip, target)),
        ("the write key in every place", partial(check_key_places, target)),
        ("CORS preflight", partial(check_preflight, target)),
        ("an unknown write key", partial(check_unknown_key, target)),
        ("no write key", partial(check_no_key, target)),
        ("a malformed body", partial(check_malformed, target)),
        ("an unknown path", partial(check_unknown_path, target)),
        ("settings for browser SDKs", partial(check_settings, target)),
        ("configuration for RudderStack SDKs", partial(check_source_config, target)),
        ("pixels", partial(check_pixels, target)),
    ]


def check_body(target: Target, body: bytes, kind: str, encoding: str = "identity") -> None:
    answer = target.post(body, Content_Type=kind, Content_Encoding=encoding)
    expect_cors(answer)
    expect(answer.status == 200 and read_json(answer) == {"success": True}, answer)


def check_large_gzip(target: Target) -> None:
    """Hexadecimal digits of random bytes: gzip halves them, no more."""
    body = gzip.compress(make_batch(2 * BINARY_BYTES, dice=random.Random(1)), compresslevel=1)
    check_body(target, body, "application/json", "gzip")


def check_key_places(target: Target) -> None:
    body = json.loads(make_batch())
    in_body = json.dumps({**body, "writeKey": target.key}).encode()
    for answer in (
        target.request("POST", BATCH, make_batch(), X_Write_Key=target.key),
        target.request(
            "POST", f"/beacon{BATCH}?writeKey={target.key}", make_batch(), Content_Type="text/plain"
        ),
        target.request("POST", BATCH, in_body),
    ):
        expect(answer.status == 200, answer)


def check_preflight(target: Target) -> None:
    answer = target.request(
        "OPTIONS",
        BATCH,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers=",".join(ASKED_HEADERS),
    )
    expect(answer.status in {200, 204}, answer)
    expect_cors(answer)
    allowed = {
        name.strip().lower() for name in answer.headers.get("Access-Control-Allow-Headers", "").split(",")
    }
    covered = allowed | ({*ASKED_HEADERS} - {"authorization"} if "*" in allowed else set())
    if missing := {*ASKED_HEADERS} - covered:
        raise Failed(f"these headers are not allowed: {', '.join(sorted(missing))}")


def check_unknown_key(target: Target) -> None:
    expect_error(target.post(make_batch(), key="unknown"), 401, "invalid_write_key")


def check_no_key(target: Target) -> None:
    expect_error(target.request("POST", BATCH, make_batch()), 401, "invalid_write_key")


def check_malformed(target: Target) -> None:
    expect_error(target.post(b"{"), 400, "invalid_json")


def check_unknown_path(target: Target) -> None:
    expect_error(target.post(b"{}", path="/nowhere"), 404, "not_found")


def check_settings(target: Target) -> None:
    answer = target.request("GET", f"/v1/projects/{target.key}/settings")
    expect_cors(answer)
    settings = read_json(answer).get("integrations", {}).get("Segment.io")
    expect(answer.status == 200 and settings is not None, answer)
    told, url = f"{settings['protocol']}://{settings['apiHost']}", f"{target.url.rstrip('/')}/v1"
    if told != url:
        raise Failed(f"SDKs are sent to {told} instead of {url}: see docs/front-door.md")


def check_source_config(target: Target) -> None:
    for answer in (
        target.request("GET", f"/sourceConfig/?writeKey={target.key}"),
        target.request("GET", "/sourceConfig", Authorization=basic(target.key)),
    ):
        expect_cors(answer)
        expect(answer.status == 200 and read_json(answer).get("source", {}).get("enabled") is True, answer)


def check_pixels(target: Target) -> None:
    data = base64.urlsafe_b64encode(json.dumps({"writeKey": target.key, "event": "Smoke"}).encode()).decode()
    for path in (f"/pixel/v1/track?writeKey={target.key}&event=Smoke", f"/v1/pixel/track?data={data}"):
        answer = target.request("GET", path)
        expect(answer.status == 200 and answer.headers.get("Content-Type") == "image/gif", answer)
        if len(answer.data) != 43 or not answer.data.startswith(b"GIF89a"):
            raise Failed(f"{len(answer.data)} bytes that are not the GIF")
