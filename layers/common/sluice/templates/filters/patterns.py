"""Filters with regular expressions: RE2, so linear in the text. Patterns are literals, compiled at load.

Linear is not cheap: at worst RE2 takes each byte of the text through every instruction of the pattern, and
searching again behind every match is quadratic even so. So a search pays for the text it may look at times
the size of the pattern.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import re2

from sluice.errors import MappingError
from sluice.templates.filters.filter import Filter, Function
from sluice.templates.limits import MAX_TEXT, Run, too_long

MAX_PATTERN: Final = 500
"""Characters of a pattern."""

MAX_PROGRAM: Final = 2_500
"""Instructions of the compiled pattern: `(a{100}){100}` is short to write, long to run. `\\pL` has 1,200."""

SMALL_PROGRAM: Final = 17
"""Instructions of a pattern whose states RE2 always has room for: it reads some hundred bytes in a step."""

A_BYTE: Final = 24
"""What a byte costs besides the instructions, in instructions, where RE2 has to build a state for it."""

MAX_SEARCHED: Final = 8_192
"""Characters of a text that a pattern is run on."""

MEMORY: Final = 8 << 20
"""Bytes that RE2 may use for a pattern. Few patterns need more than some kilobytes."""

_REFERENCE = re.compile(r"\\(\d)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern with what it costs."""

    compiled: Any
    groups: int
    weight: int  # what a byte costs at worst, in 128ths of a step
    small: bool

    def pay_for_text(self, run: Run, text: str) -> int:
        """Pay for looking through a text once. How many bytes it has."""
        if len(text) > MAX_SEARCHED:
            raise MappingError(f"a pattern is run on a text longer than {MAX_SEARCHED:,} characters")
        size = len(text if text.isascii() else text.encode())
        run.spend(size * self.weight >> 7)
        return size

    def pay_for_match(self, run: Run, size: int) -> None:
        """Pay for a match, behind which `size` bytes are left to look through again."""
        run.spend(8 + (size >> 7 if self.small else size * self.weight >> 7))


def compile_pattern(pattern: str, flags: str = "", *, never_capture: bool = False) -> Pattern:
    """The compiled pattern; flags are of `i`, `m`, `s`. Raises ValueError if it is invalid or too large."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern is longer than {MAX_PATTERN} characters")
    if not set(flags) <= set("ims"):
        raise ValueError(f"flags are i, m and s, not {flags!r}")
    options = re2.Options()
    options.max_mem, options.log_errors, options.never_capture = MEMORY, False, never_capture
    try:
        compiled = re2.compile(f"(?{flags}){pattern}" if flags else pattern, options=options)
    except re2.error as error:
        detail = error.args[0]
        reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        raise ValueError(f"the pattern is not one of RE2: {reason}") from error
    size, groups = compiled.programsize, compiled.groups
    if size > MAX_PROGRAM:
        raise ValueError("the pattern is too large: fewer or smaller repetitions, fewer classes like \\pL")
    return Pattern(compiled, groups, A_BYTE + size + 2 * groups, size <= SMALL_PROGRAM)


def build_regex_replace(pattern: str, replacement: str = "", flags: str = "") -> Function:
    r"""Every match replaced; `\1` to `\9` are its groups, `\0` all of it."""
    found = compile_pattern(pattern, flags)
    pieces = _REFERENCE.split(replacement)
    if any(int(group) > found.groups for group in pieces[1::2]):
        raise ValueError(f"the pattern has {found.groups} groups only")
    plain = len(pieces) == 1

    def regex_replace(run: Run, text: str) -> str:
        out: list[str] = []
        end = made = 0
        size = found.pay_for_text(run, text)
        for match in found.compiled.finditer(text):
            found.pay_for_match(run, size * (len(text) - end) // (len(text) or 1))
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
    found = compile_pattern(pattern, flags, never_capture=True)

    def regex_test(run: Run, text: str) -> bool:
        found.pay_for_text(run, text)
        return found.compiled.search(text) is not None

    return regex_test


def build_regex_extract(pattern: str, flags: str = "") -> Function:
    """The first match: its first group, or all of it where there is no group; nothing without a match."""
    found = compile_pattern(pattern, flags)
    group = 1 if found.groups else 0

    def regex_extract(run: Run, text: str) -> str | None:
        found.pay_for_text(run, text)
        match = found.compiled.search(text)
        return None if match is None else match.group(group)

    return regex_extract


def _expand(pieces: list[str], match: Any) -> str:
    return "".join(
        (match.group(int(piece)) or "") if index % 2 else piece for index, piece in enumerate(pieces)
    )


FILTERS: Final[Mapping[str, Filter]] = {
    "regex_replace": Filter(build_regex_replace, build=True, steps=8),
    "regex_test": Filter(build_regex_test, build=True, takes_nothing=True, steps=8),
    "regex_extract": Filter(build_regex_extract, build=True, steps=8),
}
