"""A schema whose errors are small: a broken `anyOf` or `oneOf` does not hold the errors of its branches.

The engine makes an error of each branch at each item, and one inside the other where branches are nested.
Nobody reads them. An `if` tries the same branches without making any, and its `else` is the error.
"""

from typing import Any

from sluice.contracts.document import COMPONENTS
from sluice.contracts.shape import Schema

_COMMENTS = {word: f"sluice: {word}" for word in ("anyOf", "oneOf")}
MESSAGES = {
    _COMMENTS["anyOf"]: "the value is not valid under any of the schemas in 'anyOf'",
    _COMMENTS["oneOf"]: "the value is not valid under exactly one of the schemas in 'oneOf'",
}
"""By the `$comment` of the `not` that always fails."""

_SINGLE = ("additionalItems", "additionalProperties", "items", "propertyNames", "then", "else")
_MAPPINGS = ("definitions", "dependencies", "patternProperties", "properties")


def hide_branches(document: Schema) -> Schema:
    """A document that takes the same values. No `$ref` of it may lead into a branch (`sluice check`)."""
    hidden: Schema = _hide(document)
    components = document.get("definitions", {}).get(COMPONENTS)
    if components:
        hidden["definitions"] = {**hidden["definitions"], COMPONENTS: _hide_all(components)}
    return hidden


def _hide(schema: Any) -> Any:
    if not isinstance(schema, dict) or "$ref" in schema:
        return schema
    hidden = {word: value for word, value in schema.items() if word not in _COMMENTS}
    for word in _SINGLE:
        if word in hidden:
            value = hidden[word]
            hidden[word] = [_hide(part) for part in value] if isinstance(value, list) else _hide(value)
    for word in _MAPPINGS:
        if word in hidden:
            hidden[word] = _hide_all(hidden[word])
    tried = [
        {"if": {word: schema[word]}, "else": {"not": {"$comment": comment}}}
        for word, comment in _COMMENTS.items()
        if word in schema
    ]
    if tried or "allOf" in schema:
        hidden["allOf"] = [*map(_hide, schema.get("allOf", [])), *tried]
    return hidden


def _hide_all(schemas: dict[str, Any]) -> dict[str, Any]:
    return {name: _hide(schema) for name, schema in schemas.items()}
