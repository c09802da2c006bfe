"""Explained mappings: never another value than the engine's, and where it came from."""

from copy import deepcopy

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import MappingError
from sluice.explain.mappings import SHOWN_ITEMS, explain_mapping, explain_source
from sluice.fields import MISSING
from sluice.mapping import compile_mapping
from sluice.source_syntax import SPREAD, SourceError
from sluice.values import compile_value
from tests.unit.test_values import events, outputs, sources

EVENT = {
    "userId": "u-1",
    "properties": {"total": "12.5", "note": None, "list": [{"sku": "a"}, {"sku": "b"}], "when": "soon"},
}
MISSES = "the event has no such field"


@given(sources, events)
def test_a_source_is_explained_with_the_value_that_the_engine_gives(source, event):
    origin, before = explain_source(source, event), deepcopy(event)
    try:
        value = compile_value(source)(event)
    except MappingError:
        assert origin.error
        assert origin.value is MISSING
        return
    assert origin.error == ""
    assert repr(origin.value) == repr(value)
    assert repr(event) == repr(before)


@given(st.dictionaries(st.one_of(outputs, st.just(SPREAD)), sources, max_size=4), events)
def test_a_mapping_fails_where_a_field_of_it_is_explained_to_fail(spec, event):
    try:
        payload = compile_mapping(spec)(event)
    except SourceError:
        return
    except MappingError:
        assert any(origin.error for origin in explain_mapping(spec, event))
        return
    origins = explain_mapping(spec, event)
    assert not any(origin.error for origin in origins)
    filled = {
        origin.name: origin.value
        for origin in origins
        if origin.name != SPREAD and origin.value is not MISSING
    }
    told = compile_mapping({name: {"value": 0} for name in filled})({})
    assert told.keys() <= payload.keys()


@given(sources, events)
def test_a_field_that_is_left_out_says_why(source, event):
    origin = explain_source(source, event)
    assert origin.value is not MISSING or origin.error or origin.steps


@pytest.mark.parametrize(
    ("source", "value", "told", "steps"),
    [
        ({"field": "userId"}, "u-1", "field userId", ()),
        ({"field": "properties.note"}, None, "field properties.note", ()),
        ({"field": "no"}, MISSING, "field no", (MISSES,)),
        ({"field": "no", "if_missing": "omit"}, MISSING, "field no", (f"{MISSES}; if_missing: omit",)),
        ({"field": "no", "if_missing": "null"}, None, "field no", (f"{MISSES}; if_missing: null",)),
        ({"field": "no", "if_missing": 5}, 5, "field no", (f"{MISSES}; if_missing: 5",)),
        (
            {"field": "no", "if_missing": {"field": "userId"}},
            "u-1",
            "field no",
            (f"{MISSES}; if_missing: field userId",),
        ),
        ({"field": "properties.total", "as": "number"}, 12.5, "field properties.total", ("as number",)),
        (
            {"field": "properties.when", "as": "number", "on_error": 0},
            0,
            "field properties.when",
            ("as number", '"soon" is not a number; on_error: 0'),
        ),
        (
            {"field": "properties.when", "as": "number", "on_error": "omit", "if_missing": 1},
            1,
            "field properties.when",
            ("as number", '"soon" is not a number; on_error: omit; if_missing: 1'),
        ),
        ({"value": "USD"}, "USD", 'value "USD"', ()),
        ({"template": "{{ row.userId | upcase }}"}, "U-1", "template {{ row.userId | upcase }}", ()),
        ({"array": [{"field": "userId"}, {"field": "no"}]}, ["u-1"], "array of 2", ()),
        ({"a": {"field": "no"}}, MISSING, "object", ("nothing in it has a value",)),
        (
            {"each": "properties.list", "array": {"field": "item.sku"}},
            ["a", "b"],
            "each properties.list",
            (),
        ),
        ({"each": "no", "array": {"field": "item"}}, MISSING, "each no", ("no is missing",)),
        (
            {"each": "properties.note", "array": {"field": "item"}},
            MISSING,
            "each properties.note",
            ("properties.note is null",),
        ),
    ],
    ids=str,
)
def test_a_source_tells_where_its_value_came_from(source, value, told, steps):
    origin = explain_source(source, EVENT)
    assert (origin.value, origin.source, origin.steps) == (value, told, steps)


def test_a_field_that_must_be_there_says_that_it_is_not():
    origin = explain_source({"field": "no", "if_missing": "error"}, EVENT)
    assert (origin.error, origin.steps) == ("the event has no value for it", (MISSES,))


def test_what_is_inside_an_object_or_a_list_is_told_too():
    spec = {"user": {"id": {"field": "userId"}}, "tags": {"array": [{"field": "no"}, {"value": 1}]}}
    user, tags = explain_mapping(spec, EVENT)
    assert [(part.name, part.value) for part in user.parts] == [("id", "u-1")]
    assert [(part.name, part.value) for part in tags.parts] == [("0", MISSING), ("1", 1)]


def test_the_first_items_of_a_list_are_told():
    source = {"each": "list", "array": {"field": "item"}}
    origin = explain_source(source, {"list": list(range(9))})
    assert [part.value for part in origin.parts] == list(range(SHOWN_ITEMS))
    assert origin.value == list(range(9))


def test_each_spread_is_told_by_itself():
    spec = {SPREAD: [{"field": "properties"}, {"field": "userId"}]}
    good, bad = explain_mapping(spec, EVENT)
    assert (good.value, good.error) == (EVENT["properties"], "")
    assert bad.error == 'only an object can be spread, not "u-1"'


def test_what_is_explained_can_be_written_as_json():
    origin = explain_source({"template": "{{ row }}"}, EVENT)
    assert orjson.dumps(origin.value)
