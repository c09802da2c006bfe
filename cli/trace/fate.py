"""What became of an event for each sync and event type: its attempts, its letter, where it is now.

The unit is (sync, event type, replay): a replay delivers anew, whatever the live event's fate was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cli.trace.scan import Line
from sluice.times import parse_time


class State(StrEnum):
    """`pending`: no attempt is known yet."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    DEAD = "dead"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Fate:
    """`attempts` are lines of the delivery log in order, `letters` dead letters.

    `since` is when the state began, None while pending. `next_at` is when the next attempt is due.
    """

    sync: str
    type: str
    replay: str | None
    state: State
    since: str | None
    next_at: str | None
    reason: str | None
    attempts: tuple[Line, ...] = ()
    letters: tuple[Line, ...] = ()


def find_fates(arrivals: Iterable[Line], attempts: Iterable[Line], letters: Iterable[Line]) -> list[Fate]:
    """A fate for all that the event was sent as, and for all that the delivery log or a letter tells of."""
    units: dict[tuple[str, str, str | None], tuple[list[Line], list[Line]]] = {}
    for line in arrivals:
        for route in line["syncs"]:
            units.setdefault((route["sync"], route["type"], line.get("replay")), ([], []))
    for attempt in attempts:
        key = attempt["sync"], attempt["event_type"], attempt.get("replay")
        units.setdefault(key, ([], []))[0].append(attempt)
    for letter in letters:
        key = letter["sync"], letter["event_type"], letter.get("replay")
        units.setdefault(key, ([], []))[1].append(letter)
    return [_judge(sync, name, replay, tried, dead) for (sync, name, replay), (tried, dead) in units.items()]


def _judge(sync: str, name: str, replay: str | None, tried: Sequence[Line], letters: Sequence[Line]) -> Fate:
    """The last that is known decides. A letter is written before the log's line, and by SQS without one."""
    last = tried[-1] if tried else None
    letter = letters[-1] if letters else None
    ended, died = (_read(last, "at"), _read(letter, "died_at"))
    told = (tuple(tried), tuple(letters))
    if letter is not None and (last is None or died > ended or last["outcome"] == "dead"):
        return Fate(sync, name, replay, State.DEAD, letter["died_at"], None, letter["reason"], *told)
    if last is None:
        return Fate(sync, name, replay, State.PENDING, None, None, None, *told)
    state = {"delivered": State.DELIVERED, "retry": State.WAITING}.get(last["outcome"], State.DEAD)
    return Fate(sync, name, replay, state, last["at"], last["next_at"], last["reason"], *told)


def _read(line: Line | None, key: str) -> float:
    return (parse_time(line[key]) if line else None) or 0.0
