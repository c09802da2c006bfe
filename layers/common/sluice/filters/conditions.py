"""What a condition says, checked: the operator, its operands, and its value as the operator takes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sluice.errors import WorkspaceError
from sluice.fields import MISSING
from sluice.filters.equality import fold
from sluice.filters.operators import Operator, find_operator
from sluice.filters.patterns import compile_pattern

FOUND_FROM = ("field", "template")
VALUE_FROM = ("value", "value_field", "value_template")
GROUPS = ("all", "any", "not")
KEYS = (*FOUND_FROM, "op", *VALUE_FROM, "case_insensitive", *GROUPS)

NOT_A_FILTER = "a filter is either {field or template, op, value} or {all: [...]}, {any: [...]} or {not: ...}"

type Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a constant `value` is ready for `operator.holds`."""

    operator: Operator
    found_from: str  # one of FOUND_FROM
    found: str  # the field reference, or the template's text
    value_from: str  # one of VALUE_FROM, "" where the operator takes none
    value: Any  # the constant as the operator reads it; the reference or text where the event has the value
    case_insensitive: bool


def check_node(spec: Mapping[str, Any]) -> None:
    """Raises WorkspaceError for a filter that is neither a condition nor a group; groups are not entered."""
    if not find_group(spec):
        read_condition(spec)


def find_group(spec: Mapping[str, Any]) -> str:
    """Which group a filter is, "" for a condition. Raises WorkspaceError where its shape is wrong."""
    for key in spec:
        if key not in KEYS:
            near = get_close_matches(str(key), KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"keys: {', '.join(KEYS)}"
            raise WorkspaceError(f"a filter has no key {key!r}", hint=hint)
    groups = [key for key in GROUPS if key in spec]
    if not groups:
        return ""
    if len(spec) > 1:
        raise WorkspaceError(f"{groups[0]!r} stands alone in its filter", hint="put the rest inside it")
    if type(spec[groups[0]]) is not (dict if groups == ["not"] else list):
        needs = "one filter" if groups == ["not"] else "a list of filters"
        raise WorkspaceError(f"{groups[0]!r} needs {needs}")
    return groups[0]


def read_condition(spec: Mapping[str, Any], now: Clock = lambda: 0.0) -> Condition:
    """A condition, its constant made ready; references and templates unread. Raises WorkspaceError."""
    found_from = [key for key in FOUND_FROM if key in spec]
    if "op" not in spec or len(found_from) != 1 or type(spec[found_from[0]]) is not str:
        raise WorkspaceError(NOT_A_FILTER)
    name, operator = spec["op"], find_operator(spec["op"])
    value_from = _choose_value(name, operator, spec)
    ignores_case = spec.get("case_insensitive", False)
    if type(ignores_case) is not bool or (ignores_case and not operator.ignores_case):
        raise WorkspaceError(f"{name} does not go with case_insensitive: {ignores_case!r}")
    value = spec.get(value_from)
    if value_from == "value":
        value = _read_constant(name, operator, value, ignores_case, now)
    return Condition(operator, found_from[0], spec[found_from[0]], value_from, value, ignores_case)


def _choose_value(name: str, operator: Operator, spec: Mapping[str, Any]) -> str:
    given = [key for key in VALUE_FROM if key in spec]
    if not operator.takes_value:
        if given:
            raise WorkspaceError(f"{name} takes no value")
        return ""
    if len(given) != 1:
        few = "one value only" if given else "a value"
        raise WorkspaceError(f"{name} needs {few}", hint=f"write one of {', '.join(VALUE_FROM)}")
    if given[0] != "value" and operator.is_static:
        raise WorkspaceError(f"{name} takes a constant `value` only")
    if given[0] != "value" and type(spec[given[0]]) is not str:
        raise WorkspaceError(f"{given[0]} needs a text")
    return given[0]


def _read_constant(name: str, operator: Operator, value: Any, ignores_case: bool, now: Clock) -> Any:
    read = operator.read(fold(value) if ignores_case and name != "matches" else value)
    if read is MISSING:
        raise WorkspaceError(f"{name} needs {operator.needs}, not {value!r:.64}")
    if name == "matches":
        return compile_pattern(read, case_insensitive=ignores_case)
    return _make_bounds(read, now) if name == "within" else read


def _make_bounds(span: int, now: Clock) -> Callable[[], tuple[float, float]]:
    """The last `span` seconds; those to come where it is negative."""

    def bounds() -> tuple[float, float]:
        moment = now()
        return (moment - span, moment) if span >= 0 else (moment, moment - span)

    return bounds
