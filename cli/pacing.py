"""So many a second, and a bar that shows how far it is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.local.progress import errors

type Advance = Callable[[int], None]


@dataclass(slots=True)
class Pacer:
    """Keeps to `rate` a second, counted from the first; 0 is as fast as it goes."""

    rate: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _started: float | None = field(default=None, init=False)
    _done: int = field(default=0, init=False)

    def wait(self, count: int) -> None:
        """To be called after `count` were done: returns when the next one may begin."""
        if not self.rate:
            return
        if self._started is None:
            self._started = self.clock()
        self._done += count
        ahead = self._done / self.rate - (self.clock() - self._started)
        if ahead > 0:
            self.sleep(ahead)

    def limit(self, most: int) -> int:
        """How many to do at once, at most `most`, so that the rate holds for every second."""
        return min(most, max(1, int(self.rate))) if self.rate else most


@contextmanager
def show_bar(doing: str, total: int) -> Iterator[Advance]:
    """A bar on standard error, at a terminal; the function it gives moves the bar on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda count: progress.advance(task, count)
