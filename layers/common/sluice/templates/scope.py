"""What a name in a template means, decided when it is compiled: loop variables, assigned names, `row`."""

from dataclasses import dataclass, field
from typing import Final

ROOTS: Final = ("row", "item")
"""`row` is the event; `item` is its field of that name, which mappings with `each` set."""


@dataclass
class Loop:
    """A loop around the place being compiled: where its variable and its helper are kept while it runs."""

    variable: str
    helper: str
    key: str
    helper_used: bool = False


@dataclass
class Scope:
    """The names known so far, the loops around, and how much was compiled (the weight of a loop's body).

    `counters` are those of the assigned names that `increment` or `decrement` counts.
    """

    assigned: set[str] = field(default_factory=set)
    counters: set[str] = field(default_factory=set)
    loops: list[Loop] = field(default_factory=list)
    weight: int = 0
    made: int = 0

    def enter(self, variable: str, helper: str) -> Loop:
        """A loop begins; `leave` ends it."""
        self.made += 1
        loop = Loop(variable, helper, f"{variable} {self.made}")
        self.loops.append(loop)
        return loop

    def leave(self) -> None:
        """The innermost loop ends."""
        self.loops.pop()

    def find(self, name: str) -> str | None:
        """The key in a run's names of a variable, a loop's helper, or an assigned name."""
        for loop in reversed(self.loops):
            if name == loop.variable:
                return loop.key
            if name == loop.helper:
                loop.helper_used = True
                return f"{loop.key} {loop.helper}"
        return name if name in self.assigned else None


def counter_key(name: str) -> str:
    """The key in a run's names of a counter: `increment` leaves an assigned variable of its name alone."""
    return f"{name} counter"
