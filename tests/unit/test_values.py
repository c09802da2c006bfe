"""Value sources: what is refused and where, and what holds for every source and every event."""

from copy import deepcopy

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sluice.errors import MappingError
from sluice.fields import MISSING
from sluice.source_syntax import KINDS, OPTIONS, SourceError
from sluice.values import MAX_ALL_ITEMS, MAX_ITEMS, MAX_STEPS, compile_value
from sluice.workspace import models

REFUSED = [
    ("a.b", (), 'for a field of the event: {field: "a.b"}; for a constant: {value: "a.b"}'),
    ("{{ row.a }}", (), 'for Liquid: {template: "{{ row.a }}"}'),
    (None, (), "for a constant: {value: null}"),
    (True, (), "for a constant: {value: true}"),
    ({"field": "{{ row.a }}"}, ("field",), "write `template`"),
    (5, (), "for a constant: {value: 5}"),
    ([{"field": "a"}], (), "write {array: […]}"),
    ({}, (), "write one of"),
    ({"feild": "a"}, ("feild",), "did you mean field?"),
    ({"tempalte": "a"}, ("tempalte",), "did you mean template?"),
    ({"field": "a", "value": 1}, ("value",), "keep one of them"),
    ({"field": "a", "if_mising": "null"}, ("if_mising",), "did you mean if_missing?"),
    ({"value": 1, "as": "string"}, ("as",), "known here: value"),
    ({"value": 1, "if_missing": "null"}, ("if_missing",), "known here: value"),
    ({"as": "string"}, (), "write one of"),
    ({"field": 1}, ("field",), "write it as text"),
    ({"field": "a..b"}, ("field",), "separate names by one dot"),
    ({"field": "a", "as": "nubmer"}, ("as",), "did you mean number?"),
    ({"field": "a", "as": "array"}, ("as",), "known here"),
    ({"field": "a", "as": None}, ("as",), "known here"),
    ({"field": "a", "as": ["number"]}, ("as",), "number"),
    ({"field": "a", "if_missing": "eror"}, ("if_missing",), "did you mean error?"),
    ({"field": "a", "if_missing": "USD"}, ("if_missing",), 'for a default: {value: "USD"}'),
    ({"field": "a", "if_missing": ""}, ("if_missing",), 'for a default: {value: ""}'),
    ({"field": "a", "if_missing": {"feild": "b"}}, ("if_missing", "feild"), "did you mean field?"),
    ({"field": "a", "on_error": "ommit"}, ("on_error",), "did you mean omit?"),
    ({"template": 1}, ("template",), "write it as text"),
    ({"array": {"field": "a"}}, ("array",), "one source needs `each`"),
    ({"array": "a"}, ("array",), "write {array:"),
    ({"array": [{"field": "a"}, {"feild": "b"}]}, ("array", 1, "feild"), "did you mean field?"),
    ({"each": "a", "array": [{"field": "item"}]}, ("array",), "write what an item becomes"),
    ({"each": "a..b", "array": {"field": "item"}}, ("each",), "separate names by one dot"),
    ({"each": 1, "array": {"field": "item"}}, ("each",), "write it as text"),
    ({"each": "a"}, (), "write one of"),
    ({"each": "a", "field": "b"}, ("each",), "known here: as, field, if_missing, on_error"),
    ({"object": [1]}, ("object",), "write {object:"),
    ({"object": {"a": {"feild": "b"}}}, ("object", "a", "feild"), "did you mean field?"),
    ({"a": {"b": {"feild": "c"}}}, ("a", "b", "feild"), "did you mean field?"),
    ({"a": {"value": 1}, "b": 2}, ("b",), "write one of"),
    ({"a.b": {"value": 1}, "a": {"value": 2}}, ("a",), ""),
    ({"a.": {"value": 1}}, ("a.",), "separate names by one dot"),
    ({"...": {"feild": "a"}}, ("...", "feild"), "did you mean field?"),
    ({"...": [{"field": "a"}, 5]}, ("...", 1), "for a constant: {value: 5}"),
]


def test_an_error_without_a_place_in_a_text_has_no_line():
    error = SourceError("wrong", ("a", 1), hint="write b")
    assert (error.message, error.place, error.hint) == ("wrong", ("a", 1), "write b")
    assert (error.line, error.column) == (0, 0)


@pytest.mark.parametrize(("source", "place", "hint"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_what_is_no_source_is_refused_with_its_place_and_a_hint(source, place, hint):
    with pytest.raises(SourceError) as caught:
        compile_value(source)
    assert caught.value.place == place
    assert hint in caught.value.hint


def test_a_template_that_does_not_parse_is_refused_with_its_place():
    with pytest.raises(SourceError) as caught:
        compile_value({"array": [{"template": "{{ row.a | nothing_of_the_kind }}"}]})
    assert caught.value.place == ("array", 0, "template")
    assert caught.value.line == 1


def test_sources_do_not_nest_without_end():
    source = {"field": "a"}
    for _ in range(MAX_STEPS):
        source = {"a": source}
    compile_value(source)
    with pytest.raises(SourceError, match="too deep"):
        compile_value({"a": source})
    with pytest.raises(SourceError, match="too deep"):
        compile_value({".".join("a" * 100): {"value": 1}})


def test_a_dotted_name_nests_as_deep_as_sources_do():
    compile_value({".".join("a" * (MAX_STEPS + 1)): {"value": 1}})
    with pytest.raises(SourceError, match="too deep"):
        compile_value({".".join("a" * (MAX_STEPS + 2)): {"value": 1}})


def test_a_constant_is_the_operators_and_not_the_callers_to_change():
    tags = ["a"]
    get = compile_value({"field": "a", "if_missing": tags})
    tags.append("b")
    assert get({}) == ["a"]


def test_each_stops_at_so_many_items():
    get = compile_value({"each": "list", "array": {"field": "item"}})
    assert len(get({"list": [1] * MAX_ITEMS})) == MAX_ITEMS
    with pytest.raises(MappingError, match="items at most"):
        get({"list": [1] * (MAX_ITEMS + 1)})


def test_each_of_an_empty_list_is_an_empty_list():
    assert compile_value({"each": "list", "array": {"field": "item"}})({"list": []}) == []


def test_an_each_in_an_each_may_take_all_items_that_it_is_allowed():
    get = compile_value({"each": "orders", "array": {"each": "item.lines", "array": {"field": "item"}}})
    lines = MAX_ALL_ITEMS // 10 - 1
    assert len(get({"orders": [{"lines": [1] * lines}] * 10})) == 10
    with pytest.raises(MappingError, match="items at most in all"):
        get({"orders": [{"lines": [1] * lines}] * 9 + [{"lines": [1] * (lines + 1)}]})


EACH_IN_EACH = {
    "each": "list",
    "array": {"lines": {"each": "list", "array": {"each": "list", "array": {"field": "no"}}}},
}


def test_an_each_in_an_each_has_a_most_number_of_items_in_all():
    get = compile_value(EACH_IN_EACH)
    with pytest.raises(MappingError, match=f"{MAX_ALL_ITEMS} items at most in all"):
        get({"list": [1] * 25})
    side = 21  # and 21**2 and 21**3
    assert get({"list": [1] * side}) is MISSING


def test_what_an_each_in_an_each_took_is_not_taken_from_the_next_event():
    get = compile_value({"each": "orders", "array": {"each": "item.lines", "array": {"field": "item"}}})
    event = {"orders": [{"lines": [1] * 900}] * 9}
    assert get(event) == get(event) == [[1] * 900] * 9
    with pytest.raises(MappingError):
        get({"orders": [{"lines": [1] * 900}] * 12})
    assert get(event) == [[1] * 900] * 9


def test_a_whole_row_for_each_item_is_as_it_was_for_that_item():
    get = compile_value({"each": "list", "array": {"template": "{{ row }}"}})
    values = get({"list": [1, 2]})
    if isinstance(values[0], dict):
        assert [row["item"] for row in values] == [1, 2]
    else:
        assert values[0] != values[1]


names = st.sampled_from(["a", "b", "a.b", "list", "list.0", "item", "item.a", r"a\.b", "no.thing"])
policies = st.deferred(
    lambda: st.one_of(st.sampled_from(["omit", "null", "error", None, 0, True, []]), simple_sources)
)
options = st.fixed_dictionaries({}, optional={"if_missing": policies, "on_error": policies})
casts = st.fixed_dictionaries({}, optional={"as": st.sampled_from(KINDS)})
simple_sources = st.one_of(
    st.builds(lambda name, o, c: {"field": name, **o, **c}, names, st.just({}), casts),
    st.sampled_from([1, "text", None, [1, {"a": 2}]]).map(lambda value: {"value": value}),
)
leaves = st.one_of(
    st.builds(lambda name, o, c: {"field": name, **o, **c}, names, options, casts),
    st.builds(
        lambda text, o, c: {"template": text, **o, **c},
        st.sampled_from(["{{ row.a }}", "{{ row.item.a | cast: 'number' }}", "{{ row.a | upcase }}!"]),
        options,
        casts,
    ),
    simple_sources,
)
outputs = st.sampled_from(["x", "y", "z.u", "z.v", "w.u.v"])
sources = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts, o: {"array": parts, **o}, st.lists(inner, max_size=3), options),
        st.builds(lambda name, part, o: {"each": name, "array": part, **o}, names, inner, options),
        st.dictionaries(outputs, inner, min_size=1, max_size=3),
        st.builds(
            lambda spread, fields, o: {"object": {"...": spread, **fields}, **o},
            inner,
            st.dictionaries(outputs, inner, max_size=2),
            options,
        ),
    ),
    max_leaves=6,
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["a", "b", "a.b", "0", "item"]), inner, max_size=4),
    ),
    max_leaves=12,
)
events = st.dictionaries(st.sampled_from(["a", "b", "list", "item", "a.b"]), values, max_size=5)


@given(sources, events)
def test_a_source_gives_a_value_or_a_mapping_error_and_leaves_the_event_alone(source, event):
    before = deepcopy(event)
    get = compile_value(source)
    try:
        value = get(event)
    except MappingError:
        value = None
    assert repr(event) == repr(before)
    assert value is MISSING or orjson.dumps(value)


@given(sources, events)
def test_a_source_with_a_default_for_everything_always_has_a_value(source, event):
    safe = {"object": {"x": source}, "on_error": "omit", "if_missing": 5}
    value = compile_value(safe)(event)
    assert value == 5 or value.keys() == {"x"}


@given(sources)
def test_the_models_for_editors_know_every_source(source):
    TypeAdapter(models.ValueSource).validate_python(source)


MODELS = {
    "field": models.FieldSource,
    "value": models.StaticSource,
    "template": models.TemplateSource,
    "array": models.ArraySource,
    "object": models.ObjectSource,
}


@pytest.mark.parametrize("kind", OPTIONS)
def test_the_models_for_editors_have_the_keys_of_the_compiler(kind):
    fields = MODELS[kind].model_fields.items()
    assert {info.alias or name for name, info in fields} == {kind, *OPTIONS[kind]}
