r"""Field references: how an operator names a field of an event (seed 001, "Referencing fields").

Dots part the names, a backslash escapes a dot or a backslash inside a name, spaces need nothing:
`foo \. bar.baz` is the field `baz` in the field `foo . bar`. A number is an index where it meets a list, and
`products[0]` is `products.0`; a name that ends so is written `products\[0]`.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from sluice.errors import WorkspaceError


class _Missing:
    """The one value that no event holds: a field that is not there (null is there)."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()

type Getter = Callable[[Any], Any]


# A name with its escapes, as few characters as leave only indexes behind: an escaped bracket opens none.
_PART = re.compile(r"((?:\\.|[^\\])+?)((?:\[[0-9]{1,9}\])*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_INDEX = re.compile(r"\[(?=[0-9]{1,9}\])")


def parse_field(reference: str) -> tuple[str, ...]:
    r"""The names on the way to a field. Raises WorkspaceError for an empty name or a stray backslash."""
    names: list[str] = []
    for part in _split(reference):
        match = _PART.fullmatch(part)
        if match is None:
            raise WorkspaceError(
                f"field reference {reference!r} has an empty name", hint="separate names by one dot"
            )
        names.append(_ESCAPED.sub(r"\1", match[1]))
        names += match[2][1:-1].split("][") if match[2] else []
    return tuple(names)


def read_reference(reference: str) -> tuple[str, ...]:
    """As `parse_field`, of what an operator wrote: raises WorkspaceError for Liquid too."""
    if "{{" in reference:
        raise WorkspaceError(
            f"{reference!r} is Liquid and no field reference",
            hint="write `template` (`value_template`) for it",
        )
    return parse_field(reference)


def _split(reference: str) -> list[str]:
    """The parts between unescaped dots, escapes as they are."""
    parts, rest = [""], iter(reference)
    for char in rest:
        if char == ".":
            parts.append("")
            continue
        parts[-1] += char
        if char == "\\":
            escaped = next(rest, "")
            if escaped not in {".", "\\", "["}:
                raise WorkspaceError(
                    f"field reference {reference!r}: a backslash stands before a dot, a backslash, a [ only",
                    hint="write \\\\ for a backslash in a name",
                )
            parts[-1] += escaped
    return parts


def format_field(names: tuple[str, ...]) -> str:
    """The reference that `parse_field` reads as `names`."""
    return ".".join(_INDEX.sub(r"\\[", name.replace("\\", "\\\\").replace(".", "\\.")) for name in names)


def compile_field(reference: str) -> Getter:
    """A function from an event to the field's value, or MISSING. Never raises, never changes the event."""
    names = parse_field(reference)
    if len(names) == 1:
        return _one(names[0])
    if len(names) == 2:
        return _two(*names)
    return _many(names)


def _one(name: str) -> Getter:
    def get(event: Any) -> Any:
        return event.get(name, MISSING) if type(event) is dict else step(event, name)

    return get


def _two(outer: str, inner: str) -> Getter:
    def get(event: Any) -> Any:
        value = event.get(outer) if type(event) is dict else step(event, outer)
        return value.get(inner, MISSING) if type(value) is dict else step(value, inner)

    return get


def _many(names: tuple[str, ...]) -> Getter:
    def get(event: Any) -> Any:
        value = event
        for name in names:
            value = value.get(name, MISSING) if type(value) is dict else step(value, name)
        return value

    return get


def step(value: Any, name: str) -> Any:
    """The field `name` of a value, its item where it is a list, or MISSING."""
    if type(value) is dict:
        return value.get(name, MISSING)
    if (
        type(value) is list
        and name.isascii()
        and name.isdigit()
        and len(name) < 10
        and int(name) < len(value)
    ):
        return value[int(name)]
    return MISSING
