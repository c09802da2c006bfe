"""One event's schema as a document of its own: components are its definitions, so no `$ref` leaves it."""

from collections.abc import Mapping
from typing import Any

from sluice.contracts.shape import Schema

COMPONENTS = "components"
COMPONENT_REF = f"#/definitions/{COMPONENTS}/"
_NAMELESS = ("$schema", "$id")  # where the schema was published is nothing to it here


def build_document(schema: Schema, components: Mapping[str, Any]) -> Schema:
    """The schema with the components under `definitions.components`; parts of both are shared, not copied."""
    document = {word: value for word, value in schema.items() if word not in _NAMELESS}
    definitions = document.get("definitions")
    known = definitions if isinstance(definitions, dict) else {}
    return {**document, "definitions": {**known, COMPONENTS: dict(components)}} if components else document


def admit_fields(schema: Schema, admitted: Schema) -> Schema:
    """The schema, where it closes an object, with the fields that are admitted anyway.

    `admitted` is made of nested `properties`. Only `additionalProperties` of the schema itself, and of what
    stands in its `properties`, is reached: not what is behind a `$ref` or in a branch.
    """
    fields = schema.get("properties", {})
    if "$ref" in schema or not isinstance(fields, dict) or not admitted:
        return schema
    is_closed = schema.get("additionalProperties", True) is not True
    merged = dict(fields)
    for name, inner in admitted["properties"].items():
        known = fields.get(name)
        if isinstance(known, dict) and isinstance(inner, dict):
            merged[name] = admit_fields(known, inner)
        elif is_closed and name not in fields:
            merged[name] = True
    return {**schema, "properties": merged} if merged != fields else schema
