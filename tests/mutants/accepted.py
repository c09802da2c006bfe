"""Survivors that are no gap in the tests: `accepted.toml` says why."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.mutants.sample import Mutant

FILE = Path(__file__).with_name("accepted.toml")

type Reasons = Mapping[tuple[str, tuple[str, ...]], str]
"""Why, by function and changed lines."""


def read_accepted(path: Path = FILE) -> Reasons:
    entries = tomllib.loads(path.read_text()).get("mutant", [])
    return {(entry["function"], tuple(entry["change"])): entry["why"] for entry in entries}


def split_accepted(survivors: Sequence[Mutant], reasons: Reasons) -> tuple[list[Mutant], list[Mutant]]:
    """The survivors that are accepted, and the others."""
    accepted = [mutant for mutant in survivors if (mutant.function, mutant.change) in reasons]
    return accepted, [mutant for mutant in survivors if mutant not in accepted]
