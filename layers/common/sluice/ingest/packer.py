"""The events of one request, normalised, checked and measured one at a time, then cut into packs."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from sluice.errors import EventBlocked, RequestError
from sluice.ingest.body import NO_MARKS, Marks, repair
from sluice.ingest.measure import (
    count_brackets,
    cut_down,
    has_refused,
    is_deeper,
    replace_refused,
    take_head,
)
from sluice.ingest.normalise import NOTES_KEY, TIME_REPLACED, Surroundings, check_event, normalise_event
from sluice.packs import Event, IngestPack, cut, dump_ingest_pack
from sluice.reasons import Reason

REFUSED_NOTE = "characters that SQS refuses became U+FFFD"
_FOREIGN = (Reason.FOREIGN_WRITE_KEY,)
# What a resend may have of another length, and the length with which it counts where packs are cut.
_SENT_AT_BYTES, _IP_BYTES = 32, 45
_NORMALISED_FLOOR = 1_000_000  # bytes that any request may become: 100 events with a context of 10 KB


@dataclass(slots=True, frozen=True)
class Limits:
    """Stack parameters. Bytes of a request are counted unpacked, bytes of an event as compact JSON."""

    request_bytes: int = 10_000_000
    events: int = 2_500
    depth: int = 64
    event_bytes: int = 96 * 1024
    normalised_bytes: int = 20_000_000
    normalised_ratio: int = 20

    def allow_normalised(self, size: int) -> int:
        """The bytes that a request of `size` bytes may become once it is normalised."""
        return min(self.normalised_bytes, max(self.normalised_ratio * size, _NORMALISED_FLOOR))


@dataclass(slots=True)
class Intake:
    """What a request came to: SQS bodies to store before it may be answered, and counts for the metrics."""

    source: str
    bodies: list[str] = field(default_factory=list)
    accepted: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    events: int = 0  # accepted and blocked
    size: int = 0  # bytes of the request, unpacked
    times_replaced: int = 0


@dataclass(slots=True)
class _Measured:
    """One event as JSON; `size` is the same on every resend of the request."""

    data: bytes
    message_id: str
    size: int


class Packer:
    """Takes the events of one request and gives its packs."""

    def __init__(
        self,
        source: str,
        around: Surroundings,
        limits: Limits,
        *,
        size: int,
        lenient: bool,
        marks: Marks = NO_MARKS,
        notes: Iterable[str] = (),
        foreign: AbstractSet[int] = frozenset(),
    ) -> None:
        """`size`: bytes of the request, unpacked; `lenient`: its JSON was read by the lenient parser and may
        need repair, with `marks`.

        `notes` are for every event; `foreign` are indexes of events whose own write key is not the source's.
        """
        self._size, self._allowed = size, limits.allow_normalised(size)
        self._source, self._limits, self._foreign = source, limits, foreign
        self._lenient, self._marks = lenient, marks
        self._shared_notes = set(notes)
        if lenient:
            context, integrations, sent_at = (
                repair(value, self._shared_notes, limits.depth + 1, marks)
                for value in (around.context, around.integrations, around.sent_at)
            )
            around = replace(around, context=context, integrations=integrations, sent_at=sent_at)
        if is_deeper(around.context, limits.depth) or is_deeper(around.integrations, limits.depth):
            # Too deep for an event, perhaps for the serialiser: cut to what is still too deep for an event.
            context, integrations = (
                take_head(value, limits.depth, [limits.request_bytes])
                for value in (around.context, around.integrations)
            )
            around = replace(around, context=context, integrations=integrations)
        self._around = around
        self._blocked: dict[int, list[str]] = {}
        self._times_replaced = 0

    def pack(self, raws: Sequence[Any], client: dict[str, str]) -> Intake:
        """The packs of all events. Raises RequestError 413 before more is built than the limit allows."""
        self._check_total(self._measure_shared() * len(raws))
        events, total = [], 0
        for index, raw in enumerate(raws):
            event = self._take(index, raw)
            total += event.size
            self._check_total(total)
            events.append(event)
        intake = Intake(
            self._source, accepted=len(events) - len(self._blocked), events=len(events), size=self._size
        )
        intake.times_replaced = self._times_replaced
        for reasons in self._blocked.values():
            intake.blocked.update(reasons)
        request_digest = digest_request(self._source, [event.message_id for event in events])
        for part, piece in enumerate(cut([event.size for event in events])):
            pack = IngestPack(
                pack_id=self._around.new_id(),
                part=part,
                source=self._source,
                received_at=self._around.received_text,
                client=client,
                dedup_key=digest_part(request_digest, piece),
                events=[],
                blocked={
                    n - piece.start: why for n, why in self._blocked.items() if piece.start <= n < piece.stop
                },
            )
            intake.bodies.append(dump_ingest_pack(pack, [event.data for event in events[piece]]))
        return intake

    def _measure_shared(self) -> int:
        """Bytes that each event gets from the batch, unless it has its own in their place."""
        around = self._around
        if not around.context and not around.integrations:
            return 0
        return len(orjson.dumps([around.context, around.integrations]))

    def _check_total(self, size: int) -> None:
        if size > self._allowed:
            message = (
                f"This request may become {self._allowed} bytes, counted with what each event gets from its "
                "batch. Send fewer events at once, or less in the batch's `context`."
            )
            raise RequestError(413, "request_too_large", message)

    def _take(self, index: int, raw: Any) -> _Measured:
        notes = self._shared_notes
        if self._lenient:
            notes = set(notes)
            raw = repair(raw, notes, self._limits.depth + 1, self._marks)
        is_event = type(raw) is dict
        event = normalise_event(raw if is_event else {"value": raw}, self._around)
        if NOTES_KEY in event and event[NOTES_KEY].get("time") == TIME_REPLACED:
            self._times_replaced += 1
        message_id = event["messageId"]
        if notes:
            _note(event, *sorted(notes))
        try:
            if not is_event:
                raise EventBlocked(Reason.INVALID_SHAPE)
            check_event(event, *_FOREIGN if index in self._foreign else ())
            data, extra = self._write(event), 0
        except EventBlocked as blocked:
            reasons = self._blocked[index] = [str(reason) for reason in blocked.reasons]
            event, data = self._write_blocked(event)
            extra = len(orjson.dumps([str(index), reasons]))
        return _Measured(data, message_id, len(data) + extra + self._count_varying(event))

    def _count_varying(self, event: Event) -> int:
        """What to add to an event's size so that it is the same on every resend, whatever its route."""
        difference = 0
        if (sent_at := event.get("sentAt")) is not None:
            difference += _SENT_AT_BYTES - len(str(sent_at))
        context, stamped = event.get("context"), self._around.ip
        if stamped and type(context) is dict and context.get("ip") is stamped:  # not one that is equal
            difference += _IP_BYTES - len(stamped)
        return difference

    def _write(self, event: Event) -> bytes:
        try:
            data = orjson.dumps(event)
        except TypeError as error:  # deeper than the serialiser goes
            raise EventBlocked(Reason.INVALID_SHAPE) from error
        # An event with few brackets cannot be deep: only the others are walked.
        if count_brackets(data) > self._limits.depth and is_deeper(event, self._limits.depth):
            raise EventBlocked(Reason.INVALID_SHAPE)
        if len(data) > self._limits.event_bytes:
            raise EventBlocked(Reason.EVENT_TOO_LARGE)
        if has_refused(data):
            _note(event, REFUSED_NOTE)
            data = replace_refused(orjson.dumps(event))
        return data

    def _write_blocked(self, event: Event) -> tuple[Event, bytes]:
        """What travels on of a blocked event, which may be of any size and depth."""
        try:
            data = orjson.dumps(event)
        except TypeError:
            data = None
        if data is None or len(data) > self._limits.event_bytes or is_deeper(event, self._limits.depth):
            event = cut_down(event, data, self._limits.depth)
            data = orjson.dumps(event)
        return event, replace_refused(data)


def digest_request(source: str, ids: Sequence[str]) -> bytes:
    """Stands for a request and its resends: source, and message ids in order."""
    return hashlib.sha256(orjson.dumps([source, ids])).digest()


def digest_part(request: bytes, part: slice) -> str:
    """The key by which the router knows a part's resend.

    It names the events of the part: were a resend cut differently, its parts would be new ones, none lost.
    """
    return hashlib.sha256(b"%b %d %d" % (request, part.start, part.stop)).hexdigest()


def _note(event: Event, *notes: str) -> None:
    event.setdefault(NOTES_KEY, {"notes": []})["notes"].extend(notes)
