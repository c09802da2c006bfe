"""A mapping with where each of its fields came from for one event: the source, the default, the error."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sluice.casts import excerpt
from sluice.errors import MappingError
from sluice.fields import MISSING, compile_field
from sluice.source_syntax import SPREAD, recognise
from sluice.values import MAX_ITEMS, compile_value

SHOWN_ITEMS = 3
"""Items of a list whose own sources are told; the value has all of them."""

_POLICIES = ("if_missing", "on_error")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one value came from.

    `name` is the output field, or the index in a list; `source` says in a few words what the value is of.
    `value` is MISSING where the field is left out, and where `error` says what went wrong. `steps` tell in
    order what led from the source to the value: a cast, why there was none, a default.
    `parts` are the fields or items inside, where the source is an object or a list.
    """

    name: str
    kind: str
    source: str
    value: Any
    error: str = ""
    steps: tuple[str, ...] = ()
    parts: tuple["Origin", ...] = ()


def explain_mapping(spec: Mapping[str, Any], event: dict[str, Any]) -> tuple[Origin, ...]:
    """Where each output field of a mapping came from, in the mapping's order; spreads come as `...`.

    Raises SourceError where `spec` is not a mapping.
    """
    return tuple(
        origin for target, source in spec.items() for origin in _explain_target(target, source, event)
    )


def explain_source(source: Any, event: dict[str, Any], name: str = "") -> Origin:
    """Where the value of one source came from. Raises SourceError where the source is invalid."""
    kind = recognise(source, ())
    policies = {key: source[key] for key in _POLICIES if kind in source and key in source}
    origin = _explain_bare(
        kind, {key: part for key, part in source.items() if key not in policies}, event, name
    )
    if origin.error and policies.get("on_error", "error") != "error":
        origin = _fall_back(origin, "on_error", policies["on_error"], event, origin.error)
    if origin.value is MISSING and not origin.error and "if_missing" in policies:
        why = origin.steps[-1]
        origin = replace(origin, steps=origin.steps[:-1])
        if policies["if_missing"] == "error":
            return replace(origin, error="the event has no value for it", steps=(*origin.steps, why))
        origin = _fall_back(origin, "if_missing", policies["if_missing"], event, why)
    return origin


def describe_source(source: Mapping[str, Any]) -> str:
    """A value source in a few words: `field properties.total`; options are not in it."""
    kind = recognise(source, ())
    if kind == "value":
        return f"value {excerpt(source['value'])}"
    if kind == "array":
        return f"each {source['each']}" if "each" in source else f"array of {len(source['array'])}"
    if kind == "object":
        return "object"
    return f"{kind} {source[kind]}"


def _explain_target(target: str, source: Any, event: dict[str, Any]) -> list[Origin]:
    if target != SPREAD:
        return [explain_source(source, event, target)]
    sources = source if isinstance(source, list) else [source]
    return [_check_spread(explain_source(one, event, SPREAD)) for one in sources]


def _check_spread(origin: Origin) -> Origin:
    """Only an object can be spread; null and nothing spread nothing."""
    if origin.error or origin.value is MISSING or origin.value is None or type(origin.value) is dict:
        return origin
    return replace(origin, value=MISSING, error=f"only an object can be spread, not {excerpt(origin.value)}")


def _explain_bare(kind: str, source: Mapping[str, Any], event: dict[str, Any], name: str) -> Origin:
    """The source without `if_missing` and `on_error`."""
    steps: tuple[str, ...] = (f"as {source['as']}",) if kind in source and "as" in source else ()
    try:
        value, error = compile_value(source)(event), ""
    except MappingError as failure:
        value, error = MISSING, failure.detail
    if value is MISSING and not error:
        steps = (*steps, _tell_missing(kind, source, event))
    return Origin(
        name, kind, describe_source(source), value, error, steps, _explain_parts(kind, source, event)
    )


def _explain_parts(kind: str, source: Mapping[str, Any], event: dict[str, Any]) -> tuple[Origin, ...]:
    if kind == "object":
        return explain_mapping(source.get("object", source), event)
    if kind != "array":
        return ()
    if "each" not in source:
        return tuple(explain_source(part, event, str(n)) for n, part in enumerate(source["array"]))
    items = compile_field(source["each"])(event)
    items = [items] if type(items) is dict else items
    if type(items) is not list or len(items) > MAX_ITEMS:
        return ()
    scopes = [{**event, "item": item} for item in items[:SHOWN_ITEMS]]
    return tuple(explain_source(source["array"], scope, str(n)) for n, scope in enumerate(scopes))


def _fall_back(origin: Origin, option: str, policy: Any, event: dict[str, Any], why: str) -> Origin:
    """The origin with what the policy of `option` gives in the value's place."""
    match policy:
        case "omit":
            return replace(origin, value=MISSING, error="", steps=(*origin.steps, f"{why}; {option}: omit"))
        case Mapping():
            other = explain_source(policy, event)
            step = f"{why}; {option}: {describe_source(policy)}"
            return replace(
                origin,
                value=other.value,
                error=other.error,
                steps=(*origin.steps, step, *other.steps),
                parts=other.parts,
            )
    value = None if policy == "null" else policy
    step = f"{why}; {option}: {excerpt(value)}"
    return replace(origin, value=value, error="", steps=(*origin.steps, step), parts=())


def _tell_missing(kind: str, source: Mapping[str, Any], event: dict[str, Any]) -> str:
    if kind == "field":
        return "the event has no such field"
    if kind == "array" and "each" in source:
        found = compile_field(source["each"])(event)
        return (
            f"{source['each']} is {'null' if found is None else 'missing'}"
            if not found
            else "no item has one"
        )
    return "nothing in it has a value" if kind in {"array", "object"} else "it gives nothing"
