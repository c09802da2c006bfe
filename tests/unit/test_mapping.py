"""Mappings from an event to a destination's payload."""

from copy import deepcopy

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import MappingError, WorkspaceError
from sluice.fields import MISSING, compile_field, format_field
from sluice.mapping import compile_mapping
from sluice.reasons import Reason

EVENT = {"userId": "u-1", "event": None, "properties": {"total": 12.5, "list": [1, {"a": 2}]}}


@pytest.mark.parametrize(
    ("spec", "payload"),
    [
        (None, EVENT),
        ({}, {}),
        ({"id": {"field": "userId"}}, {"id": "u-1"}),
        ({"id": {"field": "nothing"}}, {}),
        ({"name": {"field": "event"}}, {"name": None}),
        ({"currency": {"value": "USD"}}, {"currency": "USD"}),
        ({"nothing": {"value": None}}, {"nothing": None}),
        ({"tags": {"value": ["a", {"b": 1}]}}, {"tags": ["a", {"b": 1}]}),
        ({"custom.all": {"field": "properties"}}, {"custom": {"all": EVENT["properties"]}}),
        ({"a.b.c": {"value": 1}, "a.b.d": {"value": 2}}, {"a": {"b": {"c": 1, "d": 2}}}),
        ({"a.b": {"field": "nothing"}}, {}),
        ({r"a\.b": {"value": 1}}, {"a.b": 1}),
        ({"two words": {"value": 1}}, {"two words": 1}),
    ],
)
def test_a_mapping_fills_its_fields(spec, payload):
    assert compile_mapping(spec)(EVENT) == payload


@pytest.mark.parametrize(
    "spec",
    [
        {"a": {}},
        {"a": {"field": 1}},
        {"a": {"field": "x", "value": 1}},
        {"a": {"tmplate": "x"}},
        {"a": {"field": "x."}},
        {"": {"value": 1}},
        {"a.": {"value": 1}},
        {"a": {"value": 1}, "a.b": {"value": 2}},
        {"a.b": {"value": 2}, "a": {"value": 1}},
        {"a.b.c": {"value": 2}, "a.b": {"value": 1}},
    ],
)
def test_what_is_no_mapping_is_refused(spec):
    with pytest.raises(WorkspaceError):
        compile_mapping(spec)


HASH = {"template": "{{ row.email | downcase | strip | sha256 }}"}


@pytest.mark.parametrize("event", [{}, {"email": None}, {"email": ""}, {"email": " \t\u200b"}])
def test_users_without_an_address_share_no_hash(event):
    assert compile_mapping({"email": HASH, "id": {"value": 1}})(event) == {"id": 1}
    assert compile_mapping({"email": HASH | {"if_missing": "omit"}})(event) == {}
    assert compile_mapping({"email": HASH | {"if_missing": "null"}})(event) == {"email": None}
    with pytest.raises(MappingError) as caught:
        compile_mapping({"email": HASH | {"if_missing": "error"}})(event)
    assert caught.value.reason is Reason.MISSING_REQUIRED_FIELD
    assert caught.value.field == "email"


def test_a_constant_is_the_operators_and_not_the_callers_to_change():
    tags = ["a"]
    mapper = compile_mapping({"tags": {"value": tags}})
    tags.append("b")
    assert mapper(EVENT) == {"tags": ["a"]}


targets = st.lists(st.sampled_from("xyz"), min_size=1, max_size=3).map(tuple)
sources = st.one_of(
    st.sampled_from(
        ["userId", "event", "properties", "properties.total", "properties.list.1", "no.thing"]
    ).map(lambda field: {"field": field}),
    st.sampled_from([1, "text", None, [1]]).map(lambda value: {"value": value}),
)
specs = st.dictionaries(targets, sources, max_size=5).filter(
    lambda spec: not any(a != b and b[: len(a)] == a for a in spec for b in spec)
)


@given(specs)
def test_every_field_is_where_its_target_says(spec):
    payload = compile_mapping({format_field(target): source for target, source in spec.items()})(EVENT)
    for target, source in spec.items():
        expected = source["value"] if "value" in source else compile_field(source["field"])(EVENT)
        found = compile_field(format_field(target))(payload)
        assert found is MISSING if expected is MISSING else found == expected


@given(specs)
def test_mapping_leaves_the_event_as_it_was(spec):
    event = deepcopy(EVENT)
    compile_mapping({format_field(target): source for target, source in spec.items()})(event)
    assert event == EVENT


@given(specs)
def test_a_mapping_gives_the_same_every_time(spec):
    mapper = compile_mapping({format_field(target): source for target, source in spec.items()})
    assert orjson.dumps(mapper(EVENT)) == orjson.dumps(mapper(EVENT))
