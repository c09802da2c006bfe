"""Events as a person has them at hand, made into what the router sees.

What ingest has not seen yet goes through ingest's own code, so a preview starts from the event that the
router would get: batch fields merged, times put right, broken events blocked. What it has seen is left alone.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cli.stack import CommandError
from sluice.errors import RequestError
from sluice.ingest.accept import Gate, Source, accept_request
from sluice.ingest.keys import KeyRing
from sluice.ingest.normalise import NOTES_KEY
from sluice.ingest.packer import Limits
from sluice.ingest.paths import Endpoint, Kind, find_endpoint
from sluice.ingest.request import Request, parse_request
from sluice.packs import Event, parse_ingest_pack
from sluice.times import parse_time

ACCEPTED, BLOCKED = "accepted", "blocked"
RECEIVED, ROUTED, DELIVERED = "received", "routed", "delivered"
"""How far an event came: only ingest has seen it, the router has (archive), a sync has (dead letter)."""
_GZIP, _BOM = b"\x1f\x8b", b"\xef\xbb\xbf"
_NAMES = {
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}
# Of an event with `receivedAt`: ingest has corrected its time and noted what it changed.
_STORED = ("sentAt", NOTES_KEY)
_EVENTS = {Kind.ONE, Kind.BATCH, Kind.FLAT_PIXEL, Kind.DATA_PIXEL}


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as the router sees it. `source` is None where the event does not say: it is then any's.

    `verdict` and `reasons` are as in the archive, `violations` say what of a contract it breaks, `origin`
    where it was found, `stage` how far it came. `function_error` is a function's message, `skipped` why the
    functions of the sync leave nothing of it to the sync, `parent_id` the event that functions made it of.
    """

    event: Event
    origin: str
    source: str | None = None
    verdict: str = ACCEPTED
    reasons: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
    stage: str = RECEIVED
    function_error: str = ""
    skipped: str = ""
    parent_id: str = ""

    @property
    def message_id(self) -> str:
        return str(self.event.get("messageId", ""))

    def find_moment(self, now: float) -> float:
        """When it came in, epoch seconds: what `within` counts from."""
        received = parse_time(self.event.get("receivedAt"))
        return now if received is None else received


@dataclass(frozen=True, slots=True)
class Entrance:
    """What ingest needs from outside; `collect_ip` is the source's setting."""

    now: float
    new_id: Callable[[], str]
    collect_ip: str = "client"


class _AnyKey(Gate):
    """A gate that asks for no write key: whose the event is, the command's options say."""

    def find_source(self, _candidates: Iterable[str], _revoked: frozenset[str]) -> Source:
        return self.sources[""]


def read_text(content: bytes, name: str, entrance: Entrance) -> list[Incoming]:
    """The events of a file: one JSON object, a list of them, or one a line; gzip is unpacked.

    Each is an SDK's event, a request body with `batch`, a request as API Gateway hands it over, an archive
    line, or a dead letter. Raises CommandError, with the line, for anything else.
    """
    if content[:2] == _GZIP:
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise CommandError(f"{name}: broken gzip: {error}") from error
    content = content.removeprefix(_BOM)
    if not content.strip():
        raise CommandError(f"{name} is empty")
    found = [
        incoming for place, value in _split(content, name) for incoming in _read_value(value, place, entrance)
    ]
    if not found:
        raise CommandError(f"{name} holds no event")
    return found


def read_archive_line(line: Mapping[str, Any], origin: str) -> Incoming:
    """The stored event with what the router said of it."""
    said = tuple((line.get("violations") or {}).get("messages", ()))
    return Incoming(
        line["event"], origin, line["source"], line["verdict"], tuple(line["reasons"]), said, stage=ROUTED
    )


def _split(content: bytes, name: str) -> Iterator[tuple[str, Any]]:
    """Each JSON value with the words for where it stands."""
    try:
        whole = _parse(content)
    except ValueError as error:
        lines = [(n, line) for n, line in enumerate(content.split(b"\n"), 1) if line.strip()]
        if len(lines) < 2:
            raise CommandError(f"{name} is not JSON: {error}") from error
        for n, line in lines:
            try:
                yield f"{name}, line {n}", _parse(line)
            except ValueError as problem:
                raise CommandError(f"{name}, line {n} is not JSON: {problem}") from problem
        return
    if isinstance(whole, list):
        yield from ((f"{name}, item {n}", value) for n, value in enumerate(whole))
    else:
        yield name, whole


def _parse(text: bytes) -> Any:
    """JSON as ingest takes it: with NaN, cut-off characters and integers of any length."""
    try:
        return json.loads(text.decode("utf-8", "surrogatepass"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _read_value(value: Any, place: str, entrance: Entrance) -> list[Incoming]:
    if not isinstance(value, dict):
        raise CommandError(f"{place}: an event is a JSON object, not {_NAMES[type(value)]}")
    if (record := _read_record(value, place)) is not None:
        return [record]
    if "requestContext" in value and "rawPath" in value:
        return list(_receive_gateway(value, place, entrance))
    kind = Kind.BATCH if "batch" in value else Kind.ONE
    received = parse_time(value.get("receivedAt")) if kind is Kind.ONE else None
    stored = {} if received is None else {name: value[name] for name in _STORED if name in value}
    value = {name: value[name] for name in value if name not in stored}
    try:
        request = Request("POST", "/", body=json.dumps(value).encode())
    except RecursionError as error:
        raise CommandError(f"{place}: nested too deep") from error
    moment = entrance.now if received is None else received
    came = _receive(request, Endpoint(kind), moment, place, entrance)
    return [replace(incoming, event={**incoming.event, **stored}) for incoming in came]


def _read_record(value: dict[str, Any], place: str) -> Incoming | None:
    """An archive line or a dead letter, which Sluice wrote, with the event in it; None for anything else."""
    event = value.get("event")
    if not isinstance(event, dict):
        return None
    if "verdict" in value and "pack_id" in value:
        reasons = tuple(map(str, value.get("reasons") or ()))
        origin, verdict = f"{place} (archive line)", str(value["verdict"])
        return Incoming(event, origin, value.get("source"), verdict, reasons, stage=ROUTED)
    if "reason" in value and "sync" in value:
        return Incoming(event, f"{place} (dead letter)", stage=DELIVERED)
    return None


def _receive_gateway(value: dict[str, Any], place: str, entrance: Entrance) -> Iterator[Incoming]:
    try:
        request = parse_request(value, max_bytes=Limits().request_bytes)
    except RequestError as error:
        raise _refused(place, error) from error
    endpoint = find_endpoint(request.path)
    if endpoint is None or endpoint.kind not in _EVENTS or endpoint.method != request.method:
        raise CommandError(f"{place}: {request.method} {request.path} takes no events")
    epoch = value["requestContext"].get("timeEpoch")
    moment = epoch / 1000 if type(epoch) is int else entrance.now
    yield from _receive(request, endpoint, moment, place, entrance)


def _receive(
    request: Request, endpoint: Endpoint, moment: float, place: str, entrance: Entrance
) -> Iterator[Incoming]:
    """The events of a request as they leave ingest."""
    source = Source("", entrance.collect_ip)  # type: ignore[arg-type]  # of a checked workspace
    gate = _AnyKey(KeyRing({}), {"": source}, Limits())
    try:
        intake = accept_request(
            request,
            endpoint,
            gate,
            revoked=frozenset(),
            now=moment,
            new_id=entrance.new_id,
            check_quota=lambda _source: None,
        )
    except RequestError as error:
        raise _refused(place, error) from error
    for body in intake.bodies:
        pack = parse_ingest_pack(body)
        for n, event in enumerate(pack.events):
            reasons = tuple(pack.blocked.get(n, ()))
            yield Incoming(event, place, None, BLOCKED if reasons else ACCEPTED, reasons)


def _refused(place: str, error: RequestError) -> CommandError:
    return CommandError(f"{place}: ingest refuses this request: {error.status} {error.code}: {error.message}")
