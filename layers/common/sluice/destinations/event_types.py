"""What a destination declares of each event type: its fields, and the filter and mapping for who gives none.

`sluice check` reads it before a deploy, delivery checks every mapped payload against it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sluice.times import parse_time

type FieldType = Literal["any", "string", "number", "integer", "boolean", "timestamp", "object", "list"]


@dataclass(frozen=True, slots=True)
class PayloadField:
    """A field at the top of a payload: what it takes (`timestamp` is ISO 8601 text), and what it is for."""

    type: FieldType
    description: str


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event that a destination takes, with its fields by name.

    Of each group in `one_of` at least one field must be filled; the fields themselves are optional ones.
    `filter` and `mappings` are as a sync would write them. Other fields than the declared ones may be sent.
    """

    description: str = ""
    required: Mapping[str, PayloadField] = field(default_factory=dict)
    optional: Mapping[str, PayloadField] = field(default_factory=dict)
    one_of: tuple[tuple[str, ...], ...] = ()
    filter: Mapping[str, Any] | None = None
    mappings: Mapping[str, Any] | None = None

    @property
    def fields(self) -> dict[str, PayloadField]:
        return {**self.required, **self.optional}

    @property
    def needed(self) -> tuple[tuple[str, ...], ...]:
        """Groups of names of which one must be filled; a required field is a group of its own."""
        return (*((name,) for name in self.required), *self.one_of)


def is_filled(value: object) -> bool:
    """Whether a required field's value is one: not null, no blank text, no empty list or object."""
    return bool(value.strip() if isinstance(value, str) else value) or isinstance(value, int | float)


def fits(value: object, type_: FieldType) -> bool:
    """Whether a field of this type takes the value. Null says that there is none, so it always does."""
    return value is None or _TESTS[type_](value)


def name_group(names: tuple[str, ...]) -> str:
    """`'event'`, or `'userId' or 'anonymousId'`."""
    return " or ".join(repr(name) for name in names)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TESTS: dict[FieldType, Callable[[object], bool]] = {
    "any": lambda _value: True,
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "timestamp": lambda value: isinstance(value, str) and parse_time(value) is not None,
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
}
