"""Filters on numbers. What is not a number counts as 0, as Liquid has it; `cast` is the strict way."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from sluice.casts import parse_number
from sluice.templates.filters.filter import ArgumentError, Filter, Function
from sluice.templates.limits import Run

MAX_DIGITS: Final = 20
"""Digits that `round` keeps or rounds off at most: integers have 19."""


def number(value: Any) -> int | float:
    """A number, or the number that a text holds, or 0."""
    if type(value) is int or type(value) is float:
        return value
    parsed = parse_number(value) if type(value) is str else None
    return 0 if parsed is None else parsed


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _arithmetic(operate: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Whole numbers stay whole; with a float on either side it is decimal arithmetic: 0.1 plus 0.2 is 0.3."""

    def apply(_run: Run, value: Any, other: Any) -> int | float:
        left, right = number(value), number(other)
        if type(left) is int and type(right) is int:
            return int(operate(left, right))
        return float(operate(_exact(left), _exact(right)))

    return apply


def divided_by(_run: Run, value: Any, other: Any) -> int | float:
    left, right = number(value), number(other)
    if right == 0:
        raise ArgumentError("divided by 0")
    return left // right if type(left) is int and type(right) is int else left / right


def modulo(_run: Run, value: Any, other: Any) -> int | float:
    left, right = number(value), number(other)
    if right == 0:
        raise ArgumentError("divided by 0")
    return left % right if type(left) is int and type(right) is int else round(left % right, 12)


def round_number(_run: Run, value: Any, digits: Any = 0) -> int | float:
    """Half away from zero, as people round. Negative digits round to tens, hundreds, …; 15 at most."""
    places = max(-MAX_DIGITS, min(MAX_DIGITS, int(number(digits))))
    exact = number(value)
    if type(exact) is int and places >= 0:
        return exact
    nearest = int(_exact(exact).scaleb(places).to_integral_value("ROUND_HALF_UP"))
    return float(Decimal(nearest).scaleb(-places)) if places > 0 else nearest * 10**-places


_FUNCTIONS: Final[Mapping[str, Function]] = {
    "plus": _arithmetic(lambda left, right: left + right),
    "minus": _arithmetic(lambda left, right: left - right),
    "times": _arithmetic(lambda left, right: left * right),
    "divided_by": divided_by,
    "modulo": modulo,
    "abs": lambda _run, value: abs(number(value)),
    "ceil": lambda _run, value: math.ceil(number(value)),
    "floor": lambda _run, value: math.floor(number(value)),
    "round": round_number,
    "at_least": lambda _run, value, other: max(number(value), number(other)),
    "at_most": lambda _run, value, other: min(number(value), number(other)),
}

FILTERS: Final[Mapping[str, Filter]] = {
    name: Filter(function, takes="any", takes_nothing=True, steps=4) for name, function in _FUNCTIONS.items()
}
