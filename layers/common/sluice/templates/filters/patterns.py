"""Filters with regular expressions: RE2, so linear in the text. Patterns are literals, compiled at load.

Searching again behind every match is quadratic at worst, even with RE2; each match pays for what is left.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import re2

from sluice.errors import MappingError
from sluice.templates.filters.filter import SLOW, Filter, Function
from sluice.templates.limits import MAX_TEXT, Run, too_long

MAX_PATTERN: Final = 500
"""Characters of a pattern."""

MAX_PROGRAM: Final = 1_000
"""Instructions of the compiled pattern: `(a{100}){100}` is short to write and long to run."""

MAX_SEARCHED: Final = 8_192
"""Characters of a text that a pattern is run on."""

MEMORY: Final = 1 << 20
"""Bytes that RE2 may use for a pattern."""

_REFERENCE = re.compile(r"\\(\d)")


def compile_pattern(pattern: str, flags: str = "") -> Any:
    """RE2's compiled pattern; flags are of `i`, `m`, `s`. Raises ValueError where it is none or too large."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern is longer than {MAX_PATTERN} characters")
    if not set(flags) <= set("ims"):
        raise ValueError(f"flags are i, m and s, not {flags!r}")
    options = re2.Options()
    options.max_mem, options.log_errors = MEMORY, False
    try:
        compiled = re2.compile(f"(?{flags}){pattern}" if flags else pattern, options=options)
    except re2.error as error:
        detail = error.args[0]
        reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        raise ValueError(f"the pattern is not one of RE2: {reason}") from error
    if compiled.programsize > MAX_PROGRAM:
        raise ValueError("the pattern is too large: fewer or smaller repetitions")
    return compiled


def build_regex_replace(pattern: str, replacement: str = "", flags: str = "") -> Function:
    r"""Every match replaced; `\1` to `\9` are its groups, `\0` all of it."""
    compiled = compile_pattern(pattern, flags)
    pieces = _REFERENCE.split(replacement)
    if any(int(group) > compiled.groups for group in pieces[1::2]):
        raise ValueError(f"the pattern has {compiled.groups} groups only")
    plain = len(pieces) == 1

    def regex_replace(run: Run, text: str) -> str:
        out: list[str] = []
        end = made = 0
        for match in compiled.finditer(_check_searched(text)):
            run.spend(8 + ((len(text) - end) >> 7))
            new = replacement if plain else _expand(pieces, match)
            made += match.start() - end + len(new)
            if made > MAX_TEXT:
                raise too_long()
            out += text[end : match.start()], new
            end = match.end()
        return "".join([*out, text[end:]]) if out else text

    return regex_replace


def build_regex_test(pattern: str, flags: str = "") -> Function:
    """Whether the pattern matches anywhere; false for nothing."""
    compiled = compile_pattern(pattern, flags)
    return lambda _run, text: compiled.search(_check_searched(text)) is not None


def build_regex_extract(pattern: str, flags: str = "") -> Function:
    """The first match: its first group, or all of it where there is no group; nothing without a match."""
    compiled = compile_pattern(pattern, flags)
    group = 1 if compiled.groups else 0

    def regex_extract(_run: Run, text: str) -> str | None:
        match = compiled.search(_check_searched(text))
        return None if match is None else match.group(group)

    return regex_extract


def _expand(pieces: list[str], match: Any) -> str:
    return "".join(
        (match.group(int(piece)) or "") if index % 2 else piece for index, piece in enumerate(pieces)
    )


def _check_searched(text: str) -> str:
    if len(text) > MAX_SEARCHED:
        raise MappingError(f"a pattern is run on a text longer than {MAX_SEARCHED:,} characters")
    return text


FILTERS: Final[Mapping[str, Filter]] = {
    "regex_replace": Filter(build_regex_replace, build=True, steps=8, characters_a_step=SLOW),
    "regex_test": Filter(build_regex_test, build=True, takes_nothing=True, steps=8, characters_a_step=SLOW),
    "regex_extract": Filter(build_regex_extract, build=True, steps=8, characters_a_step=SLOW),
}
