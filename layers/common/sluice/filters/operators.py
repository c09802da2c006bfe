"""The operators of conditions: what each holds of a field's value, and which values it can be given.

A predicate takes the field's value (MISSING where there is none) and the condition's value as its `read` made
it. It says False of everything it is not meant for; an operator with `not_` says the opposite of its pair.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args

from sluice.errors import WorkspaceError
from sluice.fields import MISSING
from sluice.filters.equality import same
from sluice.filters.readers import NUMBERS, read_epoch, read_list, read_number, read_span, read_text
from sluice.times import read_time

type OperatorName = Literal[
    "equals",
    "not_equals",
    "in",
    "not_in",
    "greater_than",
    "greater_or_equal",
    "less_than",
    "less_or_equal",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "matches",
    "exists",
    "not_exists",
    "is_true",
    "is_false",
    "before",
    "after",
    "within",
]
NAMES: Final[tuple[str, ...]] = get_args(OperatorName.__value__)


@dataclass(frozen=True, slots=True)
class Operator:
    """`holds(found, value)`; `read` makes its value of the operator's, or MISSING where it is not one.

    `inline` says the same of a value of type `inlines` as an expression of {found} and {value}, for speed.
    """

    holds: Callable[[Any, Any], bool]
    needs: str = "a value"
    read: Callable[[Any], Any] = lambda value: value
    takes_value: bool = True
    is_static: bool = False
    ignores_case: bool = False
    inline: str = ""
    inlines: frozenset[type] = frozenset()
    negated: bool = False


def is_in(found: Any, values: Any) -> bool:
    if type(values) is frozenset:
        return type(found) is str and found in values
    return values is not MISSING and any(same(found, value) for value in values)


def contains(found: Any, value: Any) -> bool:
    """Text in a text, or a member of a list."""
    if type(found) is str:
        return type(value) is str and value in found
    return type(found) is list and any(same(item, value) for item in found)


def is_before(found: Any, epoch: Any) -> bool:
    moment = read_time(found)
    return moment is not None and epoch is not MISSING and moment < epoch


def is_after(found: Any, epoch: Any) -> bool:
    moment = read_time(found)
    return moment is not None and epoch is not MISSING and moment > epoch


def is_within(found: Any, bounds: Any) -> bool:
    """Whether a time lies from `bounds()[0]` to `bounds()[1]`, both included."""
    moment = read_time(found)
    if moment is None:
        return False
    first, last = bounds()
    return bool(first <= moment <= last)


def _comparison(sign: str, compare: Callable[[Any, Any], bool]) -> Operator:
    return Operator(
        lambda found, value: type(found) in NUMBERS and value is not MISSING and compare(found, value),
        needs="a number",
        read=read_number,
        inline=f"(type(f := {{found}}) in NUMBERS and f {sign} {{value}})",
        inlines=NUMBERS,
    )


def _text(method: str, holds: Callable[[str, str], bool]) -> Operator:
    return Operator(
        lambda found, value: type(found) is str and value is not MISSING and holds(found, value),
        needs="a text",
        read=read_text,
        ignores_case=True,
        inline=f"(type(f := {{found}}) is str and f.{method}({{value}}))",
        inlines=frozenset({str}),
    )


def _equals(*, negated: bool) -> Operator:
    texts = frozenset({str})
    return Operator(same, ignores_case=True, inline="({found} == {value})", inlines=texts, negated=negated)


def _in(*, negated: bool) -> Operator:
    inline = "(type(f := {found}) is str and f in {value})"
    return Operator(
        is_in,
        needs="a list",
        read=read_list,
        ignores_case=True,
        inline=inline,
        inlines=frozenset({frozenset}),
        negated=negated,
    )


def _contains(*, negated: bool) -> Operator:
    inline = "({value} in f if type(f := {found}) is str else {holds}(f, {value}))"
    texts = frozenset({str})
    return Operator(contains, ignores_case=True, inline=inline, inlines=texts, negated=negated)


def _state(holds: Callable[[Any, Any], bool], inline: str) -> Operator:
    return Operator(holds, takes_value=False, inline=inline, inlines=frozenset({type(None)}))


OPERATORS: Final[dict[str, Operator]] = {
    "equals": _equals(negated=False),
    "not_equals": _equals(negated=True),
    "in": _in(negated=False),
    "not_in": _in(negated=True),
    "greater_than": _comparison(">", lambda found, value: found > value),
    "greater_or_equal": _comparison(">=", lambda found, value: found >= value),
    "less_than": _comparison("<", lambda found, value: found < value),
    "less_or_equal": _comparison("<=", lambda found, value: found <= value),
    "contains": _contains(negated=False),
    "not_contains": _contains(negated=True),
    "starts_with": _text("startswith", str.startswith),
    "ends_with": _text("endswith", str.endswith),
    "matches": Operator(
        lambda found, is_found: is_found(found),
        needs="a pattern",
        read=read_text,
        is_static=True,
        ignores_case=True,
    ),
    "exists": _state(lambda found, _: found is not MISSING, "({found} is not MISSING)"),
    "not_exists": _state(lambda found, _: found is MISSING, "({found} is MISSING)"),
    "is_true": _state(lambda found, _: found is True, "({found} is True)"),
    "is_false": _state(lambda found, _: found is False, "({found} is False)"),
    "before": Operator(is_before, needs="a time", read=read_epoch),
    "after": Operator(is_after, needs="a time", read=read_epoch),
    "within": Operator(
        is_within, needs="a number with s, m, h, d or w, such as 7d or +7d", read=read_span, is_static=True
    ),
}


def find_operator(name: object) -> Operator:
    """Raises WorkspaceError, with the nearest name, where there is none of this name."""
    if type(name) is str and name in OPERATORS:
        return OPERATORS[name]
    near = find_near_operator(name)
    hint = f"did you mean {near}?" if near else f"operators: {', '.join(NAMES)}"
    raise WorkspaceError(f"there is no operator {name!r:.64}", hint=hint)


def find_near_operator(name: object) -> str:
    """The operator's name that is nearest to this one, "" where none is near."""
    near = get_close_matches(name[:64].casefold(), NAMES, 1) if isinstance(name, str) else []
    return near[0] if near else ""
