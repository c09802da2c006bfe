"""One event and one sync: what the router, the mapping and the destination's `build` make of it.

The verdict is the router's own decision, payload and requests are delivery's own: nothing is decided here.
No secret is read and nothing is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.preview.govern import OTHERS_ONLY, Governor
from cli.preview.incoming import ACCEPTED, BLOCKED, Incoming
from sluice.consent import compile_consent
from sluice.delivery.pack_work import PackWork, prepare_requests
from sluice.delivery.sync import Sync, compile_sync
from sluice.destinations.declaration import Request, is_url_place
from sluice.destinations.event_types import EventType
from sluice.explain.filters import FilterVerdict, explain_filter
from sluice.explain.mappings import Origin, explain_mapping
from sluice.messages import Message
from sluice.packs import Event, Item, SyncPack
from sluice.routing.decide import CATCH_ALL, compile_source
from sluice.times import format_time

_NO_MESSAGE = Message("", "", 1, "")


@dataclass(slots=True)
class Moment:
    """The clock of a preview: it stands at the time at which the event came in."""

    epoch: float = 0.0

    def __call__(self) -> float:
        return self.epoch


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no request can be made of an event: a dead letter's reason and detail."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent of an event as one type: `failure`, or the payload and its requests."""

    payload: Any = None
    requests: tuple[Request, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class TypePreview:
    """One event type of the sync. `others` are the types that took the event before a `custom_event` could.

    `verdict` is None for a type without a filter, `origins` for one that sends the whole event.
    """

    type: str
    taken: bool
    verdict: FilterVerdict | None
    others: tuple[str, ...] = ()
    is_rest: bool = False
    declared: EventType = field(default_factory=EventType)
    origins: tuple[Origin, ...] | None = None
    sending: Sending | None = None

    @property
    def why(self) -> str:
        """What decided, in words."""
        if self.is_rest:
            took = f"another type took it: {', '.join(self.others)}"
            return "no other type took it" if self.taken else took
        if self.verdict is None:
            return "it has no filter"
        return "its filter matches" if self.taken else "its filter does not match"


class SyncPreview:
    """A sync of a compiled workspace, ready for many events. Raises WorkspaceError where there is none."""

    def __init__(self, compiled: Mapping[str, Any], slug: str) -> None:
        self.slug = slug
        self.sync: Sync = compile_sync(compiled, slug)
        self.spec: Mapping[str, Any] = compiled["syncs"][slug]
        self._moment = Moment()
        self._decide = compile_source({slug: self.spec}, self._moment)
        self.governor = Governor(compiled, slug)
        self._deny = compile_consent(compiled, self.spec["source"])

    def find_taken(self, event: Event, moment: float) -> tuple[str, ...]:
        """The event types that take an event which came in at `moment`, whatever its source."""
        self._moment.epoch = moment
        return tuple(name for _, name in self._decide(event).routes)

    def send(self, name: str, event: Event) -> Sending:
        """What delivery makes of the event as a batch of one."""
        pack = SyncPack(self.slug, [Item(name, event)], 1, format_time(self._moment.epoch))
        work = PackWork(_NO_MESSAGE, pack)
        requests = prepare_requests(self.sync, work)
        if work.refused:
            _, error = work.refused[0]
            return Sending(failure=Failure(error.reason.value, error.detail))
        entries = [entry for request in requests for entry in request.entries]
        return Sending(entries[0][1] if entries else None, tuple(requests))

    def mask_headers(self, request: Request) -> dict[str, str]:
        """The headers as they are sent, with each secret's reference in its place."""
        masked = {
            name: reference.format.replace("{}", f"‹{reference.secret}›")
            for name, reference in self.sync.auth.items()
            if not is_url_place(name)
        }
        return {**request.headers, **masked}

    def preview(self, incoming: Incoming, now: float) -> list[TypePreview]:
        """Every event type of the sync, in its order, explained; none for an event that ingest blocks."""
        if incoming.verdict == BLOCKED:
            return []
        event = incoming.event
        taken = self.find_taken(event, incoming.find_moment(now))
        return [self._preview_type(spec, event, taken) for spec in self.spec["event_types"]]

    def find_obstacles(self, incoming: Incoming) -> list[str]:
        """Why this very event is not sent by the sync, whatever its filters say."""
        found = []
        if incoming.verdict != ACCEPTED:
            found.append(_OBSTACLES.get(incoming.verdict, incoming.verdict))
        if incoming.skipped:
            found.append(_SKIPPED.get(incoming.skipped, incoming.skipped))
        if incoming.source is not None and incoming.source != self.spec["source"]:
            found.append(
                f"it came from source {incoming.source}, and the sync takes events of {self.spec['source']}"
            )
        if self._deny and (denied := self._deny(incoming.event).get(self.slug)):
            found.append(f"{denied}: the client does not want it sent there")
        if self.spec["retired"]:
            found.append("the sync is retired: it gets no new events")
        return found

    def _preview_type(self, spec: Mapping[str, Any], event: Event, taken: tuple[str, ...]) -> TypePreview:
        name, filter_spec = spec["type"], spec["filter"]
        is_rest = name == CATCH_ALL and filter_spec is None
        return TypePreview(
            type=name,
            taken=name in taken,
            verdict=None if filter_spec is None else explain_filter(filter_spec, event, now=self._moment),
            others=taken if is_rest and name not in taken else (),
            is_rest=is_rest,
            declared=self.sync.declaration.event_types.get(name, EventType()),
            origins=self._explain(spec, event) if name in taken else None,
            sending=self.send(name, event) if name in taken else None,
        )

    def _explain(self, spec: Mapping[str, Any], event: Event) -> tuple[Origin, ...] | None:
        return None if spec["mappings"] is None else explain_mapping(spec["mappings"], event)


_SKIPPED = {
    "function_dropped": "a function of the sync drops it: function_dropped",
    "function_error": "a function of the sync fails over it: function_error",
    OTHERS_ONLY: "the functions of the sync made other events of it, which follow",
}
_OBSTACLES = {
    BLOCKED: "it is blocked, so no sync gets it",
    "duplicate": "it is a repeat: the first one was sent, this one was dropped",
    "dropped": "it was dropped, so no sync got it",
}
