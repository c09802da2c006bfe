"""Schemas whose mistakes show only when they are looked at as a whole: circles, and what a $ref leads to."""

import pytest

from sluice.contracts.cost import find_cost_faults
from tests.unit.contracts.builders_contract import find_problems, make_contract


def find_schema_problems(schema):
    contract = make_contract({"type": "track", "name": "t", "schema": schema})
    return [(problem.place[3:], problem.message) for problem in find_problems(contract)]


BAD = [
    {"type": "strng"},
    {"type": 3},
    {"required": 3},
    {"required": [{}]},
    {"properties": 3},
    {"properties": {"a": 3}},
    {"patternProperties": 3},
    {"pattern": "^(?!x)"},
    {"allOf": 3},
    {"allOf": [3]},
    {"dependencies": 3},
    {"minLength": -1},
    {"$ref": "https://example.com/schema.json"},
    {"$ref": "#/nowhere"},
]


@pytest.mark.parametrize("word", ["default", "const"])
@pytest.mark.parametrize("bad", BAD, ids=str)
def test_a_reference_to_data_that_is_not_a_schema_is_refused_by_the_validator(word, bad):
    """What stands in `default` or `const` is data: the other checks do not read it as a schema."""
    schema = {"properties": {"x": {word: bad}, "y": {"$ref": f"#/properties/x/{word}"}}}
    [(place, message)] = find_schema_problems(schema)
    assert (place, message.partition(":")[0]) == ((), "the schema is refused")


def test_data_that_nothing_refers_to_may_be_anything():
    assert (
        find_schema_problems({"properties": {f"x{n}": {"default": bad} for n, bad in enumerate(BAD)}}) == []
    )


def test_a_schema_that_is_nested_too_deep_for_the_validator_is_refused():
    schema = {}
    for _ in range(300):
        schema = {"not": schema}
    assert find_schema_problems(schema) == [((), "the schema is refused: Recursion limit reached")]


def nest(depth, inside):
    """An object in an object and so on, with `inside` at the end."""
    for n in range(depth):
        inside = {"properties": {f"n{n}": inside}}
    return inside


TREE = {"properties": {"child": {"$ref": "#/definitions/tree"}}}


@pytest.mark.parametrize("depth", range(6))
def test_two_ways_into_circles_are_found_however_far_the_circle_is(depth):
    """One leads back to the schema itself, the other one to a circle `depth` levels further down."""
    far = nest(depth, {"$ref": "#/definitions/tree"})
    both = [{"properties": {"x": far}}, {"properties": {"x": {"$ref": "#"}}}]
    [(_, message, _)] = find_cost_faults({"definitions": {"tree": TREE}, "anyOf": both})
    assert message == "the schema refers to itself in two ways for the same field or item"


@pytest.mark.parametrize("word", ["additionalProperties", "patternProperties"])
def test_a_field_by_name_and_any_field_are_two_ways_into_circles(word):
    anywhere = {"$ref": "#"} if word == "additionalProperties" else {"^x": {"$ref": "#"}}
    both = [{"properties": {"x": {"$ref": "#"}}}, {word: anywhere}]
    [(_, message, _)] = find_cost_faults({"anyOf": both})
    assert message == "the schema refers to itself in two ways for the same field or item"


def test_an_item_by_index_and_any_item_are_two_ways_into_circles():
    both = [{"items": [{}, {"$ref": "#"}]}, {"contains": {"$ref": "#"}}]
    [(_, message, _)] = find_cost_faults({"anyOf": both})
    assert message == "the schema refers to itself in two ways for the same field or item"


@pytest.mark.parametrize("depth", range(6))
def test_one_way_into_a_circle_beside_one_that_ends_is_no_fault(depth):
    both = [{"properties": {"x": nest(depth, {})}}, {"properties": {"x": {"$ref": "#"}}}]
    assert list(find_cost_faults({"anyOf": both})) == []


@pytest.mark.parametrize("depth", range(4))
def test_ways_into_circles_for_different_fields_are_no_fault(depth):
    far = nest(depth, {"$ref": "#/definitions/tree"})
    both = [{"properties": {"x": far}}, {"properties": {"y": {"$ref": "#"}}}]
    assert list(find_cost_faults({"definitions": {"tree": TREE}, "anyOf": both})) == []
