"""The options of a value source: `as`, `on_error` and `if_missing`, each a getter around a getter."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from sluice.casts import compile_cast
from sluice.errors import MappingError
from sluice.fields import MISSING, Getter
from sluice.reasons import Reason
from sluice.source_syntax import KINDS, Place, SourceError, show, suggest

type Compile = Callable[[Any, Place], Getter]


def add_options(get: Getter, source: Mapping[str, Any], place: Place, compile_source: Compile) -> Getter:
    """The getter with the source's options: the cast, `on_error` around it, `if_missing` around both."""
    if "as" in source:
        get = _with_cast(get, source["as"], (*place, "as"))
    if "on_error" in source:
        get = _with_errors(get, _read_policy(source["on_error"], (*place, "on_error"), compile_source))
    if "if_missing" in source:
        get = _with_missing(get, _read_policy(source["if_missing"], (*place, "if_missing"), compile_source))
    return get


def _with_cast(get: Getter, kind: Any, place: Place) -> Getter:
    if kind not in KINDS:
        raise SourceError(f"{kind!r} is not a kind of value", place, hint=suggest(str(kind), KINDS))

    cast = compile_cast(kind)
    if kind == "timestamp":
        return lambda event: cast(get(event), event)
    return lambda event: cast(get(event))


def _with_errors(get: Getter, instead: Getter | None) -> Getter:
    if instead is None:
        return get

    def get_safely(event: Any) -> Any:
        try:
            return get(event)
        except MappingError:
            return instead(event)

    return get_safely


def _with_missing(get: Getter, instead: Getter | None) -> Getter:
    fallback = instead or _refuse_missing

    def get_or(event: Any) -> Any:
        value = get(event)
        return fallback(event) if value is MISSING else value

    return get_or


def _refuse_missing(_event: Any) -> Any:
    raise MappingError("the event has no value for it", reason=Reason.MISSING_REQUIRED_FIELD)


def _read_policy(policy: Any, place: Place, compile_source: Compile) -> Getter | None:
    """What gives the value instead; None is an error. Text is one of three words, never a default."""
    match policy:
        case "error":
            return None
        case "omit":
            return lambda _event: MISSING
        case "null" | None:
            return lambda _event: None
        case str():
            hint = suggest(policy, ("omit", "null", "error"), f"for a default: {{value: {show(policy)}}}")
            raise SourceError(f"{policy!r} must be one of omit, null, error", place, hint=hint)
        case Mapping():
            return compile_source(policy, place)
    default = deepcopy(policy)
    return lambda _event: default
