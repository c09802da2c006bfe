"""What a filter is: a function of a run, a value and arguments, with what it reads and what that costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sluice.templates.limits import CHARACTERS_A_STEP

type Function = Callable[..., Any]


class ArgumentError(ValueError):
    """A value or an argument that a filter cannot use. The message is in plain words: users see it."""


@dataclass(frozen=True)
class Filter:
    """One filter of the registry.

    `takes` says how the value is seen: `text` written out, `list` as a flat list, `any` as it is. A filter
    that is given nothing gives nothing, unless it `takes_nothing`. A `build` function takes literals only and
    returns the filter: its arguments are checked and prepared once, at load.
    """

    function: Function
    takes: Literal["text", "list", "any"] = "text"
    takes_nothing: bool = False
    build: bool = False
    check: Callable[[list[Any]], None] | None = (
        None  # raises ValueError for literals (None: no literal) at load
    )
    steps: int = 1
    characters_a_step: int = CHARACTERS_A_STEP  # as a power of two
    deep: bool = False  # looks into the items of a list


SLOW: Final = 3
"""Eight characters a step: for filters that look at every character in Python or rewrite most."""
