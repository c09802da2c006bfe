r"""Field references: how an operator names a field of an event (seed 001, "Referencing fields").

Dots part the names, a backslash escapes a dot or a backslash inside a name, spaces need nothing:
`foo \. bar.baz` is the field `baz` in the field `foo . bar`. A number is an index where it meets a list.
"""

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


def parse_field(reference: str) -> tuple[str, ...]:
    r"""The names on the way to a field. Raises WorkspaceError for an empty name or a stray backslash."""
    names, name, rest = [], "", iter(reference)
    for char in rest:
        if char == "\\":
            escaped = next(rest, None)
            if escaped not in {".", "\\"}:
                raise WorkspaceError(
                    f"field reference {reference!r}: a backslash stands before a dot or a backslash only",
                    hint="write \\\\ for a backslash in a name",
                )
            name += escaped
        elif char == ".":
            names.append(name)
            name = ""
        else:
            name += char
    names.append(name)
    if not all(names):
        raise WorkspaceError(
            f"field reference {reference!r} has an empty name", hint="separate names by one dot"
        )
    return tuple(names)


def format_field(names: tuple[str, ...]) -> str:
    """The reference that `parse_field` reads as `names`."""
    return ".".join(name.replace("\\", "\\\\").replace(".", "\\.") for name in names)


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
        return event.get(name, MISSING) if type(event) is dict else _step(event, name)

    return get


def _two(outer: str, inner: str) -> Getter:
    def get(event: Any) -> Any:
        value = event.get(outer) if type(event) is dict else _step(event, outer)
        return value.get(inner, MISSING) if type(value) is dict else _step(value, inner)

    return get


def _many(names: tuple[str, ...]) -> Getter:
    def get(event: Any) -> Any:
        value = event
        for name in names:
            value = value.get(name, MISSING) if type(value) is dict else _step(value, name)
        return value

    return get


def _step(value: Any, name: str) -> Any:
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
