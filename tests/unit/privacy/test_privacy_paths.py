"""What paths drop and hash: by example, and for any event and any paths."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import WorkspaceError
from sluice.fields import format_field, parse_field
from sluice.privacy import compile_privacy
from sluice.privacy.digest import digest_value


def protect(event, *, drop=(), hash=()):
    return compile_privacy({"privacy": {"drop": list(drop), "hash": list(hash)}})(event)


def test_a_source_without_paths_has_nothing_to_run():
    assert compile_privacy({}) is None
    assert compile_privacy({"privacy": {}}) is None
    assert compile_privacy({"privacy": {"drop": [], "hash": []}}) is None


def test_what_is_no_reference_is_refused():
    with pytest.raises(WorkspaceError):
        compile_privacy({"privacy": {"drop": ["a..b"]}})


DROPS = {
    "a field": (["a"], {"a": 1, "b": 2}, {"b": 2}),
    "an inner field": (["a.b"], {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}),
    "a field that is not there": (["a.b.c"], {"a": {"x": 1}}, {"a": {"x": 1}}),
    "a null": (["a"], {"a": None}, {}),
    "below a null": (["a.b"], {"a": None}, {"a": None}),
    "below a number": (["a.b"], {"a": 5}, {"a": 5}),
    "below a plain text": (["a.b"], {"a": "b"}, {"a": "b"}),
    "below a text of JSON": (["a.b"], {"a": ' {"b": 1}\n'}, {}),
    "below a text of a JSON list": (["a.b"], {"a": '[{"b": 1}]'}, {}),
    "below a text in a list": (["a.b"], {"a": ['{"b": 1}', "x", {"b": 1}]}, {"a": ["x", {}]}),
    "not the text of JSON that stands elsewhere": (["a.b"], {"c": '{"b": 1}'}, {"c": '{"b": 1}'}),
    "an item": (["a.0"], {"a": [1, 2]}, {"a": [None, 2]}),
    "an item in brackets": (["a[1].b"], {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {}]}),
    "two items": (["a.0", "a.1"], {"a": [1, 2, 3]}, {"a": [None, None, 3]}),
    "an item that is not there": (["a.7"], {"a": [1]}, {"a": [1]}),
    "an item of the outer list only": (["a.0"], {"a": [[1, 2], [3, 4]]}, {"a": [None, [3, 4]]}),
    "a field named by a number": (["a.0"], {"a": {"0": 1, "1": 2}}, {"a": {"1": 2}}),
    "every item": (["a.*"], {"a": [1, 2]}, {"a": []}),
    "every field": (["a.*"], {"a": {"x": 1, "y": {}}}, {"a": {}}),
    "in every item": (["a.*.b"], {"a": [{"b": 1}, {"c": 2}, 3]}, {"a": [{}, {"c": 2}, 3]}),
    "in every item without saying so": (["a.b"], {"a": [{"b": 1}, {"c": 2}]}, {"a": [{}, {"c": 2}]}),
    "in items of items": (["a.b"], {"a": [[{"b": 1}]]}, {"a": [[{}]]}),
    "below items without saying so": (["a.b.0"], {"a": [{"b": [1, 2]}]}, {"a": [{"b": [None, 2]}]}),
    "by a number and by spreading": (
        ["a.b.0", "a.0.b.1"],
        {"a": [{"b": [1, 2, 3]}]},
        {"a": [{"b": [None, None, 3]}]},
    ),
    "by a name and by *": (
        ["a.x.p", "a.*.q"],
        {"a": {"x": {"p": 1, "q": 2, "r": 3}}},
        {"a": {"x": {"r": 3}}},
    ),
    "anywhere": (["*.email"], {"t": {"email": 1}, "p": {"email": 2, "x": 3}}, {"t": {}, "p": {"x": 3}}),
    "a name with a dot": ([r"a.b\.c"], {"a": {"b.c": 1, "b": {"c": 2}}}, {"a": {"b": {"c": 2}}}),
    "a field named *": (["a.*"], {"a": {"*": 1}}, {"a": {}}),
    "the whole and a part": (["a", "a.b"], {"a": {"b": 1}}, {}),
}


@pytest.mark.parametrize("name", DROPS)
def test_dropped_is(name):
    drop, event, left = DROPS[name]
    before = copy.deepcopy(event)
    assert protect(event, drop=drop) == left
    assert protect(left, drop=drop) == left  # as a replay does
    assert event == before


HASHED = digest_value("x")
HASHES = {
    "a field": (["a"], {"a": "x", "b": "x"}, {"a": HASHED, "b": "x"}),
    "a null not": (["a"], {"a": None}, {"a": None}),
    "every text of an object": (
        ["a"],
        {"a": {"b": "x", "c": ["x", None]}},
        {"a": {"b": HASHED, "c": [HASHED, None]}},
    ),
    "in every item": (["a.*.b"], {"a": [{"b": "x"}]}, {"a": [{"b": HASHED}]}),
    "a text of JSON on the way is dropped": (["a.b"], {"a": '{"b": "x"}'}, {}),
    "a text of JSON at the end is hashed": (["a"], {"a": '{"b": "x"}'}, {"a": digest_value('{"b": "x"}')}),
}


@pytest.mark.parametrize("name", HASHES)
def test_hashed_is(name):
    paths, event, left = HASHES[name]
    assert protect(event, hash=paths) == left


def test_drop_wins_over_hash_on_the_same_way():
    assert protect({"a": {"b": "x"}}, drop=["a.b"], hash=["a.b"]) == {"a": {}}
    assert protect({"a": {"b": "x"}}, drop=["a"], hash=["a.b"]) == {}
    assert protect({"a": {"b": "x", "c": "x"}}, drop=["a.b"], hash=["a"]) == {"a": {"c": HASHED}}


def test_an_event_to_which_no_path_leads_is_handed_on_itself():
    event = {"a": {"b": 1}}
    assert protect(event, drop=["x.y"], hash=["a.c"]) is event


def test_a_list_as_deep_as_ingest_lets_it_be_is_walked():
    deep = {"b": "x"}
    for _ in range(200):
        deep = [deep]
    assert "x" not in repr(protect({"a": deep}, drop=["a.b"]))
    assert "'x'" not in repr(protect({"a": deep}, hash=["a"]))


NAMES = st.sampled_from(["a", "b", "c", "0", "1", "*", "a.b", "", "é"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(NAMES, v, max_size=3), max_leaves=12
)
EVENTS = st.dictionaries(NAMES, VALUES, max_size=4)
PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "0", "1", "*", "a.b"]), min_size=1, max_size=4)
    .map(tuple)
    .map(format_field),
    max_size=5,
)


def read(value, names):
    """Everything that a path reaches, found in the slowest and plainest way."""
    if not names:
        yield value
        return
    first, *rest = names
    if isinstance(value, dict):
        for name, inner in value.items():
            if first in (name, "*"):
                yield from read(inner, rest)
    if isinstance(value, list):
        for at, item in enumerate(value):
            if first == "*" or first == str(at):
                yield from read(item, rest)
            if first != "*" and not first.isdigit():
                yield from read(item, names)


def split(path):
    return list(parse_field(path))


@given(EVENTS, PATHS, PATHS)
def test_the_event_is_never_changed_and_a_second_time_changes_nothing_but_places_in_lists(
    event, drop, hashed
):
    run = compile_privacy({"privacy": {"drop": drop, "hash": hashed}})
    if run is None:
        return
    before = copy.deepcopy(event)
    once = run(event)
    assert event == before
    if not any("0" in path or "1" in path for path in drop):  # what follows a dropped item moves up
        assert run(once) == once


@given(EVENTS, PATHS.filter(bool))
def test_nothing_that_a_path_without_places_reaches_is_left(event, drop):
    left = protect(event, drop=drop)
    for path in drop:
        names = split(path)
        if not any(name.isdigit() for name in names):
            assert list(read(left, names)) == []


@given(EVENTS, PATHS.filter(bool))
def test_everything_that_a_path_reaches_is_hashed(event, hashed):
    left = protect(event, hash=hashed)
    for path in hashed:
        for value in read(left, split(path)):
            assert is_hashed(value)


def is_hashed(value):
    if isinstance(value, dict):
        return all(is_hashed(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_hashed(inner) for inner in value)
    return value is None or value == "" or (isinstance(value, str) and len(value) == 64)


@given(EVENTS, PATHS.filter(bool))
def test_what_no_path_reaches_stays(event, drop):
    """Dropping leaves a part: every leaf that is left was there, in its order."""

    def leaves(value):
        if isinstance(value, dict):
            return [leaf for inner in value.values() for leaf in leaves(inner)]
        if isinstance(value, list):
            return [leaf for inner in value for leaf in leaves(inner)]
        return [value]

    rest = iter(leaves(event))
    assert all(any(leaf is other for other in rest) for leaf in leaves(protect(event, drop=drop)))


def test_many_wildcards_stay_cheap():
    """Ways that meet again must not multiply: 2^20 of them would never end."""
    deep = {"a": "x"}
    for _ in range(20):
        deep = {"a": deep}
    paths = [".".join("*" if n == at else "a" for n in range(21)) for at in range(21)]
    assert "x" not in repr(protect(deep, drop=[*paths, ".".join(["*"] * 21)]))
