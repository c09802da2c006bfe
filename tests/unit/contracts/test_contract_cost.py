"""Whatever schema `sluice check` accepts, an event costs a bounded number of schema steps for each value."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sluice.contracts.cost import MOST_POSITIONS, MOST_STEPS, MOST_STEPS_ONCE, _Graph, find_cost_faults
from sluice.contracts.price import (
    count_errors,
    count_positions,
    count_values,
    price_item,
    price_names,
    price_schema,
)
from sluice.contracts.shape import find_reference, list_branches
from tests.unit.contracts.builders_contract import find_problems, make_contract
from tests.unit.contracts.test_contract_fuzz import COMPONENTS, OBJECTS, SCHEMAS, VALUES, make_document


def count_steps(document: Any, schema: Any, value: Any) -> int:
    """The steps of an engine that takes no short cut: every branch is tried, every pattern matches."""
    if not isinstance(schema, dict):
        return 0
    if "$ref" in schema:
        return 1 + count_steps(document, find_reference(document, schema["$ref"])[1], value)
    steps = price_schema(schema)
    same = [part for _, part in list_branches(schema)] + [schema.get("not")]
    steps += sum(count_steps(document, part, value) for part in same)
    if isinstance(value, dict):
        for name, inner in value.items():
            steps += price_names(schema)[0]
            steps += count_steps(document, schema.get("propertyNames"), name)
            steps += sum(count_steps(document, part, inner) for part in list_field(schema, name))
    if isinstance(value, list):
        for n, inner in enumerate(value):
            steps += price_item(schema)
            steps += sum(count_steps(document, part, inner) for part in list_item(schema, n))
    return steps


def list_field(schema: Any, name: str) -> list[Any]:
    properties = schema.get("properties", {})
    found = [properties[name]] if name in properties else [schema.get("additionalProperties")]
    return [*found, *schema.get("patternProperties", {}).values()]


def list_item(schema: Any, n: int) -> list[Any]:
    items = schema.get("items")
    if isinstance(items, list):
        items = items[n] if n < len(items) else schema.get("additionalItems")
    return [items, schema.get("contains")]


def find_faults(schema: Any) -> list[str]:
    return [message for _, message, _ in find_cost_faults(schema)]


@given(SCHEMAS, COMPONENTS, VALUES, st.sampled_from([1, 3, 20]), st.sampled_from([1, 25, 100]))
def test_an_accepted_schema_costs_each_value_a_bounded_number_of_steps(
    schema, components, value, times, options
):
    """Values that are there once share MOST_STEPS_ONCE; a component is dear enough to need it."""
    dear = {"allOf": [components["one"], {"enum": [n + 0.5 for n in range(options)]}]}
    document = make_document({"allOf": [schema] * times}, {**components, "one": dear})
    assume(not find_faults(document))
    most = MOST_STEPS * count_values(value) + MOST_STEPS_ONCE
    assert count_steps(document, document, value) <= most


@given(
    st.dictionaries(st.sampled_from("abc"), SCHEMAS, min_size=1), COMPONENTS, OBJECTS, st.integers(20, 120)
)
def test_fields_that_an_event_has_once_cost_it_a_bounded_number_of_steps(fields, components, value, options):
    dear = {"enum": [n + 0.5 for n in range(options)]}
    named = {name: {"allOf": [{"properties": {"a": dear}}, schema]} for name, schema in fields.items()}
    document = make_document({"properties": {**named, "0": dear}}, {**components, "two": dear})
    assume(not find_faults(document))
    assert count_steps(document, document, value) <= MOST_STEPS * count_values(value) + MOST_STEPS_ONCE


BRANCHES = {
    "numbers in anyOf": {"anyOf": [{"const": n} for n in range(100)]},
    "numbers in oneOf": {"oneOf": [{"const": n + 0.5} for n in range(50)]},
    "not": {"allOf": [{"not": {"const": n}} for n in range(100)]},
    "objects in an enum": {"enum": [{"a": n} for n in range(100)]},
    "mixed options": {"enum": [*range(50), "x"]},
    "one large object": {"const": {"a": list(range(1000))}},
    "branches in branches": {"anyOf": [{"oneOf": [{"required": ["a"]}] * 20}] * 20},
    "dependencies": {"dependencies": {f"f{n}": ["a"] for n in range(1000)}, "properties": {"a": True}},
    "fractions": {"allOf": [{"multipleOf": 0.01}] * 4},
    "a tiny divisor": {"multipleOf": 1e-300},
    "unique items": {"allOf": [{"uniqueItems": True}] * 10},
    "names": {"propertyNames": {"anyOf": [{"const": n} for n in range(100)]}},
    "patterns of names": {"patternProperties": {f"^{n}_": {} for n in range(300)}},
    "dependent schemas": {"dependencies": {f"f{n}": {"required": []} for n in range(1000)}},
    "contained": {"contains": {"anyOf": [{"const": n} for n in range(100)]}},
    "conditions": {"allOf": [{"if": {"const": n}, "then": {"type": "integer"}} for n in range(100)]},
}


@pytest.mark.parametrize("schema", BRANCHES.values(), ids=BRANCHES)
@pytest.mark.parametrize("within", ["items", "additionalProperties"])
def test_a_schema_that_costs_each_value_too_much_is_refused(schema, within):
    contract = make_contract(
        {"type": "track", "name": "t", "schema": {"properties": {"a": {within: schema}}}}
    )
    [problem] = find_problems(contract)
    assert "costs more than 800 steps" in problem.message
    assert problem.hint


def test_the_top_of_an_event_may_cost_more_because_it_is_there_once():
    variants = [
        {"required": ["kind"], "properties": {"kind": {"const": f"k{n}"}, **{f"f{m}": {} for m in range(15)}}}
        for n in range(60)
    ]
    assert find_faults({"oneOf": variants}) == []
    assert find_faults({"properties": {"a": {"properties": {"b": {"oneOf": variants}}}}}) == []
    assert find_faults({"items": {"oneOf": variants}})
    assert find_faults({"oneOf": variants, "properties": {"a": {"$ref": "#"}}})
    assert find_faults({"oneOf": variants * 20})


PRICES = {"enum": [n + 0.99 for n in range(200)]}


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [*range(26), "S", "M", "L"]},
        {"enum": [n / 2 for n in range(70, 120)]},
        {"enum": [n / 2 for n in range(70, 120)] + ["other", None]},
        PRICES,
        {"oneOf": [{"const": n, "title": f"Size {n}"} for n in range(29)]},
        {"anyOf": [{"type": "null"}, {"$ref": "#/definitions/prices"}]},
    ],
)
def test_a_field_that_an_event_has_once_may_cost_more(schema):
    for document in (
        {"properties": {"size": schema}},
        {"properties": {"a": {"properties": {"b": {"allOf": [{"properties": {"size": schema}}]}}}}},
        {"properties": {"size": schema, "children": {"items": {"properties": {"name": {}}}}}},
        {"if": {"required": ["a"]}, "then": {"properties": {"size": schema}}},
        {"dependencies": {"a": {"properties": {"size": {"not": schema}}}}},
        {"properties": {"sizes": {"items": [{}, schema]}}},
    ):
        assert find_faults({**document, "definitions": {"prices": PRICES}}) == []


@pytest.mark.parametrize("word", ["items", "additionalProperties", "contains", "propertyNames"])
def test_a_field_that_an_event_can_have_often_may_not(word):
    for inside in (PRICES, {"properties": {"size": PRICES}}):
        if word != "propertyNames" or inside is PRICES:
            [fault] = find_faults({"properties": {"a": {word: inside}}})
            assert "costs more than 800 steps" in fault


@pytest.mark.parametrize(
    "inside",
    [
        {"properties": {"child": {"$ref": "#/definitions/node"}, "size": PRICES}},
        {"properties": {"child": {"$ref": "#/definitions/node"}, "deep": {"properties": {"size": PRICES}}}},
        {"properties": {"child": {"properties": {"child": {"$ref": "#/definitions/node"}, "size": PRICES}}}},
    ],
)
def test_a_field_in_a_circle_can_be_there_often(inside):
    [fault] = find_faults(
        {"properties": {"top": {"$ref": "#/definitions/node"}}, "definitions": {"node": inside}}
    )
    assert "size costs more than 800 steps" in fault


def test_what_is_once_beside_and_once_inside_of_a_list_is_often():
    both = {"properties": {"size": PRICES, "more": {"items": {"properties": {"size": PRICES}}}}}
    [fault] = find_faults(both)
    assert "costs more than 800 steps" in fault


def test_fields_that_an_event_has_once_share_one_limit():
    one = {"enum": [n + 0.5 for n in range(120)]}
    assert find_faults({"properties": {"a": one, "b": one}}) == []
    [fault] = find_faults({"properties": {f"f{n}": {"enum": [*one["enum"], f"f{n}"]} for n in range(4)}})
    assert fault == (
        "the schema is too expensive: f0, f1, f2 … cost more than 10,000 steps together in an event"
    )
    [fault] = find_faults({"properties": {"a": one, "b": one, "c": one}})
    assert "a and 2 more with the same schema cost more than 10,000 steps in an event" in fault


def test_each_way_of_references_to_a_field_counts():
    definitions = {"d0": PRICES}
    for n in range(8):
        inner = {"$ref": f"#/definitions/d{n}"}
        definitions[f"d{n + 1}"] = {"properties": {"a": inner, "b": inner}}
    assert find_faults({"$ref": "#/definitions/d0", "definitions": definitions}) == []
    assert find_faults({"$ref": "#/definitions/d8", "definitions": definitions})


def test_cheap_fields_do_not_count_against_the_limit_of_an_event():
    cheap = {"enum": [n + 0.5 for n in range(19)]}
    assert find_faults({"properties": {f"f{n}": cheap for n in range(1000)}}) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"uniqueItems": True}] * 10},
        {"allOf": [{"multipleOf": 0.01}] * 12},
        {"allOf": [{"minimum": 0.5, "maximum": 1.5}] * 40},
        {"anyOf": [{"contains": False}] * 1000},
        {"patternProperties": {f"^{n}": True for n in range(101)}},
    ],
)
def test_what_costs_more_with_a_longer_value_is_refused_though_an_event_has_it_once(schema):
    [fault] = find_faults({"properties": {"a": schema}})
    assert "steps" in fault


def test_a_schema_that_grows_with_each_reference_is_refused():
    nested = {"items": {"anyOf": [{"required": ["a"]}] * 3}}
    for _ in range(5):
        nested = {"items": {"anyOf": [nested] * 3}}
    assert [fault for fault in find_faults(nested) if "steps" in fault]


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "(a{1,100}){1,100}b"},
        {"allOf": [{"pattern": f"a.{{200}}{n}"} for n in range(3)]},
        {"propertyNames": {"pattern": "(.*?,){501}"}},
        {"patternProperties": {"(a|b)*a(a|b){400}": {}}},
    ],
)
def test_regexes_that_are_large_when_written_out_are_refused(schema):
    [fault] = find_faults({"properties": {"a": schema}})
    assert "more than 500 positions" in fault


def test_a_reference_into_a_branch_is_refused():
    schema = {"properties": {"a": {"anyOf": [{"type": "null"}]}, "b": {"$ref": "#/properties/a/anyOf/0"}}}
    assert find_faults(schema) == ["$ref to '#/properties/a/anyOf/0' leads into a branch of anyOf or oneOf"]
    assert find_faults({"properties": {"anyOf": {}, "b": {"$ref": "#/properties/anyOf"}}}) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [f"currency-{n}" for n in range(2000)]},
        {"enum": [*map(str, range(500)), None]},
        {"enum": list(range(200))},
        {"items": {"enum": list(range(15))}},
        {"properties": {f"f{n}": {"type": "string", "minLength": 1} for n in range(1000)}},
        {
            "items": {
                "required": ["id"],
                "properties": {"id": {"type": "string", "pattern": "^[A-Z0-9-]{1,40}$"}},
            }
        },
        {"oneOf": [{"properties": {"kind": {"const": f"k{n}"}}, "required": ["kind"]} for n in range(40)]},
        {"properties": {"note": {"type": "string", "pattern": "^.{0,1000}$"}}},
        {"items": {"pattern": "^[A-Z]{2}[0-9]{1,600}$"}},
        {"properties": {"price": {"type": "number", "minimum": 0.01, "multipleOf": 0.01}}},
        {"properties": {"children": {"items": {"$ref": "#"}}, "name": {"type": "string"}}},
        {"properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}},
    ],
)
def test_an_ordinary_schema_is_not_too_expensive(schema):
    assert find_faults(schema) == []


@pytest.mark.parametrize(
    ("pattern", "positions"),
    [
        ("abc", 3),
        ("^a{3}$", 1),
        ("^.{0,1000}$", 1),
        (r"^[A-Z]{3}-\d{4}[^\]x]{1,900}", 4),
        ("^[{3}]x$", 2),
        ("^a{2}{3}$", 6),
        ("^.{0,1000}a$", 1002),
        ("^.{0,600}.{0,600}$", 1202),
        ("^(.{0,600})$", 601),
        ("^a|b{600}$", 601),
        (".{0,1000}$", 1001),
        (r"^\p{L}{600}$", 603),
        ("a{2,}", 3),
        ("a{2,5}b", 7),
        ("(ab){10}", 20),
        ("((a|bc){3}d){2}", 20),
        ("[a-z]{4}", 4),
        (r"[\]{9}]x", 2),
        (r"\{5}", 3),
        ("(a{1,100}){1,100}b", 10_202),
        ("a*b+c?", 3),
        ("a{x}", 4),
    ],
)
def test_the_positions_of_a_regex_are_its_characters_written_out(pattern, positions):
    assert count_positions(pattern) == positions
    assert (count_positions(pattern) > MOST_POSITIONS) is (positions > MOST_POSITIONS)


def test_a_circle_counts_once_where_references_are_written_out():
    document = {"properties": {"child": {"$ref": "#"}, "name": {"type": "string"}}}
    assert _Graph(document).measure(document) == 3


def test_references_count_as_often_as_they_are_followed():
    document = {"definitions": {"name": {"type": "string"}}, "allOf": [{"$ref": "#/definitions/name"}] * 2}
    assert _Graph(document).measure(document) == 5


def test_a_circle_with_more_ways_than_can_be_followed_is_found_without_following_them():
    """Each definition leads to the next one twice: 2⁶⁰ ways to the field that leads back."""
    deep = {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(60)}
    document = {
        "$ref": "#/definitions/d0",
        "definitions": {**deep, "d60": {"properties": {"a": {"$ref": "#"}}}},
    }
    assert _Graph(document).find_doubling() is not None


@pytest.mark.parametrize(
    ("schema", "errors"),
    [
        ({}, 0),
        ({"type": "object", "title": "not a rule"}, 1),
        ({"required": ["a", "b", "c"]}, 4),
        ({"dependencies": {"a": ["b", "c"], "d": {"type": "string"}}}, 2),
        ({"enum": [1, 2, 3]}, 5),
    ],
)
def test_the_errors_that_a_schema_can_have_at_one_value(schema, errors):
    assert count_errors(schema) == errors
