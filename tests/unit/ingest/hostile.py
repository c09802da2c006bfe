"""What strangers may send, from nearly honest to nonsense, as strategies; and what must hold then."""

import base64
import gzip
import re
import zlib
from functools import partial
from typing import Any

from hypothesis import strategies as st

from sluice.packs import parse_ingest_pack

PATHS = [
    "/v1/batch",
    "/v1/b",
    "/v1/t",
    "/v1/track",
    "/api/s/s2s/batch",
    "/api/s/page",
    "/v1/m",
    "/pixel/v1/track",
    "/v1/pixel/identify",
    "/v1/projects/wk_test/settings",
    "/\ud800/v1/projects/wk_test/settings",
    "/sourceConfig/",
    "/",
]
NAMES = [
    "type",
    "event",
    "messageId",
    "userId",
    "anonymousId",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "context",
]
NAMES += [
    "integrations",
    "properties",
    "traits",
    "groupId",
    "previousId",
    "writeKey",
    "_sluice",
    "channel",
    "x",
    "",
]

texts = st.text(st.characters(), max_size=20) | st.sampled_from(
    [
        "track",
        "page",
        "group",
        "\ud800",
        "\ufffe",
        "\uffff",
        "wk_test",
        "2026-11-22",
        "0001-01-01",
        "9999-12-31",
    ]
)
numbers = (
    st.integers()
    | st.floats(width=64)
    | st.sampled_from([10**30, 10**400, -(2**63) - 1, 2**64, float("nan"), float("inf"), 1e308])
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts | st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)
events = st.dictionaries(st.sampled_from(NAMES), values, max_size=8) | st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "page"]), "event": texts, "userId": texts},
    optional={"messageId": texts, "x": values},
)
batches = st.fixed_dictionaries(
    {"batch": st.lists(events | values, max_size=6)},
    optional={"context": values, "integrations": values, "sentAt": values, "writeKey": texts},
)


def dump(value: Any) -> bytes:
    """JSON as careless clients write it: NaN, Infinity, huge integers, lone surrogates."""
    if isinstance(value, dict):
        return b"{%b}" % b",".join(dump(str(k)) + b":" + dump(v) for k, v in value.items())
    if isinstance(value, list):
        return b"[%b]" % b",".join(map(dump, value))
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        escaped = re.sub(r"[\x00-\x1f\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", escaped)
        return f'"{escaped}"'.encode()
    if isinstance(value, float):
        return repr(value).replace("nan", "NaN").replace("inf", "Infinity").encode()
    return {None: b"null", True: b"true", False: b"false"}.get(value, str(value).encode())


def nest(depth: int) -> bytes:
    return b'{"batch":[{"userId":"u","type":"page","x":%b%b}]}' % (b"[" * depth, b"]" * depth)


honest = st.one_of(
    batches.map(dump),
    batches.map(dump),
    events.map(dump),
    st.integers(0, 2000).map(nest),
    st.integers(0, 3000).map(lambda count: b'{"batch":[%b1]}' % (b"{}," * count)),
    st.integers(0, 120_000).map(
        lambda size: dump({"batch": [{"x": "x" * size, "userId": "u", "type": "page"}] * 3})
    ),
)


def mostly(draw: st.DrawFn, common: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> Any:
    """Once in ten times what is odd."""
    return draw(odd if draw(st.integers(1, 10)) == 10 else common)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A document; now and then with a twin of a name, cut off, a byte changed, packed or packed twice."""
    data: bytes = mostly(draw, honest, values.map(dump) | st.binary(max_size=64))
    if mostly(draw, st.just(False), st.just(True)):
        data = data.replace(b"{", b'{"userId":1,"userId":"u",', 1)
    if mostly(draw, st.just(False), st.just(True)):
        data = data[: draw(st.integers(0, len(data)))]
    if data and mostly(draw, st.just(False), st.just(True)):
        at = draw(st.integers(0, len(data) - 1))
        data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
    for _ in range(mostly(draw, st.integers(0, 1), st.just(2))):
        data = draw(st.sampled_from([partial(gzip.compress, mtime=0), zlib.compress]))(data, 1)
        if mostly(draw, st.just(False), st.just(True)):
            data = data[: draw(st.integers(0, len(data)))]
    return data


headers = st.dictionaries(
    st.sampled_from(
        ["authorization", "X-Write-Key", "origin", "content-type", "content-encoding", "host", "User-Agent"]
    )
    | texts,
    st.sampled_from(
        [
            "Basic d2tfdGVzdDo=",
            "Basic",
            "Basic \ud800",
            "wk_test",
            "id:wk_test",
            "gzip",
            "deflate",
            "a.example",
        ]
    )
    | texts,
    max_size=5,
)
queries = (
    st.sampled_from(
        [
            "",
            "writeKey=wk_test",
            "userId=u&event=e&writeKey=wk_test",
            "a.b=1&a=2",
            "a.b.c.d=1",
            "data=e30",
            "&&=;=",
            "%ff=%",
        ]
    )
    | texts
)


@st.composite
def gateway_events(draw: st.DrawFn) -> dict[str, Any]:
    """What the gateway might hand over. Most requests have a key, so that their bodies matter."""
    data = draw(bodies())
    encoded = draw(st.booleans())
    body = base64.b64encode(data).decode() if encoded else data.decode("utf-8", "replace")
    path = mostly(draw, st.just("/v1/batch") | st.sampled_from(PATHS), texts)
    honest_method = "GET" if any(word in path for word in ("pixel", "settings", "Config")) else "POST"
    key = mostly(draw, st.just({"x-write-key": "wk_test"}), st.just({}))
    method = mostly(draw, st.just(honest_method), st.sampled_from(["OPTIONS", "GET", "PUT", ""]) | texts)
    return {
        "version": "2.0",
        "rawPath": draw(st.sampled_from(["", "/pre"])) + path,
        "rawQueryString": draw(queries),
        "headers": draw(headers) | key,
        "requestContext": {
            "http": {
                "method": method,
                "sourceIp": draw(st.just("192.0.2.1") | texts),
                "userAgent": draw(texts),
            }
        },
        **mostly(draw, st.just({"body": body}), st.just({}) | texts.map(lambda text: {"body": text})),
        "isBase64Encoded": encoded,
    }


SQS_REFUSES = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def check_stored(stored: list[str]) -> int:
    """That SQS takes each body and the router can read it. Gives the number of events in them."""
    count = 0
    for body in stored:
        assert not SQS_REFUSES.search(body)
        assert len(body.encode()) < 256 * 1024
        pack = parse_ingest_pack(body)
        assert pack.events
        assert pack.blocked.keys() <= set(range(len(pack.events)))
        assert all(event["messageId"] and event["receivedAt"] == pack.received_at for event in pack.events)
        assert not any("writeKey" in event for event in pack.events)
        count += len(pack.events)
    return count
