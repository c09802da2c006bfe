"""Regular expressions for `matches`: RE2, so the time is linear in the text whatever the pattern is."""

from collections.abc import Callable
from typing import Any

from sluice.errors import WorkspaceError

LONGEST = 1000  # characters of a pattern
LARGEST_PROGRAM = 5000  # RE2's instructions; time is this many steps a character at worst
MEMORY = 1 << 20  # bytes that one pattern may use; RE2 stays linear when they are used up

type Search = Callable[[Any], bool]


def compile_pattern(pattern: str, *, case_insensitive: bool) -> Search:
    """Whether the pattern is found anywhere in a text; False for what is not text. Raises WorkspaceError."""
    import re2  # noqa: PLC0415 - a workspace without patterns starts without it

    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False  # it would write to standard error on its own
    options.never_capture = True
    options.case_sensitive = not case_insensitive
    if len(pattern) > LONGEST:
        raise WorkspaceError(
            f"matches: the pattern has {len(pattern):,} characters", hint=f"at most {LONGEST:,}"
        )
    try:
        compiled = re2.compile(pattern.encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else "it is not text"
        raise WorkspaceError(
            f"matches: {pattern!r} is not an RE2 pattern: {reason}",
            hint="RE2 has no look-around and no back-references",
        ) from error
    if compiled.programsize > LARGEST_PROGRAM:
        raise WorkspaceError(
            f"matches: {pattern!r} is too large a pattern ({compiled.programsize:,} steps)",
            hint=f"at most {LARGEST_PROGRAM:,}: use fewer or smaller repetitions {{n}}",
        )

    search = compiled.search

    def is_found(text: Any) -> bool:
        # As bytes: RE2 would otherwise count characters for a position that nobody asks for.
        return type(text) is str and search(text.encode("utf-8", "surrogatepass")) is not None

    return is_found
