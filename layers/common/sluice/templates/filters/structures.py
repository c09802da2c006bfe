"""Filters between types: casts, JSON to values and values to JSON."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from sluice.casts import compile_cast, refuse
from sluice.errors import WorkspaceError
from sluice.templates.filters.filter import SLOW, Filter, Function
from sluice.templates.limits import Run, check_text


def build_cast(kind: str) -> Function:
    """`cast: 'number'`: strict, see sluice.casts."""
    try:
        convert = compile_cast(kind)
    except WorkspaceError as error:
        raise ValueError(f"{error.message}: {error.hint}") from None

    reads_json = kind in {"json", "array"}

    def cast(run: Run, value: Any) -> Any:
        kind = type(value)
        if kind is dict or kind is list:
            run.weigh(value)
        elif kind is str and reads_json:
            _pay_for_values(run, value)
        elif kind is str:
            run.spend(len(value) >> SLOW)
        result = convert(list(value) if kind is range else value, run.row)
        if type(result) is dict or type(result) is list:
            run.weigh(result)
        return result

    return cast


def parse(run: Run, text: str) -> Any:
    """The value of a JSON text."""
    _pay_for_values(run, text)
    try:
        value = orjson.loads(text)
    except ValueError:
        raise refuse(text, "JSON") from None
    run.weigh(value)
    return value


def _pay_for_values(run: Run, text: str) -> None:
    """What a JSON text can make at most: a value is a few characters of it and many bytes."""
    run.spend(text.count(",") + text.count("[") + 3 * text.count("{"))


def json(run: Run, value: Any) -> str:
    """A value as JSON text, without spaces; nothing is `null`."""
    plain = list(value) if type(value) is range else value
    run.weigh(plain)
    return check_text(orjson.dumps(plain).decode())


FILTERS: Final[Mapping[str, Filter]] = {
    "cast": Filter(build_cast, takes="any", build=True, steps=4),
    "parse": Filter(parse, characters_a_step=SLOW),
    "json": Filter(json, takes="any", takes_nothing=True),
}
