"""Expressions to closures: `row['properties'].price | cast: 'number'` becomes one function of a run."""

import math
import re
from collections.abc import Callable
from typing import Any

from liquid import Token
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Nil, Path, StringLiteral
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import (
    Blank,
    Empty,
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    RangeLiteral,
    TrueLiteral,
)
from liquid.expression import Expression

from sluice.casts import MAX_INTEGER, parse_number
from sluice.templates.calls import compile_call
from sluice.templates.data import BLANK, EMPTY, contains, equal, has_order, less, look_up, truthy
from sluice.templates.environment import at_place, at_token
from sluice.templates.limits import MAX_ITEMS, MAX_OPERATORS, Run, too_many
from sluice.templates.scope import ROOTS, Scope, counter_key

type Value = Callable[[Run], Any]

# All of a path, and a dot behind it that python-liquid passes over: `row.`, `row.list.-1`. Two are a range's.
_DANGLING = re.compile(
    r"""[\w-]++\??+(?:\s*+\.\s*+(?!-)[\w-]++\??+|\s*+\.?+\s*+\[(?:'[^']*+'|"[^"]*+"|[^]['"]++)*+\])*+\s*+(\.)(?!\.)"""
)

_CONSTANTS: dict[type, Any] = {TrueLiteral: True, FalseLiteral: False, Nil: None, Empty: EMPTY, Blank: BLANK}


def compile_expression(expression: Expression, scope: Scope, depth: int = 0) -> Value:
    """A function from a run to the expression's value. Raises WorkspaceError for names nobody set."""
    if depth > MAX_OPERATORS:
        raise at_token(
            expression.token, f"an expression has more than {MAX_OPERATORS} parts within one another"
        )
    scope.weight += 1
    match expression:
        case FilteredExpression(left=left, filters=filters):
            value = compile_expression(left, scope, depth + 1)
            for call in filters or ():
                arguments = [
                    (getattr(argument, "name", None), compile_expression(argument.value, scope, depth + 1))
                    for argument in call.args
                ]
                scope.weight += 1
                literals = [literal_of(argument.value) for argument in call.args]
                value = compile_call(call.token, value, arguments, literals)
            return value
        case Path(path=segments):
            return _compile_path(expression.token, segments, scope, depth)
        case StringLiteral(value=text):
            return lambda _run: text
        case IntegerLiteral() | FloatLiteral():
            number = literal_of(expression)
            if not (math.isfinite(number) if type(number) is float else -MAX_INTEGER <= number < MAX_INTEGER):
                raise at_token(expression.token, "the number is too large (integers have 64 bits)")
            return lambda _run: number
        case RangeLiteral(start=start, stop=stop):
            return _compile_range(
                compile_expression(start, scope, depth + 1), compile_expression(stop, scope, depth + 1)
            )
        case BooleanExpression(expression=inner):
            condition = compile_expression(inner, scope, depth)
            return lambda run: truthy(condition(run))
        case _ if type(expression) in _CONSTANTS:
            constant = _CONSTANTS[type(expression)]
            return lambda _run: constant
    one, other = getattr(expression, "left", None), getattr(expression, "right", None)
    if one is None or other is None:
        raise at_token(expression.token, "this kind of expression is not supported")
    return _compile_operator(
        expression, compile_expression(one, scope, depth + 1), compile_expression(other, scope, depth + 1)
    )


def literal_of(expression: Expression) -> Any:
    """The value of a literal; None for anything else (and for nil)."""
    if isinstance(expression, StringLiteral | IntegerLiteral | FloatLiteral):
        return expression.value
    return _CONSTANTS.get(type(expression))


def _compile_operator(expression: Expression, left: Value, right: Value) -> Value:
    match expression:
        case LogicalAndExpression():
            return lambda run: truthy(left(run)) and truthy(right(run))
        case LogicalOrExpression():
            return lambda run: truthy(left(run)) or truthy(right(run))
        case EqExpression():
            return lambda run: equal(run, left(run), right(run))
        case NeExpression():
            return lambda run: not equal(run, left(run), right(run))
        case LtExpression():
            return lambda run: less(left(run), right(run))
        case GtExpression():
            return lambda run: less(right(run), left(run))
        case LeExpression():
            return lambda run: _less_or_equal(run, left(run), right(run))
        case GeExpression():
            return lambda run: _less_or_equal(run, right(run), left(run))
        case ContainsExpression():
            return lambda run: contains(run, left(run), right(run))
    raise at_token(expression.token, "this operator is not supported")


def _less_or_equal(run: Run, left: Any, right: Any) -> bool:
    if not has_order(left) or not has_order(right):
        return False
    return less(left, right) or equal(run, left, right)


def _compile_range(start: Value, stop: Value) -> Value:
    def make_range(run: Run) -> range:
        first, last = _whole(start(run)), _whole(stop(run))
        if last - first >= MAX_ITEMS:
            raise too_many()
        return range(first, last + 1)

    return make_range


def _whole(value: Any) -> int:
    number = parse_number(value) if type(value) is str else value
    if type(number) is int:
        return number
    return int(number) if type(number) is float and abs(number) < MAX_INTEGER else 0


def _compile_path(token: Token, segments: list[Any], scope: Scope, depth: int) -> Value:
    head, rest = segments[0], segments[1:]
    if dangling := _DANGLING.match(token.source, token.start_index):
        raise at_place(token.source, dangling.start(1), 1, "no name follows this dot")
    if not isinstance(head, str):
        raise at_token(token, "a path begins with a name", "the event is row: row['properties']")
    key = scope.find(head)
    if key is None and head not in ROOTS:
        raise at_token(token, f"nothing is called {head!r}", f"the event is row: row.{head}")
    root = _compile_root(key, head, scope)
    if any(isinstance(segment, Path) for segment in rest):
        return _compile_computed(root, rest, scope, depth)
    plain = all(type(segment) is str and segment not in {"size", "first", "last"} for segment in rest)
    return _fields_of_row(rest) if key is None and head == "row" and rest and plain else _steps(root, rest)


def _compile_root(key: str | None, head: str, scope: Scope) -> Value:
    """What a path's first name stands for. A name that was not assigned may be that of a counter."""
    if key is None:
        return (lambda run: look_up(run.row, "item")) if head == "item" else lambda run: run.row
    if key in scope.counters:
        counter = counter_key(key)
        return lambda run: run.names[key] if key in run.names else run.names.get(counter)
    return lambda run: run.names.get(key)


def _fields_of_row(names: list[str]) -> Value:
    """The way most paths go: objects all the way, looked up without a call for each name."""
    if len(names) == 1:
        only = names[0]

        def get_one(run: Run) -> Any:
            row = run.row
            return row.get(only) if type(row) is dict else None

        return get_one
    if len(names) == 2:
        outer, inner = names

        def get_two(run: Run) -> Any:
            row = run.row
            value = row.get(outer) if type(row) is dict else None
            return value.get(inner) if type(value) is dict else None

        return get_two

    def get_many(run: Run) -> Any:
        value = run.row
        for name in names:
            if type(value) is not dict:
                return None
            value = value.get(name)
        return value

    return get_many


def _steps(root: Value, keys: list[Any]) -> Value:
    if not keys:
        return root

    def get(run: Run) -> Any:
        value = root(run)
        for key in keys:
            value = look_up(value, key)
        return value

    return get


def _compile_computed(root: Value, segments: list[Any], scope: Scope, depth: int) -> Value:
    """A path with a path in brackets: `row.prices[row.currency]`."""
    steps: list[Value] = []
    for segment in segments:
        if isinstance(segment, Path):
            steps.append(compile_expression(segment, scope, depth + 1))
        else:
            steps.append(_constant(segment))

    def get(run: Run) -> Any:
        value = root(run)
        for step in steps:
            name = step(run)
            value = look_up(value, name) if type(name) in {str, int} else None
        return value

    return get


def _constant(value: Any) -> Value:
    return lambda _run: value
