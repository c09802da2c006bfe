"""Filters against an interpreter that is too plain to be wrong, and what patterns and trees may cost.

What each operator says is in docs/syncs.md (test_filters_table.py) and tests/golden/filters.json.
"""

import json
import re
import runpy
import time
from copy import deepcopy
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.filters import FILTERS
from sluice.errors import WorkspaceError
from sluice.fields import MISSING, compile_field
from sluice.filters import compile_filter
from sluice.filters.operators import NAMES, OPERATORS
from sluice.workspace.filter_errors import find_filter_errors

NOW = datetime.fromisoformat("2026-11-22T00:00:00Z").timestamp()
CONDITION = {"field": "a", "op": "exists"}


def test_no_filter_takes_everything():
    assert compile_filter(None)({})


@pytest.mark.parametrize(
    "spec", [{}, {"field": "a"}, {"op": "equals"}, {"field": "a", "op": "is"}, {"field": "", "op": "exists"}]
)
def test_what_is_no_filter_is_refused(spec):
    with pytest.raises(WorkspaceError):
        compile_filter(spec)


def test_the_operators_are_those_of_the_models():
    assert tuple(OPERATORS) == NAMES


def test_groups_go_as_deep_as_the_docs_say():
    spec = CONDITION
    for _ in range(32):
        spec = {"all": [spec]}
    assert compile_filter(spec)({"a": 1})
    with pytest.raises(WorkspaceError, match="32 deep"):
        compile_filter({"not": spec})


def test_a_group_of_a_thousand_filters_compiles():
    parts = [{"field": f"a.b.c.f{n}", "op": "greater_than", "value": n} for n in range(1000)]
    assert compile_filter({"any": parts})({"a": {"b": {"c": {"f999": 1000}}}})


@pytest.mark.parametrize(
    "text", ["{found}", "{value.__class__}", '"', "\\", "\n", "c5", "event", ")", "é\ud83d"]
)
def test_no_text_of_the_operator_becomes_code(text):
    spec = {"field": f"x.{text.replace(chr(92), chr(92) * 2)}", "op": "equals", "value": text}
    if "." not in text:
        assert compile_filter(spec)({"x": {text: text}})
    assert not compile_filter({**spec, "field": "x"})({"x": {text: text}})


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|aa)+$", "([a-z]+)*$", "(.*a){20}$", "[ab]*a[ab]{15}$", "(a|a?)+$", "^(([a-z])+.)+$"],
)
def test_a_pattern_that_explodes_elsewhere_takes_its_time_from_the_text_alone(pattern, capfd):
    test = compile_filter({"field": "a", "op": "matches", "value": pattern})
    started = time.process_time()
    test({"a": "a" * 20_000 + "!"})
    assert time.process_time() - started < 1
    assert capfd.readouterr().err == ""


def test_half_a_character_is_text_without_it():
    assert compile_filter({"field": "a", "op": "matches", "value": "b"})({"a": "\ud83db"})
    with pytest.raises(WorkspaceError):
        compile_filter({"field": "a", "op": "matches", "value": "\ud83d"})


def test_the_clock_is_asked_for_every_event():
    times = iter([NOW, NOW + 7200])
    test = compile_filter({"field": "a", "op": "within", "value": "1h"}, now=lambda: next(times))
    event = {"a": "2026-11-21T23:30:00Z"}
    assert [test(event), test(event)] == [True, False]


def test_the_five_filters_of_the_benchmark_match_what_they_must(shared, tmp_path, monkeypatch):
    script = shared / "bench" / "make_events.py"
    if not script.is_file():
        pytest.skip("the benchmark's events cannot be made: there is no bench/make_events.py")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="made")["main"]([])
    events = [json.loads(line) for line in (tmp_path / "events-10k.jsonl").open("rb")]
    counts = [sum(map(compile_filter(spec), events)) for spec in FILTERS]
    assert counts == [6998, 394, 3241, 3245, 962]


TIMES = ["2026-11-21", "2026-11-21T23:59:59Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00+01:00"]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, 1.0, 0.5, "", "a", "B", "ab", "Ab", "1", *TIMES])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
events = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
fields = st.sampled_from(["a", "b", "c", "a.a", "a.b", "a.0", "a.a.a", "b.0.1.a.b"])
NUMBERS = st.integers(-2, 2) | st.sampled_from([0.5, 1.0])
CONSTANTS = {
    **dict.fromkeys(["equals", "not_equals", "contains", "not_contains"], values),
    **dict.fromkeys(["in", "not_in"], st.lists(values, max_size=3)),
    **dict.fromkeys(["greater_than", "greater_or_equal", "less_than", "less_or_equal"], NUMBERS),
    **dict.fromkeys(["starts_with", "ends_with"], st.sampled_from(["", "a", "b", "AB"])),
    **dict.fromkeys(["before", "after"], st.sampled_from(TIMES)),
    "matches": st.sampled_from(["a", "^a", "B$", "", "[0-9]"]),
    "within": st.sampled_from(["1s", "1d", "+1d", "0s"]),
}
FOLDED = [
    "equals",
    "not_equals",
    "in",
    "not_in",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "matches",
]
STATIC = ["matches", "within"]


@st.composite
def conditions(draw):
    spec = {"field": draw(fields), "op": draw(st.sampled_from(NAMES))}
    if spec["op"] in CONSTANTS:
        if spec["op"] not in STATIC and draw(st.booleans()):
            spec["value_field"] = draw(fields)
        else:
            spec["value"] = draw(CONSTANTS[spec["op"]])
    if spec["op"] in FOLDED and draw(st.booleans()):
        spec["case_insensitive"] = draw(st.booleans())
    return spec


def make_groups(inner):
    several = st.lists(inner, min_size=1, max_size=3)
    return (
        several.map(lambda parts: {"all": parts})
        | several.map(lambda parts: {"any": parts})
        | inner.map(lambda part: {"not": part})
    )


specs = st.recursive(conditions(), make_groups, max_leaves=6)


def tell_apart(value):
    """A value that is equal to another only where JSON's are: true is not 1, 1 is 1.0."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, dict):
        return {name: tell_apart(inner) for name, inner in value.items()}
    return [tell_apart(inner) for inner in value] if isinstance(value, list) else value


def lower(value):
    """A copy in lower case, names of fields aside."""
    if isinstance(value, dict):
        return {name: lower(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [lower(item) for item in value]
    return value.lower() if isinstance(value, str) else value


def read_time(value):
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else datetime.fromisoformat(f"{value}T00:00:00Z")).timestamp()


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def interpret(spec, event):
    """What a filter says, by its words."""
    if "all" in spec:
        return all(interpret(part, event) for part in spec["all"])
    if "any" in spec:
        return any(interpret(part, event) for part in spec["any"])
    if "not" in spec:
        return not interpret(spec["not"], event)
    op = spec["op"]
    if op.startswith("not_"):
        pair = {"not_equals": "equals", "not_in": "in", "not_contains": "contains", "not_exists": "exists"}[
            op
        ]
        return not interpret({**spec, "op": pair}, event)
    found = compile_field(spec["field"])(event)
    value = compile_field(spec["value_field"])(event) if "value_field" in spec else spec.get("value")
    if spec.get("case_insensitive") and op != "matches":
        found, value = lower(found), lower(value)
    return found is not MISSING and value is not MISSING and decide(op, found, value, spec)


def decide(op, found, value, spec):
    texts = isinstance(found, str) and isinstance(value, str)
    numbers = is_number(found) and is_number(value)
    match op:
        case "exists":
            return True
        case "equals":
            return tell_apart(found) == tell_apart(value)
        case "in":
            return isinstance(value, list) and tell_apart(found) in tell_apart(value)
        case "contains":
            is_member = isinstance(found, list) and tell_apart(value) in tell_apart(found)
            return is_member or (texts and value in found)
        case "greater_than":
            return numbers and found > value
        case "greater_or_equal":
            return numbers and found >= value
        case "less_than":
            return numbers and found < value
        case "less_or_equal":
            return numbers and found <= value
        case "starts_with":
            return texts and found.startswith(value)
        case "ends_with":
            return texts and found.endswith(value)
        case "matches":
            flags = re.IGNORECASE if spec.get("case_insensitive") else 0
            return texts and re.search(value, found, flags) is not None
        case "is_true" | "is_false":
            return isinstance(found, bool) and found is (op == "is_true")
    moment = read_time(found)
    if op == "within":
        edges = sorted([NOW, NOW + {"1s": -1, "1d": -86400, "+1d": 86400, "0s": 0}[value]])
        return moment is not None and edges[0] <= moment <= edges[1]
    other = read_time(value)
    if moment is None or other is None:
        return False
    return moment < other if op == "before" else moment > other


@given(specs, events)
def test_a_compiled_filter_says_what_its_words_say(spec, event):
    assert compile_filter(spec, now=lambda: NOW)(event) is interpret(spec, event)


@given(specs)
def test_nothing_is_found_wrong_with_a_filter(spec):
    assert list(find_filter_errors(spec)) == []


@given(specs, events)
def test_a_filter_leaves_the_event_and_itself_as_they_were(spec, event):
    before = deepcopy((spec, event))
    compile_filter(spec)(event)
    assert (spec, event) == before


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["a", "a.b", "equals", "within", "matches", "[", "7d"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["field", "op", "value", "value_field", "case_insensitive", "all", "any", "not"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["field", "op", "value", "value_field", "all", "not"]), junk), events)
def test_anything_is_a_filter_or_refused(spec, event):
    try:
        test = compile_filter(spec)
    except WorkspaceError:
        return
    assert test(event) in {True, False}
