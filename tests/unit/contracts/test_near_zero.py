"""Numbers next to zero do not reach the engine, and the event keeps them."""

import pytest

from sluice.contracts.cost import find_cost_faults
from sluice.contracts.near_zero import NEAREST, compares_numbers, move_from_zero


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        (5e-324, NEAREST),
        (-1e-300, -NEAREST),
        ({"a": [1, {"b": 5e-324}], "c": "x"}, {"a": [1, {"b": NEAREST}], "c": "x"}),
    ],
)
def test_a_number_next_to_zero_is_replaced_in_a_copy(value, moved):
    before = repr(value)
    assert move_from_zero(value) == moved
    assert repr(value) == before


@pytest.mark.parametrize("value", [0.0, NEAREST, -1e-19, 1e308, {"a": [0.5, {"b": "5e-324"}], "n": None}, 3])
def test_every_other_value_stays_itself(value):
    assert move_from_zero(value) is value


@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"enum": [1, 2]}},
        {"properties": {"a": {"const": 0.5}}},
        {"properties": {"a": {"const": {"x": [1]}}}},
        {"allOf": [{"minimum": 0.5}]},
        {"multipleOf": 0.01},
        {"uniqueItems": True},
    ],
)
def test_a_schema_that_compares_numbers_is_known(schema):
    assert compares_numbers(schema)


@pytest.mark.parametrize("schema", [{"enum": ["a", None]}, {"minimum": 5}, {"type": "number"}, True])
def test_a_schema_that_compares_none_is_known(schema):
    assert not compares_numbers(schema)


@pytest.mark.parametrize("schema", [{"const": 1e-30}, {"enum": [1, -5e-324]}, {"maximum": 1e-25}])
def test_a_schema_that_compares_with_such_a_number_is_refused(schema):
    assert list(find_cost_faults({"items": {"properties": {"a": schema}}}))


def test_an_enum_of_many_integers_is_refused_in_a_list():
    """The engine looks up integers, and compares every other number with each option."""
    assert list(find_cost_faults({"items": {"enum": list(range(100))}}))
