"""What pydantic finds wrong in a file, in places of the file and in words that say what to do.

A misspelt key is told once and then read as the key that was meant: what is inside is checked, and nobody is
told that the key that was meant is missing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAliasType, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sluice.source_syntax import Place
from sluice.workspace.problems import Fault, find_near, offer

type Written = dict[Place, str]
"""By the place of a key that was meant: what is written instead."""

_HINTS = {
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "dict_type": "write `key: value` lines",
    "float_parsing": "write a number, without quotes",
    "float_type": "write a number, without quotes",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number, without quotes",
    "int_type": "write a whole number, without quotes",
    "list_type": "write a list: a `- ` before each item",
    "model_type": "write `key: value` lines",
    "string_type": "write a text; put what looks like a number into quotes",
    "tuple_type": "write a list: a `- ` before each item",
}
_DOCS = "docs/add-a-sync.md and docs/destinations/ say what each setting takes"


@dataclass(slots=True)
class Reading[M: BaseModel]:
    """`model` where the tree, its misspelt keys put right, is one; `faults` are in places of the file."""

    model: M | None
    tree: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    written: Written = field(default_factory=dict)


def read_model[M: BaseModel](model: type[M], tree: Mapping[str, Any]) -> Reading[M]:
    """Reads a part of the workspace, and finds everything wrong with it. Changes nothing of `tree`."""
    reading: Reading[M] = Reading(None, deepcopy(dict(tree)))
    while True:
        try:
            reading.model = model.model_validate(reading.tree)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            if _put_keys_right(model, reading, errors):
                continue
            faults = _describe(model, reading.tree, errors)
            reading.faults += [(restore(place, reading.written), text, hint) for place, text, hint in faults]
        return reading


def restore(place: Place, written: Written) -> Place:
    """A place of the tree that was put right, as the file has it."""
    return tuple(written.get(place[: n + 1], step) for n, step in enumerate(place))


def _put_keys_right(model: type[BaseModel], reading: Reading[Any], errors: Iterable[Any]) -> bool:
    """Tells of unknown keys, and renames or removes them. Whether there were any."""
    is_changed = False
    for item in errors:
        place = _find_place(reading.tree, item)
        *way, key = place or ("",)
        around = _follow(reading.tree, way)
        known = list(_list_fields(model, tuple(way)))
        if item["type"] != "extra_forbidden" or key not in around or key in known:
            continue
        hint = offer(str(key), known)
        written = restore(place, reading.written)
        reading.faults.append((written, f"there is no key {str(key)!r} here", hint))
        value, near = around.pop(key), find_near(str(key), known)
        if near and near not in around:
            around[near] = value
            reading.written[*way, near] = str(key)
        is_changed = True
    return is_changed


def _describe(model: type[BaseModel], tree: Any, errors: Iterable[Any]) -> Iterator[Fault]:
    """One fault a place. Of a union's branches those count that the value comes nearest to."""
    by_place: dict[Place, list[Any]] = {}
    for item in errors:
        by_place.setdefault(_find_place(tree, item), []).append(item)
    for place, items in by_place.items():
        if any(len(other) > len(place) and other[: len(place)] == place for other in by_place):
            continue
        messages = dict.fromkeys(_word(item["msg"]) for item in items)
        message = " or ".join(messages).replace(" or Input should be ", " or ")
        yield place, message, _find_hint(items[0], _find_field(model, place))


def _word(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return re.sub(r"a valid dictionary( or instance of \w+)?", "an object", message)


def _find_hint(item: Any, info: FieldInfo | None) -> str:
    if item["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", item["ctx"]["expected"])
        near = find_near(str(item["input"]), known)
        return f"did you mean {near}?" if near else f"write one of: {', '.join(known)}"
    if info and info.description:
        return info.description
    if item["type"] == "missing":
        return f"write `{item['loc'][-1]}: …`; {_DOCS}"
    value = item["input"]
    if isinstance(value, int | float) and item["type"] not in _HINTS:
        return f"here it is {value}"
    return _HINTS.get(item["type"], _DOCS)


def _find_place(tree: Any, item: Any) -> Place:
    """The error's place in the file: pydantic also names the branches of unions on the way."""
    place: list[str | int] = []
    node, loc = tree, item["loc"]
    for n, step in enumerate(loc):
        is_there = (isinstance(node, dict) and step in node) or (
            isinstance(node, list) and isinstance(step, int) and step < len(node)
        )
        if is_there:
            node = node[step]
        if is_there or (item["type"] == "missing" and n == len(loc) - 1):
            place.append(step)
    return tuple(place)


def _follow(tree: Any, way: Iterable[str | int]) -> Any:
    for step in way:
        tree = tree[step]
    return tree


def _find_field(model: type[BaseModel], place: Place) -> FieldInfo | None:
    *way, name = place or ("",)
    return _list_fields(model, tuple(way)).get(str(name))


def _list_fields(model: type[BaseModel], way: Place) -> dict[str, FieldInfo]:
    """The fields, by the names that files use, of what stands at a place: of all models that may."""
    return {
        info.alias or name: info
        for found in _find_models(model, way)
        for name, info in found.model_fields.items()
    }


def _find_models(annotation: Any, way: Place) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, TypeAliasType):
        yield from _find_models(annotation.__value__, way)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not way:
            yield annotation
        elif info := _list_fields(annotation, ()).get(str(way[0])):
            yield from _find_models(info.annotation, way[1:])
    else:
        inside = way[1:] if get_origin(annotation) in {list, dict, tuple} else way
        if way or inside == way:
            for argument in get_args(annotation):
                yield from _find_models(argument, inside)
