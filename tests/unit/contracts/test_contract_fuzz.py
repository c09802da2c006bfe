"""Any schema over any event: nothing is raised, nothing changed, and draft 7 means what it means elsewhere.

The reference is jsonschema, which shares no code with jsonschema-rs.
"""

import re
from copy import deepcopy

import jsonschema
from hypothesis import assume, given
from hypothesis import strategies as st

from sluice.contracts.declared import compile_declared
from tests.unit.contracts.builders_contract import (
    find_problems,
    make_check,
    make_contract,
    make_schema_check,
    make_track,
)

NAMES = st.sampled_from(["a", "b", "c", "ab", "x y", "0"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from([0.5, 2.0]), st.text("abc", max_size=3)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)
TYPES = st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"])
PATTERNS = st.sampled_from(["^a", "b$", "^.$", "[0-9]"])


def words(inner):
    some = st.lists(inner, min_size=1, max_size=2)
    options = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
        "additionalProperties": inner | st.booleans(),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "dependencies": st.dictionaries(NAMES, inner | st.lists(NAMES, max_size=2, unique=True), max_size=2),
        "items": inner | some,
        "additionalItems": inner,
        "contains": inner,
        "allOf": some,
        "anyOf": some,
        "oneOf": some,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "minimum": st.integers(-3, 3),
        "maxLength": st.integers(0, 3),
        "pattern": PATTERNS,
        "minProperties": st.integers(0, 2),
        "maxItems": st.integers(0, 2),
        "uniqueItems": st.booleans(),
        "propertyNames": inner,
    }
    chosen = st.lists(st.sampled_from(sorted(options)), max_size=4, unique=True)
    return chosen.flatmap(lambda found: st.fixed_dictionaries({word: options[word] for word in found}))


REFERENCES = st.sampled_from([f"#/definitions/components/{name}" for name in ("one", "two")])
LEAVES = st.booleans() | st.fixed_dictionaries({"$ref": REFERENCES}) | words(st.booleans())
SCHEMAS = words(st.recursive(LEAVES, words, max_leaves=3))
COMPONENTS = st.fixed_dictionaries({"one": SCHEMAS, "two": SCHEMAS})


def make_document(schema, components):
    return {**schema, "definitions": {"components": components}}


def make_fuzzed(schema, components, **over):
    return make_contract({"type": "track", "name": "t", "schema": schema}, components=components, **over)


def is_costly(contract):
    """What `sluice check` refuses for what it would cost; other problems do not matter here."""
    words = ("refers to itself", "is made of more than")
    return any(word in problem.message for problem in find_problems(contract) for word in words)


@given(SCHEMAS, COMPONENTS, OBJECTS)
def test_the_verdict_is_that_of_the_reference_and_nothing_is_changed(schema, components, data):
    contract = make_fuzzed(schema, components)
    document = make_document(schema, components)
    assume(not is_costly(contract))
    event = make_track("t", properties=data)
    before = deepcopy(event)
    outcome = make_check(contract)(event)
    assert event == before
    reference = jsonschema.Draft7Validator(document)
    pruned = compile_declared(document).prune(data)
    is_broken = not reference.is_valid(data) and (pruned == data or not reference.is_valid(pruned))
    assert (outcome is not None and outcome.violations["has_schema_violated"]) is is_broken
    assert (outcome is not None and outcome.violations["has_undeclared_fields"]) is (pruned != data)


@given(SCHEMAS, COMPONENTS, OBJECTS)
def test_what_is_left_out_is_what_is_told_and_nothing_is_undeclared_afterwards(schema, components, data):
    document = make_document(schema, components)
    declared = compile_declared(document)
    paths = list(declared.find(data))
    pruned = declared.prune(data)
    assert declared.holds(data) is (not paths) is (pruned == data)
    assert declared.holds(pruned)
    assert list(declared.find(pruned)) == []
    for path in paths:
        value = data
        for name in path:
            value = value[int(name)] if isinstance(value, list) else value[name]


@given(VALUES.filter(lambda value: not isinstance(value, dict)), VALUES)
def test_no_event_is_too_odd(name, value):
    contract = make_contract(
        {"type": "track", "name": "t", "schema": {"properties": {"a": {}}}}, scope="payload"
    )
    check = make_check(contract, make_contract({"type": "page"}))
    for event in (
        {"type": "track", "event": name, "properties": value},
        {"type": "track", "event": "t", "properties": value, "context": value},
        {"type": name, "event": "t", "context": {"htevents": {"schemaVersion": value}}},
        {"type": "page", "name": name, "properties": value, "context": {"htevents": value}},
        {},
    ):
        before = deepcopy(event)
        check(event)
        assert event == before


@given(
    st.recursive(
        st.just({}) | VALUES,
        lambda inner: st.dictionaries(
            st.sampled_from(
                [
                    "properties",
                    "patternProperties",
                    "items",
                    "allOf",
                    "$ref",
                    "required",
                    "type",
                    "dependencies",
                    "not",
                    "definitions",
                    "$schema",
                    "pattern",
                    "additionalProperties",
                ]
            ),
            inner,
            max_size=4,
        ),
        max_leaves=15,
    )
)
def test_a_schema_that_is_none_is_told_and_never_raises(schema):
    assume(isinstance(schema, dict))
    contract = make_contract({"type": "track", "name": "t", "schema": schema})
    if not find_problems(contract):
        make_check(contract)(make_track("t", properties={"a": 1}))


def test_a_deep_event_meets_a_schema_that_refers_to_itself():
    schema = {"properties": {"a": {"$ref": "#"}, "b": {"type": "null"}}}
    data = {"b": 1}
    for _ in range(190):
        data = {"a": data}
    outcome = make_schema_check(schema)(make_track("t", properties=data))
    assert outcome.violations["has_schema_violated"]
    for _ in range(3000):
        data = {"a": data}
    outcome = make_schema_check(schema)(make_track("t", properties=data))
    assert outcome.reasons == ["schema_violation"]


@given(
    st.dictionaries(PATTERNS, SCHEMAS, min_size=2, max_size=4),
    st.dictionaries(NAMES, SCHEMAS, max_size=2),
    st.none() | st.booleans() | SCHEMAS,
    COMPONENTS,
    OBJECTS,
)
def test_a_name_that_several_patterns_match_has_what_all_of_them_declare(
    patterns, named, additional, components, data
):
    """As if each field of the event stood in the schema by its name."""
    rest = {} if additional is None else {"additionalProperties": additional}
    schema = {"properties": named, "patternProperties": patterns, **rest}
    spelt = dict(named)
    for name in data:
        found = [named[name]] if name in named else []
        found += [part for pattern, part in patterns.items() if re.search(pattern, name)]
        if found or additional not in (None, False):
            spelt[name] = {"allOf": found or [additional]}
    by_pattern = compile_declared(make_document(schema, components))
    by_name = compile_declared(make_document({"properties": spelt}, components))
    assert by_pattern.holds(data) is by_name.holds(data)
    assert sorted(by_pattern.find(data)) == sorted(by_name.find(data))
    assert by_pattern.prune(data) == by_name.prune(data)
