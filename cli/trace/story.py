"""The life of one event, put together from what a stack wrote and from how its syncs stand now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cli.stack import CommandError, Stack
from cli.status.queues import SyncNow, read_sync
from cli.trace.decided import TypeDecision, explain_line
from cli.trace.fate import Fate, State, find_fates
from cli.trace.scan import Line, Scan
from cli.trace.workspaces import Explainer, find_workspace
from sluice.times import parse_time

OVERDUE = 3600.0  # seconds after which what should have been tried again may have died without a log line


@dataclass(frozen=True, slots=True)
class Range:
    """Where to look: events that were filed from `since` until `until`, their fates until `end`."""

    since: datetime
    until: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """One time that the event was routed: its archive line, why it was decided so, and what came of that.

    `fates` of several live arrivals that were sent alike stand with the first.
    """

    line: Line
    explainer: Explainer
    decisions: Sequence[TypeDecision] = ()
    fates: Sequence[Fate] = ()

    @property
    def verdict(self) -> str:
        return str(self.line["verdict"])

    @property
    def replay(self) -> str | None:
        return self.line.get("replay")

    @property
    def received_at(self) -> str:
        """When the client's request came: the line of a replay has the time of its pack's oldest event."""
        own = self.line["event"].get("receivedAt") if self.replay else None
        return str(self.line["received_at"] if parse_time(own) is None else own)


@dataclass(frozen=True, slots=True)
class Story:
    """`strays` are fates that no arrival in range explains; `now` has the syncs that are not done with it."""

    message_id: str
    stack: str
    told_at: datetime
    range: Range
    scan: Scan
    arrivals: Sequence[Arrival]
    strays: Sequence[Fate] = ()
    now: dict[str, SyncNow] = field(default_factory=dict)
    unrouted: Sequence[Line] = ()

    @property
    def fates(self) -> list[Fate]:
        return [*(fate for arrival in self.arrivals for fate in arrival.fates), *self.strays]

    def is_sent_again(self, fate: Fate) -> bool:
        """Whether the event went to the fate's sync once more after it died, by a redrive or a replay."""
        return any(
            (other.sync, other.type) == (fate.sync, fate.type)
            and other.replay not in (None, fate.replay)
            and (other.since is None or other.since > (fate.since or ""))
            for other in self.fates
        )

    @property
    def is_found(self) -> bool:
        return bool(self.arrivals or self.strays or self.unrouted)


def tell_story(stack: Stack, scan: Scan, where: Range, folder: Path, now: datetime) -> Story:
    """Reads everything that is known of the scan's event."""
    lines = scan.find_events(where.since, where.until)
    attempts: list[Line] = []
    if not lines or any(line["syncs"] for line in lines):
        first = min((_read_time(line["received_at"]) for line in lines), default=where.since)
        attempts = scan.find_attempts(first, where.end)
    fates = find_fates(lines, attempts, ())
    letters = [
        letter
        for sync in sorted({fate.sync for fate in fates if _may_have_letter(fate, now)})
        for letter in scan.find_letters(sync, where.since, where.end)
    ]
    fates = find_fates(lines, attempts, letters)
    arrivals = list(_explain(stack, lines, fates, folder))
    told = {(fate.sync, fate.type, fate.replay) for arrival in arrivals for fate in arrival.fates}
    return Story(
        message_id=scan.message_id,
        stack=stack.name,
        told_at=now,
        range=where,
        scan=scan,
        arrivals=arrivals,
        strays=[fate for fate in fates if (fate.sync, fate.type, fate.replay) not in told],
        now=_look_at(stack, fates),
        unrouted=[] if lines else scan.find_unrouted(where.since, where.end),
    )


def _explain(stack: Stack, lines: Sequence[Line], fates: Sequence[Fate], folder: Path) -> Iterator[Arrival]:
    find = cache(lambda digest: find_workspace(stack, digest, folder))
    left = {(fate.sync, fate.type, fate.replay): fate for fate in fates}
    for line in lines:
        explainer = find(line["workspace"])
        if line["verdict"] != "accepted":
            yield Arrival(line, explainer)
            continue
        keys = [(route["sync"], route["type"], line.get("replay")) for route in line["syncs"]]
        own = [left.pop(key) for key in keys if key in left]
        yield Arrival(line, explainer, explain_line(line, explainer.compiled), own)


def _may_have_letter(fate: Fate, now: datetime) -> bool:
    """What died, and what should have an end and has none: SQS moves a pack without a line in the log."""
    if fate.state in (State.DEAD, State.PENDING) or any(a["outcome"] == "dead" for a in fate.attempts):
        return True
    due = parse_time(fate.next_at)
    return due is not None and due + OVERDUE < now.timestamp()


def _look_at(stack: Stack, fates: Sequence[Fate]) -> dict[str, SyncNow]:
    """How the syncs stand that have not delivered it; a sync that the stack no longer has is left out."""
    open_syncs = sorted({fate.sync for fate in fates if fate.state is not State.DELIVERED})
    found = {}
    for sync in open_syncs:
        try:
            found[sync] = read_sync(stack, sync)
        except CommandError:  # it left the stack
            continue
    return found


def _read_time(text: str) -> datetime:
    return datetime.fromtimestamp(parse_time(text) or 0.0, UTC)


def find_range(since: datetime, around: datetime | None, now: datetime) -> Range:
    """From `since` until now; or an hour around a time, and the fates of the day that followed."""
    if around is None:
        return Range(since, now, now)
    hour, day = timedelta(hours=1), timedelta(days=1)
    return Range(around - hour, min(around + hour, now), min(around + day, now))
