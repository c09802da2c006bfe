"""Filters, one by one and against an interpreter that is too plain to be wrong."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import WorkspaceError
from sluice.fields import MISSING, compile_field
from sluice.filters import compile_filter

EVENT = {
    "type": "track",
    "event": "Order Completed",
    "properties": {"total": 12.5, "gift": True, "note": None},
    "list": [True, {"a": [0]}],
}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, True),
        ({"field": "type", "op": "equals", "value": "track"}, True),
        ({"field": "type", "op": "equals", "value": "Track"}, False),
        ({"field": "type", "op": "equals", "value": None}, False),
        ({"field": "properties.note", "op": "equals", "value": None}, True),
        ({"field": "nothing", "op": "equals", "value": None}, False),
        ({"field": "properties.total", "op": "equals", "value": 12.5}, True),
        ({"field": "properties.total", "op": "equals", "value": "12.5"}, False),
        ({"field": "properties.gift", "op": "equals", "value": True}, True),
        ({"field": "properties.gift", "op": "equals", "value": 1}, False),
        ({"field": "properties.gift", "op": "equals", "value": "true"}, False),
        ({"field": "properties", "op": "equals", "value": {"gift": True, "note": None, "total": 12.5}}, True),
        ({"field": "properties", "op": "equals", "value": {"gift": 1, "note": None, "total": 12.5}}, False),
        ({"field": "list", "op": "equals", "value": [True, {"a": [0]}]}, True),
        ({"field": "list", "op": "equals", "value": [1, {"a": [0]}]}, False),
        ({"field": "list", "op": "equals", "value": [True, {"a": [False]}]}, False),
        ({"field": "type", "op": "not_equals", "value": "page"}, True),
        ({"field": "type", "op": "not_equals", "value": "track"}, False),
        ({"field": "nothing", "op": "not_equals", "value": "track"}, True),
        ({"field": "event", "op": "in", "value": ["Order Refunded", "Order Completed"]}, True),
        ({"field": "event", "op": "in", "value": []}, False),
        ({"field": "nothing", "op": "in", "value": ["a"]}, False),
        ({"field": "properties", "op": "in", "value": ["a"]}, False),
        ({"field": "properties.total", "op": "in", "value": [12.5, "a"]}, True),
        ({"field": "properties.gift", "op": "in", "value": [1, 0]}, False),
        ({"field": "properties.note", "op": "in", "value": [None]}, True),
        ({"field": "properties.note", "op": "exists"}, True),
        ({"field": "properties.nothing", "op": "exists"}, False),
        ({"all": [{"field": "type", "op": "exists"}, {"field": "x", "op": "exists"}]}, False),
        ({"any": [{"field": "type", "op": "exists"}, {"field": "x", "op": "exists"}]}, True),
        ({"all": []}, True),
        ({"any": []}, False),
    ],
)
def test_a_filter_matches(spec, expected):
    assert compile_filter(spec)(EVENT) is expected


@pytest.mark.parametrize(
    "spec", [{}, {"field": "a"}, {"op": "equals"}, {"field": "a", "op": "is"}, {"field": "", "op": "exists"}]
)
def test_what_is_no_filter_is_refused(spec):
    with pytest.raises(WorkspaceError):
        compile_filter(spec)


scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5, "", "a", "b", "1"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
events = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
fields = st.sampled_from(["a", "b", "c", "a.a", "a.b", "a.0"])
conditions = st.one_of(
    st.fixed_dictionaries(
        {"field": fields, "op": st.sampled_from(["equals", "not_equals"]), "value": values}
    ),
    st.fixed_dictionaries({"field": fields, "op": st.just("in"), "value": st.lists(values, max_size=3)}),
    st.fixed_dictionaries({"field": fields, "op": st.just("exists")}),
)
specs = st.recursive(
    conditions,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([{"all": parts}, {"any": parts}])
    ),
    max_leaves=6,
)


def tell_apart(value):
    """A value that is equal to another only where JSON's are: true is not 1, 1 is 1.0."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, dict):
        return {name: tell_apart(inner) for name, inner in value.items()}
    return [tell_apart(inner) for inner in value] if isinstance(value, list) else value


def interpret(spec, event):
    if "all" in spec:
        return all(interpret(part, event) for part in spec["all"])
    if "any" in spec:
        return any(interpret(part, event) for part in spec["any"])
    found = compile_field(spec["field"])(event)
    match spec["op"]:
        case "exists":
            return found is not MISSING
        case "in":
            return found is not MISSING and tell_apart(found) in [
                tell_apart(value) for value in spec["value"]
            ]
        case op:
            same = found is not MISSING and tell_apart(found) == tell_apart(spec["value"])
            return same if op == "equals" else not same


@given(specs, events)
def test_a_compiled_filter_says_what_its_text_says(spec, event):
    assert compile_filter(spec)(event) is interpret(spec, event)


@given(specs, events)
def test_a_filter_leaves_the_event_as_it_was(spec, event):
    before = deepcopy(event)
    compile_filter(spec)(event)
    assert event == before
