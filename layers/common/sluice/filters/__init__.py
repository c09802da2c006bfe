"""Filters: whether an event is sent as an event type (seed 001, "Event filters").

A filter is a condition `{field | template, op, value | value_field | value_template}` or a group:
`{all: […]}`, `{any: […]}`, `{not: …}`. It is compiled once, to one Python expression (`expression.py`), and
run per event. What every operator says of a missing field, null and values of other types is one table in
docs/syncs.md, which the tests read.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sluice.filters.expression import compile_expression

type Test = Callable[[dict[str, Any]], bool]


def _no_clock() -> float:
    raise RuntimeError("a filter with `within` was compiled without a clock")


def compile_filter(spec: Mapping[str, Any] | None, *, now: Callable[[], float] = _no_clock) -> Test:
    """A function from an event, a JSON object, to whether it matches; None matches everything.

    The function never raises and never changes the event: a template that cannot be rendered is a missing
    field. `now` gives epoch seconds; only `within` asks it, and only while it runs. Raises WorkspaceError.
    """
    return _always if spec is None else compile_expression(spec, now)


def _always(_event: dict[str, Any]) -> bool:
    return True
