"""What a change of the workspace changes for a sync, counted over a sample of events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.preview.evaluate import Sending, SyncPreview
from cli.preview.incoming import ACCEPTED, Incoming
from cli.preview.texts import read_body
from sluice.fields import MISSING, format_field
from sluice.filters.equality import same

type Path = tuple[str, ...]


@dataclass(slots=True)
class Example:
    """A difference in one event: values are MISSING where one side has none."""

    message_id: str
    before: Any = MISSING
    after: Any = MISSING


@dataclass(slots=True)
class Difference:
    """How many events differ so, and the first of them."""

    events: int
    example: Example


@dataclass(slots=True)
class TypeChanges:
    """What changes for one event type, by events of the sample.

    `before` and `after` count the events that the type takes. `fields` and `requests` count by payload field
    and by part of the request (`url`, `headers.X`, `body`); `failing` and `mended` by a dead letter's reason.
    """

    before: int = 0
    after: int = 0
    gained: Difference | None = None
    lost: Difference | None = None
    changed_payloads: int = 0
    changed_requests: int = 0
    fields: dict[str, Difference] = field(default_factory=dict)
    requests: dict[str, Difference] = field(default_factory=dict)
    failing: dict[str, Difference] = field(default_factory=dict)
    mended: dict[str, Difference] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        return bool(self.gained or self.lost or self.fields or self.requests or self.failing or self.mended)


@dataclass(slots=True)
class SyncChanges:
    """What changes for one sync. `only` is `before` or `after` where one workspace alone has it.

    `settings` are changed keys of the sync and of its destination: path → (before, after).
    """

    slug: str
    only: str = ""
    events: int = 0
    settings: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    types: dict[str, TypeChanges] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        return bool(self.only or self.settings or any(one.differs for one in self.types.values()))


class SyncComparison:
    """Takes events one by one and gathers the changes of one sync."""

    def __init__(self, slug: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Of two compiled workspaces, of which one has the sync at least."""
        has_before, has_after = slug in before["syncs"], slug in after["syncs"]
        self.changes = SyncChanges(
            slug, "" if has_before and has_after else "before" if has_before else "after"
        )
        self._before = SyncPreview(before, slug) if has_before else None
        self._after = SyncPreview(after, slug) if has_after else None
        if not self.changes.only:
            old, new = (_list_settings(workspace, slug) for workspace in (before, after))
            self.changes.settings = {
                format_field(path): (one, other) for path, one, other in diff_values(old, new)
            }
        for side in (self._before, self._after):
            for spec in side.spec["event_types"] if side else ():
                self.changes.types.setdefault(spec["type"], TypeChanges())

    def add(self, incoming: Incoming, now: float) -> None:
        """Counts one event; an event that neither side's source sends does not belong to the sample."""
        sides = [self._find_sent(side, incoming, now) for side in (self._before, self._after)]
        if all(side is None for side in sides):
            return
        self.changes.events += 1
        before, after = (side or {} for side in sides)
        for name in {**before, **after}:
            self._count(name, incoming.message_id, before.get(name), after.get(name))

    def _find_sent(
        self, side: SyncPreview | None, incoming: Incoming, now: float
    ) -> dict[str, Sending] | None:
        """What the side sends of the event by event type; None where the event is not its source's."""
        if side is None or incoming.source not in {None, side.spec["source"]} or incoming.verdict != ACCEPTED:
            return None
        [governed] = side.governor.govern([incoming])
        if governed.verdict != ACCEPTED or side.find_obstacles(governed):
            return {}
        taken = side.find_taken(governed.event, governed.find_moment(now))
        return {name: side.send(name, governed.event) for name in taken}

    def _count(self, name: str, message_id: str, before: Sending | None, after: Sending | None) -> None:
        change = self.changes.types[name]
        change.before += before is not None
        change.after += after is not None
        if before is None:
            change.gained = _add(change.gained, Example(message_id))
        elif after is None:
            change.lost = _add(change.lost, Example(message_id))
        if after is not None and after.failure and (before is None or not before.failure):
            self._note(change.failing, after.failure.reason, message_id, MISSING, after.failure.detail)
        elif before is not None and before.failure and after is not None and not after.failure:
            self._note(change.mended, before.failure.reason, message_id, before.failure.detail, MISSING)
        elif before is not None and after is not None and before.failure and after.failure:
            if before.failure != after.failure:
                told = (f"{failure.reason}: {failure.detail}" for failure in (before.failure, after.failure))
                self._note(change.failing, after.failure.reason, message_id, *told)
        elif before is not None and after is not None:
            self._count_sent(change, message_id, before, after)

    def _count_sent(self, change: TypeChanges, message_id: str, before: Sending, after: Sending) -> None:
        """An event that both sides send: its payload, and what else of the request differs."""
        differences = list(diff_values(before.payload, after.payload))
        change.changed_payloads += bool(differences)
        for path, old, new in differences:
            self._note(change.fields, format_field(path), message_id, old, new)
        parts = [
            (path, old, new)
            for path, old, new in diff_values(
                _list_requests(self._before, before), _list_requests(self._after, after)
            )
            if not (differences and path[1:2] == ("body",))  # the payload's own differences are told
        ]
        change.changed_requests += bool(parts)
        for path, old, new in parts:
            self._note(change.requests, _name_part(path), message_id, old, new)

    @staticmethod
    def _note(found: dict[str, Difference], name: str, message_id: str, before: Any, after: Any) -> None:
        found[name] = _add(found.get(name), Example(message_id, before, after))


def diff_values(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """The places where two JSON values differ: objects field by field, lists and the rest as wholes."""
    if type(before) is dict and type(after) is dict:
        for name in {**before, **after}:
            yield from diff_values(before.get(name, MISSING), after.get(name, MISSING), (*path, name))
    elif before is not after and not same(before, after):
        yield path, before, after


def _add(found: Difference | None, example: Example) -> Difference:
    if found is None:
        return Difference(1, example)
    found.events += 1
    return found


def _list_settings(workspace: Mapping[str, Any], slug: str) -> dict[str, Any]:
    """What of a sync and its destination is neither a filter nor a mapping."""
    spec = workspace["syncs"][slug]
    own = {key: part for key, part in spec.items() if key not in {"event_types", "name"}}
    return {
        **own,
        "destination": {"name": spec["destination"], **workspace["destinations"][spec["destination"]]},
    }


def _list_requests(side: SyncPreview | None, sending: Sending) -> dict[str, Any]:
    """The requests by number, as far as they can be compared."""
    if side is None:
        return {}
    return {
        str(n): {
            "method": request.method,
            "url": request.url,
            "headers": side.mask_headers(request),
            "body": read_body(request.body),
        }
        for n, request in enumerate(sending.requests)
    }


def _name_part(path: Path) -> str:
    return format_field(path[1:]) if len(path) > 1 else "request"
