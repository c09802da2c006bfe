"""What is wrong with a workspace: where, what, and what to do about it."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from sluice.source_syntax import Place

type Fault = tuple[Place, str, str]
"""Place from where checking began, message, hint."""


@dataclass(slots=True)
class Problem:
    """One thing that is wrong: in which part of the workspace, at which place in it, and what to do."""

    part: str  # "syncs/purchases-to-crm"
    place: Place
    message: str
    hint: str = ""


def offer(word: str, known: Collection[str], what: str = "keys here are") -> str:
    """A hint that names the word that was probably meant, and all that there are."""
    if not known:
        return "there are none yet"
    listed = f"{what}: {', '.join(known)}"
    near = find_near(word, known)
    return f"did you mean {near}? {listed}" if near else listed


def find_near(word: str, known: Collection[str]) -> str:
    """The known word that is nearest to this one, "" where none is near."""
    near = get_close_matches(word[:64], known, 1) or get_close_matches(word[:64].casefold(), known, 1)
    return near[0] if near else ""
