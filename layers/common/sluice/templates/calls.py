"""One filter call to a closure: see the value as the filter wants it, pay, call, check what came out."""

import difflib
import inspect
import math
from collections.abc import Callable
from typing import Any, Final

from liquid import Token

from sluice.casts import MAX_INTEGER
from sluice.errors import MappingError
from sluice.templates.data import Special, kind_of, listed, write
from sluice.templates.environment import at_token
from sluice.templates.filters import FILTERS
from sluice.templates.filters.filter import ArgumentError, Filter, Function
from sluice.templates.limits import (
    CHARACTERS_A_STEP,
    MAX_ITEMS,
    MAX_TEXT,
    Run,
    check_text,
    steps_to_make,
    too_long,
    too_many,
)

type Value = Callable[[Run], Any]
type Arguments = list[tuple[str | None, Value]]

# What a value of the wrong kind makes Python's own functions raise.
FAULTS: Final = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


def compile_call(token: Token, value: Value, arguments: Arguments, literals: list[Any]) -> Value:
    """The filter named by the token on `value`. Raises WorkspaceError for a wrong name or arguments."""
    name = token.value
    rule = FILTERS.get(name)
    if rule is None:
        close = difflib.get_close_matches(name, FILTERS, n=1)
        raise at_token(
            token,
            f"there is no filter {name!r}",
            f"did you mean {close[0]!r}?" if close else "docs/templates.md lists the filters",
        )
    _check_count(token, rule, arguments)
    _check_literals(token, rule, literals)
    if rule.build:
        built = _build(token, rule.function, literals)
        return _close(name, rule, built, value, [])
    if any(keyword for keyword, _ in arguments):
        return _close(name, rule, _with_keywords(rule.function, arguments), value, [_run_itself])
    return _close(name, rule, rule.function, value, [get for _, get in arguments])


def _check_count(token: Token, rule: Filter, arguments: Arguments) -> None:
    """Raises WorkspaceError for too few or too many arguments, and for a name that no argument has."""
    places = list(inspect.signature(rule.function).parameters.values())[0 if rule.build else 2 :]
    positional = [place for place in places if place.kind is not place.KEYWORD_ONLY]
    given = sum(not keyword for keyword, _ in arguments)
    missing = [place.name for place in positional[given:] if place.default is place.empty]
    unknown = [
        name
        for name, _ in arguments
        if name and name not in {place.name for place in places[len(positional) :]}
    ]
    if missing:
        raise at_token(token, f"{token.value}: missing an argument: {missing[0]!r}")
    if given > len(positional):
        most = len(positional)
        takes = f"at most {most} argument{'s' if most > 1 else ''}" if most else "no arguments"
        raise at_token(token, f"{token.value} takes {takes}, not {given}")
    if unknown:
        raise at_token(token, f"{token.value}: no argument is called {unknown[0]!r}")


def _check_literals(token: Token, rule: Filter, literals: list[Any]) -> None:
    if rule.build and any(type(literal) is not str for literal in literals):
        raise at_token(token, f"{token.value} takes texts in quotes only")
    if rule.check:
        try:
            rule.check(literals)
        except (ValueError, MappingError) as error:
            raise at_token(token, f"{token.value}: {error}") from error


def _build(token: Token, build: Function, literals: list[Any]) -> Function:
    try:
        built: Function = build(*literals)
    except ValueError as error:
        raise at_token(token, f"{token.value}: {error}") from error
    return built


def _run_itself(run: Run) -> Run:
    return run


def _with_keywords(function: Function, arguments: Arguments) -> Function:
    def call(run: Run, value: Any, _run: Run) -> Any:
        positional = [get(run) for keyword, get in arguments if not keyword]
        return function(
            run, value, *positional, **{keyword: get(run) for keyword, get in arguments if keyword}
        )

    return call


def _close(name: str, rule: Filter, function: Function, value: Value, arguments: list[Value]) -> Value:
    see = _views(rule)
    takes_nothing = rule.takes_nothing

    def call(run: Run) -> Any:
        seen = value(run)
        if seen is None and not takes_nothing:
            return None
        seen = see(run, seen)
        given = [_argument(run, get) for get in arguments]
        try:
            result = function(run, seen, *given)
        except FAULTS as error:
            raise _refuse_call(name, error, seen, given) from error
        return check_result(run, result)

    def call_without_arguments(run: Run) -> Any:
        seen = value(run)
        if seen is None and not takes_nothing:
            return None
        seen = see(run, seen)
        try:
            result = function(run, seen)
        except FAULTS as error:
            raise _refuse_call(name, error, seen, []) from error
        return check_result(run, result)

    return call if arguments else call_without_arguments


def _refuse_call(name: str, error: Exception, value: Any, arguments: list[Any]) -> MappingError:
    """The error of a call that failed. What Python says of its own objects would tell a user nothing."""
    if isinstance(error, ArgumentError):
        return MappingError(f"filter {name}: {error}")
    kinds = ", ".join(kind_of(argument) for argument in arguments if type(argument) is not Run)
    return MappingError(
        f"filter {name}: cannot be used on {kind_of(value)}" + (f" with {kinds}" if kinds else "")
    )


def _argument(run: Run, get: Value) -> Any:
    argument = get(run)
    if type(argument) is str and len(argument) >= 1 << CHARACTERS_A_STEP:
        run.spend(len(argument) >> CHARACTERS_A_STEP)
    return argument


def _views(rule: Filter) -> Callable[[Run, Any], Any]:
    """How a filter sees its value, with what seeing and working on it costs."""
    steps, power, deep = rule.steps, rule.characters_a_step, rule.deep

    def as_text(run: Run, value: Any) -> str:
        text: str = value if type(value) is str else write(run, value)
        if len(text) > MAX_TEXT:
            raise too_long()
        run.left -= steps + (len(text) >> power)
        if run.left < 0:
            run.spend(0)
        return text

    def as_list(run: Run, value: Any) -> list[Any]:
        if type(value) is list and len(value) > MAX_ITEMS:
            raise too_many()
        items = listed(value)
        run.spend(steps + len(items))
        if deep:
            run.weigh(items)
        return items

    def as_it_is(run: Run, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            check_text(value)
            run.spend(steps + (len(value) >> power))
        elif kind is Special:
            return None
        else:
            run.spend(steps)
        return value

    return {"text": as_text, "list": as_list, "any": as_it_is}[rule.takes]


def check_result(run: Run, result: Any) -> Any:
    """What a filter made. Raises MappingError beyond the limits of texts, lists and numbers."""
    kind = type(result)
    if kind is str:
        if len(result) > MAX_TEXT:
            raise too_long()
        run.left -= steps_to_make(result)
    elif kind is list:
        if len(result) > MAX_ITEMS:
            raise too_many()
        run.left -= len(result) >> 2
    elif (kind is int and not -MAX_INTEGER <= result < MAX_INTEGER) or (
        kind is float and not math.isfinite(result)
    ):
        raise MappingError("a number in the template is too large (integers have 64 bits)")
    if run.left < 0:
        run.spend(0)
    return result
