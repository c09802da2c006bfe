"""The parts of a draft 7 schema, by the value that they look at. Beside `$ref` draft 7 ignores all else.

Whatever is not of the form that draft 7 asks for is passed over: `sluice check` says what is wrong with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal
from urllib.parse import unquote

type Schema = dict[str, Any]
type Place = tuple[str | int, ...]
type Step = tuple[Literal["key", "item"], str | int | None]
"""From a value to one inside it: a field's name or an item's index; None for any."""

_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("if", "then", "else")


class UnknownReference(Exception):
    """There is nothing at the place that a `$ref` names, or it is outside of the document."""


def find_reference(document: Schema, reference: str) -> tuple[Place, Any]:
    """Place and value of a `$ref` within the document (RFC 6901). Raises UnknownReference."""
    if not reference.startswith("#") or (reference != "#" and not reference.startswith("#/")):
        raise UnknownReference(reference)
    value: Any = document
    place: list[str | int] = []
    for part in unquote(reference[2:]).split("/") if reference != "#" else ():
        name: str | int = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            name = int(part)
        elif not isinstance(value, Mapping) or name not in value:
            raise UnknownReference(reference)
        value = value[name]
        place.append(name)
    return tuple(place), value


def list_branches(schema: Schema) -> Iterator[tuple[Place, Any]]:
    """Schemas that declare what is in the same value, with their places; a `$ref` is not followed."""
    if "$ref" in schema:
        return
    for word in _LISTS:
        for n, part in enumerate(_list(schema.get(word))):
            yield (word, n), part
    for word in _SINGLE:
        if word in schema:
            yield (word,), schema[word]
    for name, part in _mapping(schema.get("dependencies")):
        if not isinstance(part, list):
            yield ("dependencies", name), part


def list_inner(schema: Schema) -> Iterator[tuple[Place, Step, Any]]:
    """Schemas of the fields and items inside the value, with places and steps."""
    if "$ref" in schema:
        return
    for name, part in _mapping(schema.get("properties")):
        yield ("properties", name), ("key", name), part
    for name, part in _mapping(schema.get("patternProperties")):
        yield ("patternProperties", name), ("key", None), part
    if "additionalProperties" in schema:
        yield ("additionalProperties",), ("key", None), schema["additionalProperties"]
    items = schema.get("items")
    if isinstance(items, list):
        for n, part in enumerate(items):
            yield ("items", n), ("item", n), part
        if "additionalItems" in schema:
            yield ("additionalItems",), ("item", None), schema["additionalItems"]
    elif "items" in schema:
        yield ("items",), ("item", None), items
    if "contains" in schema:
        yield ("contains",), ("item", None), schema["contains"]


def list_others(schema: Schema) -> Iterator[tuple[Place, Any]]:
    """Schemas that declare nothing: of what must not be, of fields' names, and definitions."""
    if "$ref" in schema:
        return
    for word in ("not", "propertyNames"):
        if word in schema:
            yield (word,), schema[word]
    for name, part in _mapping(schema.get("definitions")):
        yield ("definitions", name), part


def walk(schema: Any, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """The schema and every schema written in it, outer ones first; references are not followed."""
    waiting: list[tuple[Place, Any]] = [(place, schema)]
    while waiting:
        here, part = waiting.pop()
        if not isinstance(part, dict):
            continue
        yield here, part
        parts = [*list_branches(part), *list_others(part), *((at, p) for at, _, p in list_inner(part))]
        waiting += [((*here, *at), inner) for at, inner in reversed(parts)]


def flatten(schemas: Iterable[Any], document: Schema) -> list[Schema]:
    """Every schema that says what is in one value: these, what they refer to, and all their branches."""
    found: dict[int, Schema] = {}
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop(0)
        if not isinstance(schema, dict) or id(schema) in found:
            continue
        found[id(schema)] = schema
        if isinstance(schema.get("$ref"), str):
            try:
                waiting.append(find_reference(document, schema["$ref"])[1])
            except UnknownReference:
                continue
        waiting += [part for _, part in list_branches(schema)]
    return [schema for schema in found.values() if "$ref" not in schema]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()
