"""What is wrong in the words of a schema: another dialect, a word that draft 7 has not, a regex, `$id`."""

from collections.abc import Iterator
from difflib import get_close_matches

from sluice.contracts.shape import Place, Schema, walk
from sluice.contracts.validator import FORMATS, META_SCHEMA, is_linear
from sluice.workspace.problems import Fault

_LATER = {
    "$defs": "definitions",
    "$anchor": "$ref with a path",
    "$dynamicRef": "$ref",
    "$recursiveRef": "$ref",
    "dependentRequired": "dependencies",
    "dependentSchemas": "dependencies",
    "maxContains": "contains",
    "minContains": "contains",
    "prefixItems": "items, with a list",
    "unevaluatedItems": "additionalItems",
    "unevaluatedProperties": "additionalProperties",
    "divisibleBy": "multipleOf",
    "extends": "allOf",
    "id": "$id",
}
_WORDS = frozenset(
    {
        *("$comment", "$id", "$ref", "$schema", "additionalItems", "additionalProperties", "allOf", "anyOf"),
        *("const", "contains", "contentEncoding", "contentMediaType", "default", "definitions"),
        *("dependencies", "description", "else", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum"),
        *("format", "if", "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems"),
        *("minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern"),
        *("patternProperties", "properties", "propertyNames", "readOnly", "required", "then", "title"),
        *("type", "uniqueItems", "writeOnly"),
    }
)
_HARMLESS = frozenset({"$comment", "default", "definitions", "description", "examples", "title", "$ref"})
_ONE_MISTAKE = 0.85  # as alike as two words are of which one is misspelt


def find_dialect_faults(root: Place, schema: Schema) -> Iterator[Fault]:
    dialect = schema.get("$schema")
    if isinstance(dialect, str) and dialect.replace("https:", "http:").rstrip("#") != META_SCHEMA.rstrip("#"):
        hint = f"write the schema in draft 7: {META_SCHEMA}"
        yield (*root, "$schema"), f"{dialect} is not draft 7 of JSON Schema", hint


def find_word_faults(place: Place, schema: Schema, *, is_root: bool) -> Iterator[Fault]:
    for word in schema:
        if word in _LATER:
            message = f"{word!r} is not a keyword of draft 7, which would pass over it"
            yield (*place, word), message, f"draft 7 has: {_LATER[word]}"
        elif word not in _WORDS | {"example"} and (near := get_close_matches(word, _WORDS, 1, _ONE_MISTAKE)):
            yield (*place, word), f"{word!r} is not a keyword of draft 7", f"did you mean {near[0]}?"
    if "$ref" in schema and (ignored := (schema.keys() & _WORDS) - _HARMLESS):
        words = ", ".join(sorted(ignored))
        yield (
            (*place, "$ref"),
            f"beside $ref draft 7 passes over: {words}",
            "put the $ref and the rest into the list of an `allOf`",
        )
    if "$id" in schema and not is_root:
        hint = "take it out: what it is for, components do"
        yield (*place, "$id"), "an $id inside of a schema moves what $ref means", hint


def find_pattern_faults(place: Place, schema: Schema) -> Iterator[Fault]:
    hint = "a regex is matched in linear time: no look-around, no back-references, and not too large"
    if not is_linear(schema.get("pattern")):
        yield (*place, "pattern"), f"the regex {schema['pattern']!r:.80} cannot be used", hint
    named = schema.get("patternProperties")
    for pattern in named if isinstance(named, dict) else ():
        if not is_linear(pattern):
            yield (*place, "patternProperties", pattern), f"the regex {pattern!r:.80} cannot be used", hint


def find_format_warnings(root: Place, schema: Schema) -> Iterator[Fault]:
    """Formats that nobody asserts: JSON Schema allows any name, and a misspelt one is passed over unseen."""
    for place, part in walk(schema, root):
        name = part.get("format")
        if isinstance(name, str) and name not in FORMATS and "$ref" not in part:
            near = get_close_matches(name, FORMATS, 1)
            hint = f"did you mean {near[0]}?" if near else f"asserted are: {', '.join(sorted(FORMATS))}"
            yield (
                (*place, "format"),
                f"{name!r:.80} is not a format that is asserted: every text passes",
                hint,
            )
