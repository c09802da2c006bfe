"""A filter with what each of its conditions said of one event, and the value that it saw."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluice.errors import MappingError
from sluice.fields import MISSING, Getter, compile_field
from sluice.filters import compile_filter
from sluice.filters.conditions import FOUND_FROM, VALUE_FROM, find_group


@dataclass(frozen=True, slots=True)
class Operand:
    """What a side of a condition is written as, and its value for the event: MISSING where there is none.

    `kind` is field, template or value (a constant); `error` says why a template has no value.
    """

    kind: str
    text: Any
    value: Any
    error: str = ""


@dataclass(frozen=True, slots=True)
class ConditionVerdict:
    """A condition and whether the event meets it; `expected` is None for operators that take no value."""

    matches: bool
    found: Operand
    op: str
    expected: Operand | None
    case_insensitive: bool


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """A group (`all`, `any`, `not`) and whether the event meets it."""

    matches: bool
    group: str
    parts: tuple["FilterVerdict", ...]


type FilterVerdict = ConditionVerdict | GroupVerdict


def explain_filter(
    spec: Mapping[str, Any], event: dict[str, Any], *, now: Callable[[], float]
) -> FilterVerdict:
    """The verdict of every part of a filter. `now` must give the same time whenever it is asked.

    Raises WorkspaceError where `spec` is not a filter.
    """
    matches = compile_filter(spec, now=now)(event)
    group = find_group(spec)
    if group:
        inner = [spec[group]] if group == "not" else spec[group]
        return GroupVerdict(matches, group, tuple(explain_filter(part, event, now=now) for part in inner))
    found_from = next(key for key in FOUND_FROM if key in spec)
    value_from = next((key for key in VALUE_FROM if key in spec), "")
    return ConditionVerdict(
        matches,
        _read_operand(found_from, spec[found_from], event),
        spec["op"],
        _read_operand(value_from.removeprefix("value_"), spec[value_from], event) if value_from else None,
        bool(spec.get("case_insensitive")),
    )


def find_decisive(verdict: FilterVerdict) -> Iterator[ConditionVerdict]:
    """The conditions that made the verdict what it is: if they were otherwise, so would the verdict be.

    Of an `all` that fails those that fail, of an `any` that fails every one, of a `not` those that made its
    inside what it is. A condition that alone decides an `all` or `any` the same way as others is one too.
    """
    if isinstance(verdict, ConditionVerdict):
        yield verdict
        return
    for part in verdict.parts:
        if verdict.group == "not" or part.matches is verdict.matches:
            yield from find_decisive(part)


def _read_operand(kind: str, text: Any, event: dict[str, Any]) -> Operand:
    if kind == "value":
        return Operand(kind, text, text)
    get = compile_field(text) if kind == "field" else _compile_template(text)
    try:
        return Operand(kind, text, get(event))
    except MappingError as error:  # to the filter it is a missing field
        return Operand(kind, text, MISSING, error.detail)


def _compile_template(text: str) -> Getter:
    from sluice.templates import compile_template  # noqa: PLC0415 - few filters need Liquid

    return compile_template(text)
