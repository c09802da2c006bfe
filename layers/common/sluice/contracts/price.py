"""What one schema costs each value that it looks at, in steps, without the schemas inside of it.

A step is about 25 ns of the engine's time. The prices are measured at the shortest values that cause the
work: 1,000 steps for every value of an event come to 20 ms per KB at most.
"""

import re
from collections.abc import Mapping
from typing import Any

from sluice.contracts.near_zero import is_near_zero
from sluice.contracts.shape import Schema

_ANNOTATIONS = frozenset(
    {"$comment", "$id", "$schema", "default", "definitions", "description", "example", "examples", "title"}
)
_APPLICATORS = frozenset(
    {"$ref", "allOf", "dependencies", "else", "if", "items", "patternProperties", "properties", "then"}
)
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_NUMBER = 40  # the engine compares numbers as exact fractions
_FRACTIONAL_LIMIT = 15
_NEAR_ZERO = 10_000  # refused: an event may hold it, too
_CONTAINER = 10
_INTEGER_DIVISOR, _DIVISOR, _TINY_DIVISOR = 20, 250, 10_000
_TINY = 1e-12
_UNIQUE = 160  # up to 15 items are compared each with each
_LONG_LIMIT, _LONG_DIVISOR, _LONG_UNIQUE = 200, 1_100, 5_000  # at 1e308, and at 15 fractions
_FORMAT = 10
_NAME_PATTERN = 8  # undeclared fields are found in Python, with a call for each pattern
_ATOM = r"(?:\\[dDwWsS\W]|\[\^?(?:[^\[\]\\]|\\.)+\]|[^\\\[\](){}|*+?^$])"
_FIXED = re.compile(
    rf"\^(?:{_ATOM}(?:\{{[0-9]+\}})?)*(?:{_ATOM}(?:[*+?]|\{{[0-9]+,[0-9]*\}}))?\$?", re.ASCII | re.DOTALL
)
"""An anchored regex of which only the end has a variable length: one position is tried at each byte."""
_ATOMS = re.compile(rf"{_ATOM}(?:\{{[0-9,]+\}})?", re.ASCII | re.DOTALL)
_PATTERN = 4  # to start a regex; what it does with the text is counted as its positions


def price_schema(schema: Schema) -> int:
    """The steps of its own keywords. Beside `$ref` all others are ignored."""
    if "$ref" in schema:
        return 1
    steps = 1 + len(schema.keys() - _ANNOTATIONS)
    if "const" in schema:
        steps += _price_option(schema["const"])
    steps += _price_options(schema.get("enum"))
    steps += sum(_price_limit(schema.get(word)) for word in _LIMITS)
    steps += _price_divisor(schema.get("multipleOf"))
    steps += len(_sized(schema.get("dependencies"))) + len(_sized(schema.get("required")))
    steps += min(len(_sized(schema.get("properties"))), 40)  # of more, the engine looks up the value's fields
    steps += _UNIQUE if schema.get("uniqueItems") is True else 0
    steps += _FORMAT if "format" in schema else 0
    return steps + (_PATTERN if "pattern" in schema else 0)


def price_longest(schema: Schema) -> int:
    """What the keywords cost more at a value longer than the shortest one: each byte of it costs less."""
    if "$ref" in schema:
        return 0
    steps = sum(_LONG_LIMIT for word in _LIMITS if word in schema)
    steps += _LONG_DIVISOR if "multipleOf" in schema else 0
    return steps + (_LONG_UNIQUE if schema.get("uniqueItems") is True else 0)


def price_item(schema: Schema) -> int:
    """The steps that each item costs besides those of the schemas that look at it."""
    return 1 if "contains" in schema else 0


def price_names(schema: Schema) -> tuple[int, int]:
    """Steps and positions that the name of each field costs by `patternProperties`."""
    patterns = _sized(schema.get("patternProperties"))
    return _NAME_PATTERN * len(patterns), sum(map(count_positions, patterns))


def count_errors(schema: Schema) -> int:
    """How many errors it can have at one value; an error of `enum` or `const` holds all options."""
    options = [schema[word] for word in ("enum", "const") if word in schema]
    own = len(schema.keys() - _ANNOTATIONS - _APPLICATORS) + len(_sized(schema.get("required")))
    listed = [names for names in _sized(schema.get("dependencies")).values() if isinstance(names, list)]
    return own + sum(map(len, listed)) + sum(map(count_values, options))


def count_schema_positions(schema: Schema) -> int:
    """The positions of the regex that each text is matched with."""
    pattern = schema.get("pattern")
    return count_positions(pattern) if isinstance(pattern, str) and "$ref" not in schema else 0


def count_positions(pattern: str) -> int:
    """The characters of a regex with its repetitions written out: at worst each is tried at every byte.

    Where only one is tried at each byte, repetitions count once.
    """
    if _FIXED.fullmatch(pattern):
        return len(_ATOMS.findall(pattern[1:]))
    sums, lasts, n = [0], [0], 0
    while n < len(pattern):
        char = pattern[n]
        n += 1
        if char == "(":
            sums.append(0)
            lasts.append(0)
        elif char == ")" and len(sums) > 1:
            inner = sums.pop() + lasts.pop()
            sums[-1] += lasts[-1]
            lasts[-1] = inner
        elif char == "{" and (end := pattern.find("}", n)) > 0 and (times := _read_times(pattern[n:end])):
            lasts[-1] *= times
            n = end + 1
        elif char not in "*+?|^$":
            n = _skip_atom(pattern, n, char)
            sums[-1] += lasts[-1]
            lasts[-1] = 1
    return sum(sums) + sum(lasts)


def count_values(value: Any) -> int:
    """A value and all values in it."""
    if isinstance(value, Mapping):
        return 1 + sum(map(count_values, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(count_values, value))
    return 1


def _skip_atom(pattern: str, n: int, char: str) -> int:
    """Where a character, an escape or a class that began with `char` before `n` ends."""
    if char == "\\":
        return n + 1
    if char != "[":
        return n
    depth, start = 1, n
    while n < len(pattern) and depth:
        if pattern[n] == "\\":
            n += 1
        elif pattern[n] == "[":
            depth += 1
        elif pattern[n] == "]" and n > start:
            depth -= 1
        n += 1
    return n


def _read_times(text: str) -> int:
    """The most repetitions of `{2}`, `{2,}` or `{2,5}`; 0 for other braces."""
    parts = text.split(",")
    if len(parts) > 2 or not parts[0].strip().isdecimal():
        return 0
    return max([int(part) for part in parts if part.strip().isdecimal()]) + (len(parts) > 1) or 1


def _price_options(options: Any) -> int:
    """Texts alone are looked up; others are compared one by one, integers with all other numbers."""
    if not isinstance(options, list):
        return 0
    if all(type(option) is str or option is None or type(option) is bool for option in options):
        return 1
    return sum(map(_price_option, options))


def _price_option(option: Any) -> int:
    if isinstance(option, dict | list):
        return _CONTAINER + count_values(option)
    if is_near_zero(option):
        return _NEAR_ZERO
    return _NUMBER if type(option) in (int, float) else 1


def _price_limit(limit: Any) -> int:
    if is_near_zero(limit):
        return _NEAR_ZERO
    return _FRACTIONAL_LIMIT if isinstance(limit, float) else 0


def _price_divisor(divisor: Any) -> int:
    if type(divisor) is float and not divisor.is_integer():
        return _DIVISOR if divisor > _TINY else _TINY_DIVISOR
    return 0 if divisor is None else _INTEGER_DIVISOR


def _sized(value: Any) -> Any:
    return value if isinstance(value, dict | list) else {}
