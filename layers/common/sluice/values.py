"""Value sources: where a mapped field, or a filter's value, comes from (seed 001, "Choosing source values").

    {field: properties.total}                        a field of the event
    {value: 12.5}                                    the same for every event, typed
    {template: "{{ row.event | upcase }}"}           Liquid
    {array: [{field: a}, {value: b}]}                a list of sources
    {each: properties.products, array: {field: item.sku}}     a list made of a list
    {sku: {field: a}, price: {field: b}}             an object; {object: …} where a name is a word of these

Options are `as`, `if_missing` and `on_error`. Compiled once to closures, then run per event.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from copy import deepcopy
from typing import Any

from sluice.casts import excerpt
from sluice.errors import MappingError, WorkspaceError
from sluice.fields import MISSING, Getter, compile_field, parse_field, read_reference
from sluice.objects import Build, Entry, compile_object
from sluice.source_syntax import SPREAD, Place, SourceError, recognise
from sluice.templates import compile_template
from sluice.value_options import add_options

MAX_ITEMS = 1000
"""Most items of a list that `each` runs over: every item may repeat a large field of the event."""

MAX_ALL_ITEMS = 10_000
"""Most items, over all turns, of an `each` with others in it: three over a thousand would be 10**9."""

MAX_STEPS = 64
"""Most steps from the mapping to a source in it: keys and indexes, dots included."""


def compile_value(source: Any, place: Place = ()) -> Getter:
    """A function from an event to one value or MISSING. It raises MappingError and never changes the event.

    What it gives may share parts with the event: it is for serialising, not for changing.
    Raises SourceError, which is a WorkspaceError, where `source` is not a value source.
    """
    if len(place) > MAX_STEPS:
        raise SourceError("sources are nested too deep", place)
    kind = recognise(source, place)
    if kind not in source:
        return _compile_object(source, place)
    return add_options(_COMPILERS[kind](source, (*place, kind)), source, place, compile_value)


def compile_fields(spec: Mapping[str, Any], place: Place = ()) -> Build:
    """A function from an event to a new object with the fields of `spec`; dots in their names nest objects.

    `...` spreads the fields of its source (or of a list of sources); named fields replace those whole.
    Raises SourceError where two fields claim the same place.
    """
    tree: dict[str, Any] = {}
    for target, source in spec.items():
        if target != SPREAD:
            _plant(tree, target, source, place)
    return _compile_tree(tree, _compile_spreads(spec, place))


def _plant(tree: dict[str, Any], target: str, source: Any, place: Place) -> None:
    """Puts the compiled source where its dotted name says: nested dicts with entries as leaves."""
    try:
        *parents, last = parse_field(target)
    except WorkspaceError as error:
        raise SourceError(error.message, (*place, target), hint=error.hint) from error
    if len(place) + len(parents) > MAX_STEPS:
        raise SourceError("fields are nested too deep", (*place, target))
    branch = tree
    for name in parents:
        branch = branch.setdefault(name, {})
        if isinstance(branch, Entry):
            break
    if isinstance(branch, Entry) or last in branch:
        hint = "keep one of them; an object is written anew as a whole, with `...` for what it is made of"
        raise SourceError(f"{target!r} claims a place that another field fills", (*place, target), hint=hint)
    get = compile_value(source, (*place, target))
    path = parse_field(source["field"]) if source.keys() == {"field"} else None
    branch[last] = Entry(last, get, path)


def _compile_tree(tree: Mapping[str, Any], spreads: list[Getter]) -> Build:
    entries = [
        node if isinstance(node, Entry) else Entry(name, _unless_empty(_compile_tree(node, [])))
        for name, node in tree.items()
    ]
    return compile_object(entries, spreads)


def _unless_empty(build: Build) -> Getter:
    return lambda event: build(event) or MISSING


def _compile_spreads(spec: Mapping[str, Any], place: Place) -> list[Getter]:
    if SPREAD not in spec:
        return []
    sources = spec[SPREAD]
    if not isinstance(sources, list):
        return [_spread(compile_value(sources, (*place, SPREAD)))]
    return [_spread(compile_value(source, (*place, SPREAD, n))) for n, source in enumerate(sources)]


def _spread(get: Getter) -> Getter:
    def get_fields(event: Any) -> Any:
        fields = get(event)
        if type(fields) is dict:
            return fields
        if fields is MISSING or fields is None:
            return {}
        raise MappingError(f"only an object can be spread, not {excerpt(fields)}")

    return get_fields


def _compile_reference(source: Mapping[str, Any], place: Place) -> Getter:
    return _compile_field(source["field"], place)


def _compile_field(reference: Any, place: Place) -> Getter:
    if not isinstance(reference, str):
        hint = "write it as text; an object with a field of this name is {object: {…}}"
        raise SourceError(f"{reference!r} is not a field reference", place, hint=hint)
    try:
        read_reference(reference)
        return compile_field(reference)
    except WorkspaceError as error:
        raise SourceError(error.message, place, hint=error.hint) from error


def _compile_constant(source: Mapping[str, Any], _place: Place) -> Getter:
    constant = deepcopy(source["value"])
    return lambda _event: constant


def _compile_template(source: Mapping[str, Any], place: Place) -> Getter:
    if not isinstance(source["template"], str):
        raise SourceError(f"{source['template']!r} is not a template", place, hint="write it as text")
    try:
        render = compile_template(source["template"])
    except WorkspaceError as error:
        raise SourceError(
            error.message, place, hint=error.hint, line=error.line, column=error.column
        ) from error

    def get(event: Any) -> Any:
        value = render(event)
        return dict(event) if value is event else value  # `each` goes on to change its scope

    return get


def _compile_array(source: Mapping[str, Any], place: Place) -> Getter:
    parts = source["array"]
    if "each" in source:
        if not isinstance(parts, Mapping):
            hint = "write what an item becomes: {each: properties.products, array: {field: item.sku}}"
            raise SourceError("with each, array is one source", place, hint=hint)
        get_list = _compile_field(source["each"], (*place[:-1], "each"))
        run = _map_list(get_list, compile_value(parts, place))
        return _count_items(run) if _holds_each(parts) else run
    if not isinstance(parts, list):
        hint = "write {array: [{field: …}, {value: …}]}; one source needs `each` beside it"
        raise SourceError("array is not a list of sources", place, hint=hint)
    getters = [compile_value(part, (*place, n)) for n, part in enumerate(parts)]

    def get(event: Any) -> Any:
        values = [value for part in getters if (value := part(event)) is not MISSING]
        return values if values or not getters else MISSING

    return get


def _map_list(get_list: Getter, get_item: Getter) -> Getter:
    """The event stays reachable beside `item`. An object is a list of one: some clients send that."""

    def get(event: Any) -> Any:
        items = get_list(event)
        if items is MISSING or items is None:
            return MISSING
        if type(items) is dict:
            items = [items]
        if type(items) is not list:
            raise MappingError(f"each needs a list, not {excerpt(items)}")
        if len(items) > MAX_ITEMS:
            raise MappingError(f"each takes {MAX_ITEMS} items at most, not {len(items)}")
        if (left := _ITEMS_LEFT.get()) is not None:
            left[0] -= len(items)
            if left[0] < 0:
                raise MappingError(f"each in each takes {MAX_ALL_ITEMS} items at most in all")
        scope, values = dict(event), []
        for item in items:
            scope["item"] = item
            value = get_item(scope)
            if value is not MISSING:
                values.append(value)
        return values if values or not items else MISSING

    return get


_ITEMS_LEFT: ContextVar[list[int] | None] = ContextVar(
    "items that an each in each may still take", default=None
)


def _count_items(run: Getter) -> Getter:
    """The outermost `each` of several gives them what they may take together."""

    def get(event: Any) -> Any:
        if _ITEMS_LEFT.get() is not None:
            return run(event)
        token = _ITEMS_LEFT.set([MAX_ALL_ITEMS])
        try:
            return run(event)
        finally:
            _ITEMS_LEFT.reset(token)

    return get


def _holds_each(source: Any) -> bool:
    if isinstance(source, Mapping):
        return "each" in source or any(map(_holds_each, source.values()))
    return isinstance(source, list) and any(map(_holds_each, source))


def _compile_explicit_object(source: Mapping[str, Any], place: Place) -> Getter:
    if not isinstance(source["object"], Mapping):
        raise SourceError("object has no fields", place, hint="write {object: {name: {field: …}}}")
    return _compile_object(source["object"], place)


def _compile_object(fields: Mapping[str, Any], place: Place) -> Getter:
    return _unless_empty(compile_fields(fields, place))


_COMPILERS: dict[str, Callable[[Mapping[str, Any], Place], Getter]] = {
    "field": _compile_reference,
    "value": _compile_constant,
    "template": _compile_template,
    "array": _compile_array,
    "object": _compile_explicit_object,
}
