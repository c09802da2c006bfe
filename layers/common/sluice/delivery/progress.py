"""What a run had delivered before its process died, so that the next one does not send it again.

What is delivered is safe from that once it is settled. While AWS's calls fail or are slow that takes seconds.
Then, in the first minute of a process, and while it has messages that were received before, a run notes which
items of its packs were taken before it settles them: one row a pack. Who receives the message again reads the
row, and settles these items without a call.

Nothing depends on a note. Without it items are sent again, which the guarantee "at least once" allows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sluice.delivery.copies import name_key
from sluice.delivery.pack_work import PackWork, spread

KIND = "done"
SLOW_SECONDS = 0.2  # a run that settles within this time repeats hardly anything
CALM_SECONDS = 60.0  # without trouble, until AWS no longer counts as slow
LIFETIME = 86_400  # seconds that a note is kept; a message is received again within minutes


@dataclass(frozen=True, slots=True)
class Note:
    """`taken` has a bit for each place in the pack, the lowest for the first; `at` is epoch seconds."""

    taken: int
    at: float


class Notes(Protocol):
    """Notes by key. What the table does not take or does not know is left out, without an error."""

    def write(self, notes: Mapping[str, Note], *, expires: int) -> None: ...

    def read(self, keys: Sequence[str]) -> dict[str, Note]: ...


class Progress:
    """The notes of one sync; kept by the container, which knows whether AWS was slow a moment ago."""

    def __init__(self, sync: str, notes: Notes, now: Callable[[], float]) -> None:
        self._sync, self._notes, self._now = sync, notes, now
        self._slow_until = 0.0
        self._notes_until = now() + CALM_SECONDS  # a new process may follow one that was killed

    @property
    def is_slow(self) -> bool:
        """Whether AWS was slow, or refused something, in the last minute."""
        return self._now() < self._slow_until

    def judge(self, seconds: float, *, trouble: bool) -> None:
        """How long AWS took to settle, and whether it refused something."""
        if trouble or seconds > SLOW_SECONDS:
            self._slow_until = self._now() + CALM_SECONDS

    def note(self, works: Iterable[PackWork]) -> None:
        """Notes what was taken, while settling is slow."""
        now = self._now()
        if now >= max(self._slow_until, self._notes_until):
            return
        taken = {self._key(work): _find_taken(work) for work in works}
        notes = {key: Note(places, now) for key, places in taken.items() if places}
        if notes:
            self._notes.write(notes, expires=int(now) + LIFETIME)

    def recall(self, works: Iterable[PackWork]) -> None:
        """Moves what an earlier run delivered from the packs' items to `known`."""
        again = {
            self._key(work): work for work in works if work.message.receive_count > 1 or work.message.held
        }
        if not again:
            return
        self._slow_until = self._now() + CALM_SECONDS  # somebody died with them, or AWS refused something
        for key, note in self._notes.read(list(again)).items():
            work = again[key]
            places = {id(item): place for place, item in enumerate(work.received)}
            known = [item for item in work.pack.items if note.taken >> places[id(item)] & 1]
            if known:
                found = {id(item) for item in known}
                work.pack.items = [item for item in work.pack.items if id(item) not in found]
                work.known.append((note.at, known))

    def _key(self, work: PackWork) -> str:
        """By the pack alone: what AWS errors held up comes as another message with the same pack."""
        return name_key(KIND, self._sync, replace(work.message, held=None))


def _find_taken(work: PackWork) -> int:
    """The places of the items that were taken, in this run or in one before, as bits."""
    taken = {id(item) for outcome in work.outcomes for item in spread(outcome.request, outcome.verdict)[0]}
    taken |= {id(item) for _, items in work.known for item in items}
    return sum(1 << place for place, item in enumerate(work.received) if id(item) in taken)
