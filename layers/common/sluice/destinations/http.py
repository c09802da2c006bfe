"""The `http` destination: mapped events as JSON to any HTTPS endpoint, one a request or as arrays.

Event types: `custom_event`, and any other name an operator likes; none has required fields.
A single event carries `Idempotency-Key`, the same at every attempt (see `make_idempotency_key`).
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

import orjson
from pydantic import Field, field_validator

from sluice.delivery.classify import classify_response
from sluice.destinations.declaration import (
    CUSTOM_EVENT,
    USER_AGENT,
    Batch,
    Declaration,
    Request,
    Response,
    SecretRef,
    SecretUrl,
    Settings,
    Verdict,
    list_url_secrets,
)
from sluice.destinations.event_types import EventType
from sluice.destinations.key_looks import looks_like_key, names_secret
from sluice.packs import Item, cut

MAX_KEY = 255  # what Stripe takes, and most after it
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")
# They frame the message or the connection: a second copy lets one request be read as two.
_RESERVED = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class HttpSettings(Settings):
    """Where and how to send. `url` is https; http only in a stack with AllowPrivateDestinations. Its path and
    query may hold secrets: `https://hooks.example/{ssm:token}`.

    `batch_size` over 1 sends JSON arrays of at most so many events and `max_body_bytes`.
    `retry_statuses` are answers this endpoint gives that are worth another attempt besides the usual ones,
    `account_statuses` those by which it refuses the account, not an event: a batch is not split for them.
    """

    url: SecretUrl
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: Annotated[dict[str, str | SecretRef], Field(default_factory=dict)]
    max_body_bytes: Annotated[int, Field(ge=1024, le=10_000_000)] = 1_000_000
    retry_statuses: tuple[Annotated[int, Field(ge=400, le=599)], ...] = ()
    account_statuses: tuple[Annotated[int, Field(ge=400, le=599)], ...] = ()

    @field_validator("url")
    @classmethod
    def _without_keys(cls, url: str) -> str:
        for name, value in parse_qsl(urlsplit(url).query):
            if names_secret(name) and looks_like_key(value):
                raise ValueError(f"the value of {name}= looks like a key: write {name}={{ssm:NAME}}")
        return url

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, str | SecretRef]) -> dict[str, str | SecretRef]:
        faults = list(filter(None, map(_find_header_fault, headers.items())))
        names = [name.lower() for name in headers]
        faults += [
            f"the header {name} stands twice" for n, name in enumerate(headers) if names[n] in names[:n]
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return headers


def _find_header_fault(header: tuple[str, str | SecretRef]) -> str | None:
    name, value = header
    if not _TOKEN.fullmatch(name):
        return f"{name!r} is not a header name"
    if name.lower() in _RESERVED:
        return f"the header {name} is set by Sluice"
    # What stands in a workspace is in Git, and a header that is not a reference is shown in dead letters.
    if isinstance(value, str) and (names_secret(name) or looks_like_key(value, name=name)):
        return f"the value of header {name} looks like a key: write a reference, {{secret: ssm:NAME}}"
    if isinstance(value, str) and not _VALUE.fullmatch(value):
        return f"the value of header {name} holds characters that no header carries"
    return None


def build(settings: HttpSettings, batch: Batch) -> Iterator[Request]:
    """One request an event, or one an array."""
    headers = _plain_headers(settings)
    method, url, attempt = settings.method, settings.url, batch.attempt
    if batch.max_items == 1:
        for entry in batch.entries:
            item, payload = entry
            own = {**headers, "Idempotency-Key": make_idempotency_key(batch.sync, item)}
            yield Request(method, url, own, orjson.dumps(payload), (entry,), attempt)
        return
    bodies = [orjson.dumps(payload) for _, payload in batch.entries]
    sizes = [len(body) for body in bodies]
    for part in cut(sizes, max_bytes=settings.max_body_bytes, max_items=batch.max_items):
        body = b"[" + b",".join(bodies[part]) + b"]"
        yield Request(method, url, headers, body, batch.entries[part], attempt)


def make_idempotency_key(sync: str, item: Item) -> str:
    """`<sync>:<event type>:<message id>`, to be looked up by; where no header carries that, 64 hex digits
    of its SHA-256."""
    told = item.message_id or orjson.dumps(item.event).decode()  # an empty id must not make all events one
    key = f"{sync}:{item.type}:{told}"
    if key.isascii() and key.isprintable() and " " not in key and len(key) <= MAX_KEY:
        return key
    return sha256(key.encode("utf-8", "replace")).hexdigest()


def judge(settings: HttpSettings, _request: Request, response: Response, now: float) -> Verdict:
    return classify_response(
        response, now, also_retry=settings.retry_statuses, of_account=settings.account_statuses
    )


def auth(settings: HttpSettings) -> Mapping[str, SecretRef]:
    headers = {name: value for name, value in settings.headers.items() if isinstance(value, SecretRef)}
    return {**headers, **list_url_secrets(settings.url)}


def _plain_headers(settings: HttpSettings) -> dict[str, str]:
    """The operator's headers win over Sluice's own, whatever their case."""
    given = {name.lower() for name in settings.headers}
    own = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    plain = {name: value for name, value in own.items() if name.lower() not in given}
    plain.update((name, value) for name, value in settings.headers.items() if isinstance(value, str))
    return plain


DECLARATION = Declaration(
    kind="http",
    settings=HttpSettings,
    event_types={CUSTOM_EVENT: EventType("What no other type takes")},
    any_event_type=True,
    build=build,
    auth=auth,
    judge=judge,
)
