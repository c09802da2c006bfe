"""Reasons on the command line: a word that no letter ever has is a slip, not a choice of nothing."""

from collections.abc import Iterable
from difflib import get_close_matches

from cli.stack import CommandError
from sluice.reasons import Reason


def read_reasons(words: Iterable[str]) -> tuple[str, ...]:
    """The words, if all are reasons. Raises CommandError."""
    known = [reason.value for reason in Reason]
    for word in words:
        if word not in known:
            near = get_close_matches(word, known, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "docs/operations.md lists the reasons"
            raise CommandError(f"there is no reason {word!r}", hint)
    return tuple(words)
