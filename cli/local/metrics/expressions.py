"""Metric math as far as the template's alarms use it, one period at a time.

CloudWatch computes over whole time series. Everything here works element by element, so a value for each
period gives the same. None is a missing value: what is computed from it is missing too, unless FILL
replaces it.
"""

import ast
import operator
from collections.abc import Callable, Mapping

type Values = Mapping[str, float | None]
type Expression = Callable[[Values], float | None]

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class UnknownSyntax(ValueError):
    """An expression that is more than this understands."""


def compile_expression(text: str) -> Expression:
    """A function from the metrics' values by id to the expression's. Raises UnknownSyntax."""
    try:
        return _compile(ast.parse(text.strip(), mode="eval").body)
    except SyntaxError as error:
        raise UnknownSyntax(f"{text}: {error}") from error


def _compile(node: ast.expr) -> Expression:
    match node:
        case ast.Constant(value=int() | float() as number):
            return lambda _values: float(number)
        case ast.Name(id=name):
            return lambda values: values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _compile_pair(_OPERATORS[type(op)], left, right)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _compile_pair(_OPERATORS[type(op)], left, right)
        case ast.Call(func=ast.Name(id="FILL"), args=[of, filler]):
            return _compile_fill(_compile(of), _compile(filler))
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            return _compile_if(_compile(condition), _compile(then), _compile(otherwise))
    raise UnknownSyntax(ast.unparse(node))


def _compile_pair(compute: Callable[[float, float], float], left: ast.expr, right: ast.expr) -> Expression:
    first, second = _compile(left), _compile(right)

    def run(values: Values) -> float | None:
        a, b = first(values), second(values)
        if a is None or b is None or (compute is operator.truediv and b == 0):
            return None
        return float(compute(a, b))

    return run


def _compile_fill(of: Expression, filler: Expression) -> Expression:
    def run(values: Values) -> float | None:
        found = of(values)
        return filler(values) if found is None else found

    return run


def _compile_if(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    def run(values: Values) -> float | None:
        holds = condition(values)
        if holds is None:
            return None
        return then(values) if holds else otherwise(values)

    return run
