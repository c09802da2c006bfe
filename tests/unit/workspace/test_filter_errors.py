"""Every mistake of a filter at once, each at its own place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import WorkspaceError
from sluice.filters import compile_filter
from sluice.workspace.filter_errors import find_filter_errors

CONDITION = {"field": "type", "op": "equals", "value": "track"}


@pytest.mark.parametrize(
    "spec",
    [
        CONDITION,
        {"field": "userId", "op": "exists"},
        {"field": "userId", "op": "equals", "value": None},
        {"field": "event", "op": "in", "value": []},
        {"all": [CONDITION]},
        {"any": [{"all": [CONDITION, CONDITION]}, {"field": "a", "op": "exists"}]},
        {"not": {"template": "x", "op": "equals", "value_field": "event", "case_insensitive": True}},
    ],
)
def test_nothing_is_wrong_with_a_filter(spec):
    assert list(find_filter_errors(spec)) == []


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"field": "type"},
        {"op": "exists"},
        {"value": 1},
        {"field": "type", "op": "equals"},
        {"field": "type", "op": "matches", "value": "("},
        {"field": "type", "op": "greater_than", "value": "5"},
        {"field": "type", "template": "x", "op": "exists"},
        {"field": "type", "op": "exists", "value": 1},
        {"field": "type", "op": "in", "value": "track"},
        {"field": None, "op": "equals", "value": 1},
        {"field": "type", "op": None, "value": 1},
        {"field": "{{ row.type }}", "op": "exists"},
        {"field": "type", "op": "equals", "value_field": "{{ row.type }}"},
        {"all": None},
        {"all": []},
        {"any": None},
        {"all": [CONDITION], "any": [CONDITION]},
        {"all": [CONDITION], "any": None},
        {**CONDITION, "all": [CONDITION]},
        {"all": [{}]},
        {"not": [CONDITION]},
    ],
)
def test_a_filter_with_a_mistake_is_refused(spec):
    assert len(list(find_filter_errors(spec))) == 1


def list_errors(spec):
    return [(error.place, error.message, error.hint) for error in find_filter_errors(spec)]


def test_every_mistake_of_a_filter_is_told_at_its_place():
    spec = {
        "all": [
            {"field": "a..b", "op": "equal", "value": 1},
            {"any": [{"feild": "type", "op": "exists"}, CONDITION]},
            {"not": {"template": "{{ row.event | upcas }}", "op": "matches", "value": "("}},
            {**CONDITION, "op": "greater_than"},
            {"field": "type", "op": "is_true", "case_insensitive": True},
        ]
    }
    assert [error.place for error in find_filter_errors(spec)] == [
        ("all", 0, "op"),
        ("all", 0, "field"),
        ("all", 1, "any", 0, "feild"),
        ("all", 2, "not", "template"),
        ("all", 2, "not", "value"),
        ("all", 3, "value"),
        ("all", 4, "case_insensitive"),
    ]


def test_a_misspelt_key_is_read_as_the_one_that_was_meant():
    [key, operator] = list_errors({"al": [{"field": "type", "op": "equal", "value": "track"}]})
    assert key[:2] == (("al",), "a filter has no key 'al'")
    assert key[2].startswith("did you mean all? keys here are: field, template, op")
    assert operator == (("al", 0, "op"), "there is no operator 'equal'", "did you mean equals?")


def test_what_follows_from_an_unknown_key_is_not_told():
    assert [place for place, _, _ in list_errors({"xyz": "type", "op": "equals"})] == [("xyz",)]


words = ["field", "op", "value", "value_field", "case_insensitive", "all", "any", "not", "feild"]
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["a", "a.b", "a..b", "equals", "matches", "["]),
    lambda inner: st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.sampled_from(words), inner),
    max_leaves=12,
)


@given(junk)
def test_errors_are_found_exactly_where_a_filter_does_not_compile(spec):
    try:
        if not isinstance(spec, dict):
            raise WorkspaceError("no filter")
        compile_filter(spec)
    except WorkspaceError:
        assert list_errors(spec)
    else:
        assert list_errors(spec) == []
