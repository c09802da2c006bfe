"""Filters: whether an event is sent as an event type. Compiled once to closures, then run per event.

A filter is a condition `{field, op, value}` or a group `{all: […]}` / `{any: […]}` of filters.
A field that is missing equals nothing and is in no list; null is a value like any other.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sluice.errors import WorkspaceError
from sluice.fields import MISSING, Getter, compile_field

type Test = Callable[[Any], bool]


def compile_filter(spec: Mapping[str, Any] | None) -> Test:
    """A function from an event to whether it matches; None matches everything. Raises WorkspaceError."""
    if spec is None:
        return _always
    if "all" in spec:
        return _all([compile_filter(part) for part in spec["all"]])
    if "any" in spec:
        return _any([compile_filter(part) for part in spec["any"]])
    if "field" not in spec or spec.get("op") not in OPERATORS:
        raise WorkspaceError(
            f"filter {dict(spec)!r} is no condition",
            hint=f"a condition has field, op ({', '.join(OPERATORS)}) and value; a group is all or any",
        )
    return OPERATORS[spec["op"]](compile_field(spec["field"]), spec.get("value"))


def _always(_event: Any) -> bool:
    return True


def _all(tests: Sequence[Test]) -> Test:
    def test(event: Any) -> bool:
        for part in tests:  # noqa: SIM110 - a loop is a third faster than all() over a generator
            if not part(event):
                return False
        return True

    return test


def _any(tests: Sequence[Test]) -> Test:
    def test(event: Any) -> bool:
        for part in tests:  # noqa: SIM110
            if part(event):
                return True
        return False

    return test


def _equals(get: Getter, value: Any) -> Test:
    if type(value) is str:
        return lambda event: bool(get(event) == value)
    return lambda event: same(get(event), value)


def _not_equals(get: Getter, value: Any) -> Test:
    return lambda event: not same(get(event), value)


def _in(get: Getter, values: Any) -> Test:
    if all(type(value) is str for value in values):
        texts = frozenset(values)

        def test(event: Any) -> bool:
            found = get(event)
            return type(found) is str and found in texts

        return test
    return lambda event: any(same(get(event), value) for value in values)


def _exists(get: Getter, _value: Any) -> Test:
    return lambda event: get(event) is not MISSING


def same(found: Any, value: Any) -> bool:
    """JSON equality, inside lists and objects too: true is not 1, 1 is 1.0, missing equals nothing."""
    if type(found) is bool or type(value) is bool:
        return found is value
    if found != value:
        return False
    if type(found) is dict:
        return all(same(inner, value[name]) for name, inner in found.items())
    if type(found) is list:
        return all(map(same, found, value))
    return True


OPERATORS: dict[str, Callable[[Getter, Any], Test]] = {
    "equals": _equals,
    "not_equals": _not_equals,
    "in": _in,
    "exists": _exists,
}
