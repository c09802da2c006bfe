"""What a template may cost for one event, counted, not timed: the same event always has the same outcome.

Everything whose cost depends on data pays for it in steps before it runs: a turn of a loop by the size of
its body, a filter by the length of what it reads and makes, a comparison by what it compares. A step is about
a microsecond at worst, so a run ends within some 20 ms and 1 MB whatever the template and the event are. The
decision record on Liquid limits has the figures.
"""

from typing import Any, Final, NoReturn

from sluice.errors import MappingError
from sluice.times import find_receipt

MAX_TEMPLATE: Final = 8_192
"""Characters of a template."""

MAX_BLOCKS: Final = 20
"""Blocks (`if`, `for`, …) within one another."""

MAX_OPERATORS: Final = 60
"""`and` and `or` of one condition, and brackets within brackets."""

MAX_TEXT: Final = 65_536
"""Characters of any text: what a filter reads or makes, what a template renders."""

MAX_ITEMS: Final = 10_000
"""Items of a list or range."""

MAX_DEPTH: Final = 100
"""Lists and objects within one another that a template looks through."""

MAX_WORK: Final = 20_000
"""Steps of one run."""

CHARACTERS_A_STEP: Final = 5
"""As a power of two: 32 characters are read, or 32 bytes made, in one step."""


class Run:
    """One run of a template over one event: its variables, what it wrote, what it may still spend."""

    __slots__ = ("left", "names", "out", "row", "size")

    def __init__(self, row: Any) -> None:
        self.row = row
        self.left, self.size = MAX_WORK, 0
        self.names: dict[str, Any] = {}
        self.out: list[str] = []

    def now(self) -> float:
        """Epoch seconds of the event's `receivedAt`. Raises MappingError where it has none."""
        received = find_receipt(self.row)
        if received is None:
            raise MappingError("the event has no receivedAt, which 'now' stands for")
        return received

    def spend(self, steps: int) -> None:
        """Pay for work about to be done. Raises MappingError when the run has nothing left."""
        self.left -= steps
        if self.left < 0:
            raise MappingError(
                "the template does too much work for this event (loops, or filters on long text)"
            )

    def write(self, text: str) -> None:
        """Add to the output. Raises MappingError beyond 65,536 characters."""
        self.size += len(text)
        self.left -= 1 + (len(text) >> CHARACTERS_A_STEP)
        if self.size > MAX_TEXT or self.left < 0:
            self.refuse_output()
        self.out.append(text)

    def refuse_output(self) -> NoReturn:
        """Raises MappingError: too much work was done, else too much was written."""
        self.spend(0)
        raise too_long()

    def search(self, text: str, wanted: str) -> None:
        """Pay for looking for a text in another: at worst each character is compared with a hundred."""
        self.spend(len(text) * min(len(wanted), 100) >> 11)

    def weigh(self, value: Any, depth: int = 0) -> None:
        """Pay for looking through a whole value: a list may hold the same large thing again and again."""
        kind = type(value)
        if kind is str:
            self.left -= 1 + (len(value) >> CHARACTERS_A_STEP)
        elif kind is dict or kind is list:
            if depth >= MAX_DEPTH:
                raise MappingError(f"the value is nested deeper than {MAX_DEPTH}")
            self.spend(len(value))
            for inner in value.values() if kind is dict else value:
                self.weigh(inner, depth + 1)
        else:
            self.left -= 1
        if self.left < 0:
            self.spend(0)


def steps_to_write(text: str) -> int:
    """The steps of a text that is added to the output."""
    return 1 + (len(text) >> CHARACTERS_A_STEP)


def steps_to_make(text: str) -> int:
    """The steps of a text by its bytes: characters beyond Latin take two or four."""
    return (len(text) if text.isascii() else text.__sizeof__()) >> CHARACTERS_A_STEP


def check_text(text: str) -> str:
    """The text. Raises MappingError where it is too long for a template."""
    if len(text) > MAX_TEXT:
        raise too_long()
    return text


def too_long() -> MappingError:
    """The error of a text beyond the limit."""
    return MappingError(f"a text in the template is longer than {MAX_TEXT:,} characters")


def too_many() -> MappingError:
    """The error of a list beyond the limit."""
    return MappingError(f"a list in the template has more than {MAX_ITEMS:,} items")
