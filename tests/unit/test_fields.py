r"""Field references. The first example is the seed's: `foo \. bar.baz` is the innermost of its object."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import WorkspaceError
from sluice.fields import MISSING, compile_field, format_field, parse_field

EVENT = {
    "type": "track",
    "event": None,
    "properties": {"price": 12.5, "Total Price": 3, "products": [{"sku": "a"}, {"sku": "b"}], "0": "zero"},
    "foo . bar": {"baz": 1},
    "a\\b": {"c.d": 2},
    "deep": {"a": {"b": {"c": [[1, 2], [3]]}}},
    "12": "number",
    "size[0]": {"[1]": "in brackets", "a[b]": 1, "x[0]y": 2},
}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        (r"foo \. bar.baz", 1),
        (r"a\\b.c\.d", 2),
        ("type", "track"),
        ("event", None),
        ("properties.price", 12.5),
        ("properties.Total Price", 3),
        ("properties.products.0.sku", "a"),
        ("properties.products.1", {"sku": "b"}),
        ("properties.0", "zero"),
        ("deep.a.b.c.0.1", 2),
        ("12", "number"),
        ("properties.products[0].sku", "a"),
        ("properties.products[1]", {"sku": "b"}),
        ("properties[0]", "zero"),
        ("deep.a.b.c[0][1]", 2),
        ("deep.a.b.c[0].1", 2),
        (r"size\[0].[1]", "in brackets"),
        (r"size\[0].\[1]", "in brackets"),
        (r"size\[0].a[b]", 1),
        (r"size\[0].x[0]y", 2),
    ],
)
def test_a_reference_finds_its_field(reference, value):
    assert compile_field(reference)(EVENT) == value


@pytest.mark.parametrize(
    "reference",
    [
        "nothing",
        "event.name",
        "type.0",
        "properties.nothing",
        "properties.price.nothing",
        "properties.products.2",
        "properties.products.-1",
        "properties.products.01x",
        "properties.products.sku",
        "properties.products.99999999999999999999",
        "properties.products.²",
        "properties.products[²]",
        "properties.products[2]",
        "properties.products[-1]",
        "properties.products[ 0]",
        r"properties.products\[0]",
        "size[0].[1]",
        "foo . bar.baz",
        "foo .bar.baz",
    ],
)
def test_a_reference_to_nothing_is_missing(reference):
    assert compile_field(reference)(EVENT) is MISSING


@pytest.mark.parametrize("event", [None, [], "text", 1, [EVENT]])
@pytest.mark.parametrize("reference", ["a", "a.b", "a.b.c"])
def test_anything_may_stand_where_an_event_is_expected(event, reference):
    assert compile_field(reference)(event) is MISSING


@pytest.mark.parametrize(
    "reference", ["", ".", "a.", ".a", "a..b", "\\", "a\\", r"a\b", r"a\ b", r"a\]", "[0].."]
)
def test_a_reference_that_is_none_is_refused(reference):
    with pytest.raises(WorkspaceError):
        parse_field(reference)


def test_missing_is_false():
    assert not MISSING


name = st.text(min_size=1, max_size=9) | st.text(alphabet="a.\\[]01", min_size=1, max_size=9)
names = st.lists(name, min_size=1, max_size=4).map(tuple)


@given(names)
def test_what_is_written_is_read_back(path):
    assert parse_field(format_field(path)) == path


@given(names)
def test_any_field_of_nested_objects_can_be_named(path):
    event = 7
    for name in reversed(path):
        event = {name: event}
    assert compile_field(format_field(path))(event) == 7


@given(st.text(alphabet="ab.\\ 0[]"))
def test_any_text_is_a_reference_or_refused(text):
    try:
        path = parse_field(text)
    except WorkspaceError:
        return
    assert parse_field(format_field(path)) == path
    if "[" not in text:
        assert format_field(path) == text


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab01"), inner, max_size=3),
)


@given(json, st.lists(st.sampled_from(["a", "b", "0", "1"]), min_size=1, max_size=4))
def test_a_reference_is_one_step_after_the_other(event, path):
    value = event
    for name in path:
        if isinstance(value, dict):
            value = value.get(name, MISSING)
        elif isinstance(value, list) and name in "01" and int(name) < len(value):
            value = value[int(name)]
        else:
            value = MISSING
    assert compile_field(".".join(path))(event) is value
