"""Every mistake of a mapping at once, each at its own place."""

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from sluice.mapping import compile_mapping
from sluice.source_syntax import SourceError
from sluice.workspace.mapping_errors import find_mapping_errors


def list_places(spec):
    return [error.place for error in find_mapping_errors(spec)]


def test_every_mistake_of_a_source_is_told_at_its_place():
    source = {"field": "a..b", "as": "nmber", "if_missing": {"feild": "c"}, "on_error": "omti", "each": "d"}
    assert sorted(list_places({"a": source})) == [
        ("a", "as"),
        ("a", "each"),
        ("a", "field"),
        ("a", "if_missing", "feild"),
        ("a", "on_error"),
    ]


def test_a_mistake_hides_none_beside_or_inside_it():
    spec = {
        "a": {"array": [{"field": "x."}, "text", {"template": "{{"}]},
        "b": {"each": "x..y", "array": {"sku": {"valeu": 1}, "n": {"field": "item.n", "as": "int"}}},
        "c": {"field": "x", "value": 1},
        "d": {"object": {"field": {"feild": "x"}}},
        "...": [{"field": ""}, {"value": {}}],
    }
    assert sorted(list_places(spec), key=str) == sorted(
        [
            ("a", "array", 0, "field"),
            ("a", "array", 1),
            ("a", "array", 2, "template"),
            ("b", "each"),
            ("b", "array", "sku", "valeu"),
            ("b", "array", "n", "as"),
            ("c", "value"),
            ("d", "object", "field", "feild"),
            ("...", 0, "field"),
        ],
        key=str,
    )


def test_fields_that_clash_are_told_beside_other_mistakes():
    spec = {"user": {"field": "a"}, "user.email": {"field": "b"}, "x": {"feild": "c"}}
    assert list_places(spec) == [("x", "feild"), ("user.email",)]


def test_a_hint_names_the_key_that_was_meant_and_all_that_may_stand_there():
    [error] = find_mapping_errors({"a": {"field": "b", "if_mising": 0}})
    assert error.hint == "did you mean if_missing? keys here are: field, as, if_missing, on_error"


keys = [
    "field",
    "value",
    "template",
    "array",
    "each",
    "object",
    "as",
    "if_missing",
    "on_error",
    "feild",
    "...",
]
sources = st.recursive(
    st.sampled_from([None, 1, "a", "a..b", "omit", "error", "number", "{{ row.a }}", "{{"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(keys), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["a", "a.b", "b", "..", *keys]), sources, max_size=4))
def test_mistakes_are_found_exactly_where_a_mapping_does_not_compile(spec):
    before = deepcopy(spec)
    places = list_places(spec)
    assert spec == before
    assert len(set(places)) == len(places)
    try:
        compile_mapping(spec)
    except SourceError:
        assert places
    else:
        assert places == []
