"""One request as a whole: whose it is, which events it holds, and what they have in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sluice.errors import RequestError
from sluice.ingest import pixels
from sluice.ingest.body import decode_body, parse_body
from sluice.ingest.keys import KeyRing, find_keys
from sluice.ingest.normalise import Surroundings
from sluice.ingest.packer import Intake, Limits, Packer
from sluice.ingest.paths import Endpoint, Kind
from sluice.ingest.request import Request
from sluice.times import format_time, read_time


@dataclass(slots=True, frozen=True)
class Source:
    """A source's settings that matter at ingest."""

    slug: str
    collect_ip: Literal["client", "always", "never"] = "client"


@dataclass(slots=True, frozen=True)
class Gate:
    """Everything about the workspace and the stack that decides what comes in."""

    keys: KeyRing
    sources: Mapping[str, Source]
    limits: Limits

    def authenticate(self, request: Request, revoked: frozenset[str], *carried: object) -> Source:
        """The source whose write key the request presents. Raises RequestError 401."""
        presented = find_keys(request, *carried)
        slug = self.keys.find_source(presented, revoked)
        if slug is None:
            message = "The write key is unknown or revoked." if presented else "The request has no write key."
            raise RequestError(401, "invalid_write_key", message)
        return self.sources[slug]


def accept_request(
    request: Request,
    endpoint: Endpoint,
    gate: Gate,
    *,
    revoked: frozenset[str],
    now: float,
    new_id: Callable[[], str],
) -> Intake:
    """The packs of a request. Raises RequestError where it is refused as a whole; writes nothing.

    An event that breaks a rule is blocked and travels on with its reasons; the others are not held up by it.
    """
    if find_keys(request):
        gate.authenticate(request, revoked)  # before any work on the body
    body, lenient = _read_body(request, endpoint, gate.limits)
    events = _list_events(body, endpoint, gate.limits)
    in_event = next((e["writeKey"] for e in events if type(e) is dict and e.get("writeKey")), None)
    source = gate.authenticate(request, revoked, body.get("writeKey"), in_event)
    around = Surroundings(
        received_at=now,
        received_text=format_time(now),
        new_id=new_id,
        type=endpoint.type,
        is_client=_is_client(request, endpoint),
        collect_ip=source.collect_ip,
        ip=request.ip,
        user_agent=request.user_agent,
    )
    if endpoint.kind is Kind.BATCH:
        around = replace(
            around,
            sent_at=body.get("sentAt"),
            sent_epoch=read_time(body.get("sentAt")),
            context=_shared(body, "context"),
            integrations=_shared(body, "integrations"),
        )
    client = {"user_agent": request.user_agent}
    if source.collect_ip != "never":
        client["ip"] = request.ip
    return Packer(source.slug, around, gate.limits, lenient=lenient).pack(events, client)


def _read_body(request: Request, endpoint: Endpoint, limits: Limits) -> tuple[dict[str, Any], bool]:
    if endpoint.kind is Kind.FLAT_PIXEL:
        return pixels.read_query(request.query), False
    raw = pixels.read_data(request.query) if endpoint.kind is Kind.DATA_PIXEL else request.body
    return parse_body(decode_body(raw, max_bytes=limits.request_bytes))


def _list_events(body: dict[str, Any], endpoint: Endpoint, limits: Limits) -> list[Any]:
    if endpoint.kind is not Kind.BATCH:
        return [body]
    events = body.get("batch")
    if not isinstance(events, list) or not events:
        raise RequestError(400, "invalid_batch", "`batch` is not a list with events in it.")
    if len(events) > limits.events:
        raise RequestError(413, "too_many_events", f"A request may have {limits.events} events.")
    return events


def _shared(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise RequestError(400, "invalid_batch", f"`{name}` of the batch is not an object.")
    return value or {}


def _is_client(request: Request, endpoint: Endpoint) -> bool:
    """A browser, as far as its request shows it (Node's fetch sends `sec-fetch-mode` too)."""
    return (
        endpoint.kind in {Kind.FLAT_PIXEL, Kind.DATA_PIXEL}
        or "origin" in request.headers
        or request.user_agent.startswith("Mozilla/")
    )
