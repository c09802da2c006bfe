"""What the spec and a contract declare together."""

import pytest

from sluice.contracts.standard import merge

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        ({}, {}, {}),
        ({"properties": {}}, {}, {}),
        ({"type": "object"}, {"properties": {"a": TEXT}}, {"properties": {"a": TEXT}}),
        (
            {"properties": {"a": TEXT}},
            {"properties": {"b": NUMBER}},
            {"properties": {"a": TEXT, "b": NUMBER}},
        ),
        (
            {"properties": {"a": {"properties": {"b": TEXT}}}},
            {"properties": {"a": {"properties": {"c": TEXT}}}},
            {"properties": {"a": {"properties": {"b": TEXT, "c": TEXT}}}},
        ),
        ({"properties": {"a": True}}, {"properties": {"a": TEXT}}, {"properties": {"a": True}}),
    ],
)
def test_fields_of_both_schemas_are_declared(first, second, merged):
    assert merge(first, second) == merged
