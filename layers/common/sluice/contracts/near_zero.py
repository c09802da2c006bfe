"""Numbers next to zero, which would take the engine long to compare.

It compares numbers as exact fractions. That of `5e-324` has a thousand bits, so each comparison with another
number takes 20 µs in place of 1. A client may send many, so the engine gets a larger number in their place.
No schema that `sluice check` accepts can tell the two apart.
"""

from math import copysign
from typing import Any

NEAREST = 1e-20
"""The smallest number that the engine gets, and that a schema may compare with."""
_LOOKED_INTO = frozenset({float, dict, list})
_COMPARING = ("const", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def is_near_zero(value: Any) -> bool:
    """Whether a value is such a number."""
    return type(value) is float and 0 < abs(value) < NEAREST


def compares_numbers(schema: Any) -> bool:
    """Whether any schema in this one compares fractions, or a number with options."""
    if isinstance(schema, list):
        return any(map(compares_numbers, schema))
    if not isinstance(schema, dict):
        return False
    return "uniqueItems" in schema or any(
        compares_numbers(inner) or (word in _COMPARING and _has_number(inner, word))
        for word, inner in schema.items()
    )


def move_from_zero(value: Any) -> Any:
    """The value itself, or a copy in which the numbers next to zero are NEAREST, with their sign."""
    kind = type(value)
    if kind is float:
        return copysign(NEAREST, value) if 0 < abs(value) < NEAREST else value
    if kind is dict:
        moved = {
            name: other
            for name, inner in value.items()
            if type(inner) in _LOOKED_INTO and (other := move_from_zero(inner)) is not inner
        }
        return {**value, **moved} if moved else value
    if kind is list:
        items = [move_from_zero(inner) if type(inner) in _LOOKED_INTO else inner for inner in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _has_number(value: Any, word: str) -> bool:
    """An integer as a limit is compared fast with numbers of any size."""
    if type(value) is float or (type(value) is int and word in {"const", "enum"}):
        return True
    if isinstance(value, dict):
        return any(_has_number(inner, word) for inner in value.values())
    return isinstance(value, list) and any(_has_number(inner, word) for inner in value)
