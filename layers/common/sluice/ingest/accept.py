"""One request as a whole: whose it is, which events it holds, and what they have in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sluice.errors import RequestError
from sluice.ids import has_long_numbers, restore_ids, restore_long_ids, trim
from sluice.ingest import pixels
from sluice.ingest.body import Parsed, may_name, parse_body
from sluice.ingest.encodings import decode_body
from sluice.ingest.keys import KeyRing, find_keys, split_key
from sluice.ingest.normalise import Surroundings, read_object
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
    trusted_hops: int = 0  # proxies in front of the API that the operator runs

    def authenticate(self, request: Request, revoked: frozenset[str], *carried: object) -> Source:
        """The source that one of the write keys in the request, or of those carried in it, opens.

        Raises RequestError 401.
        """
        presented = find_keys(request, *carried)
        source = self.find_source(presented, revoked)
        if source is None:
            message = "The write key is unknown or revoked." if presented else "The request has no write key."
            raise RequestError(401, "invalid_write_key", message)
        return source

    def find_source(self, candidates: Iterable[str], revoked: frozenset[str]) -> Source | None:
        """The source that the first of the candidate keys that works opens."""
        slug = self.keys.find_source(candidates, revoked)
        return None if slug is None else self.sources[slug]

    def find_foreign(self, events: Sequence[Any], source: Source, revoked: frozenset[str]) -> frozenset[int]:
        """Indexes of the events whose own write key opens another source than this, or none."""
        own = {
            n: key
            for n, event in enumerate(events)
            if type(event) is dict and "writeKey" in event and (key := _own_key(event)) is not None
        }
        if not own:
            return frozenset()
        known = {key for key in set(own.values()) if self.find_source(split_key(key), revoked) == source}
        return frozenset(n for n, key in own.items() if key not in known)


def accept_request(
    request: Request,
    endpoint: Endpoint,
    gate: Gate,
    *,
    revoked: frozenset[str],
    now: float,
    new_id: Callable[[], str],
    check_quota: Callable[[str], None],
) -> Intake:
    """The packs of a request. Raises RequestError where it is refused as a whole; writes nothing.

    `check_quota` raises where the source with a slug is known to have sent what it may.

    An event that breaks a rule is blocked and travels on with its reasons; the others are not held up by it.
    """
    body, events, source, size = _open(request, endpoint, gate, revoked, check_quota)
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
            sent_at=body.value.get("sentAt"),
            sent_epoch=read_time(body.value.get("sentAt")),
            context=_shared(body.value, "context"),
            integrations=_shared(body.value, "integrations"),
        )
    client = {"user_agent": request.user_agent}
    if source.collect_ip != "never":
        client["ip"] = request.ip
    packer = Packer(
        source.slug,
        around,
        gate.limits,
        size=size,
        lenient=body.lenient,
        marks=body.marks,
        notes=body.notes,
        foreign=gate.find_foreign(events, source, revoked),
    )
    return packer.pack(events, client)


def _open(
    request: Request,
    endpoint: Endpoint,
    gate: Gate,
    revoked: frozenset[str],
    check_quota: Callable[[str], None],
) -> tuple[Parsed, list[Any], Source, int]:
    """The body, its events, whose they are, and its bytes once unpacked.

    The first key that works decides, wherever it is, and its quota is checked as soon as it is known.

    Without one the request costs as little as can be: a body that cannot name a key is not parsed.
    """
    presented = find_keys(request)
    source = gate.find_source(presented, revoked)
    if source is not None:
        check_quota(source.slug)
    try:
        data = _unpack(request, endpoint, gate.limits)
        if source is None and not may_name(data, "writeKey"):
            gate.authenticate(request, revoked)
        body = _parse(data, request, endpoint)
        events = _list_events(body.value, endpoint, gate.limits)
    except RequestError:
        if source is None and presented:
            gate.authenticate(request, revoked)
        raise
    if source is None:
        own = dict.fromkeys(map(_own_key, events))
        source = gate.authenticate(request, revoked, body.value.get("writeKey"), *own)
        check_quota(source.slug)
    if has_long_numbers(data):
        restore_long_ids(body.value, body.read_exactly(), gate.limits.depth)
    restore_ids(
        events,
        lambda: _list_events(body.read_exactly(), endpoint, gate.limits),
        are_integers_exact=not body.lenient,
    )
    return body, events, source, _measure(data, request, endpoint)


def _measure(data: bytes, request: Request, endpoint: Endpoint) -> int:
    """Bytes of the request, unpacked."""
    if endpoint.kind is Kind.FLAT_PIXEL:
        return sum(len(name) + len(value) for name, value in request.query.items())
    return len(data)


def _unpack(request: Request, endpoint: Endpoint, limits: Limits) -> bytes:
    """The JSON of a request as bytes; empty where the query is the event."""
    if endpoint.kind is Kind.FLAT_PIXEL:
        return b""
    if endpoint.kind is Kind.DATA_PIXEL:
        return decode_body(pixels.read_data(request.query), max_bytes=limits.request_bytes)
    encoding = request.headers.get("content-encoding", "")
    return decode_body(request.body, encoding=encoding, max_bytes=limits.request_bytes)


def _parse(data: bytes, request: Request, endpoint: Endpoint) -> Parsed:
    if endpoint.kind is Kind.FLAT_PIXEL:
        return Parsed(pixels.read_query(request.query), data)
    return parse_body(data, request.headers.get("content-type", ""))


def _own_key(event: Any) -> str | None:
    """The write key that an event carries itself; None where it has none, "" for one that is not text."""
    key = event.get("writeKey") if type(event) is dict else None
    if type(key) is str:
        return trim(key) or None
    return "" if key else None


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
    value = read_object(body.get(name))
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
