"""Explained filters: never another verdict than the engine's, and the conditions that decided."""

import pytest
from hypothesis import given

from sluice.errors import WorkspaceError
from sluice.explain.filters import ConditionVerdict, explain_filter, find_decisive
from sluice.fields import MISSING, compile_field
from sluice.filters import compile_filter
from tests.unit.test_filters import NOW, events, interpret, specs

A, B, C = ({"field": name, "op": "is_true"} for name in "abc")


def explain(spec, event):
    return explain_filter(spec, event, now=lambda: NOW)


def decisive(spec, event):
    return [condition.found.text for condition in find_decisive(explain(spec, event))]


def walk(spec, verdict):
    """Every part of a filter with its verdict."""
    yield spec, verdict
    if not isinstance(verdict, ConditionVerdict):
        inner = [spec["not"]] if verdict.group == "not" else spec[verdict.group]
        for part, its in zip(inner, verdict.parts, strict=True):
            yield from walk(part, its)


@given(specs, events)
def test_every_part_is_explained_as_the_engine_decides_it(spec, event):
    for part, verdict in walk(spec, explain(spec, event)):
        assert verdict.matches is compile_filter(part, now=lambda: NOW)(event) is interpret(part, event)


@given(specs, events)
def test_a_condition_shows_the_value_that_the_engine_saw(spec, event):
    for part, verdict in walk(spec, explain(spec, event)):
        if isinstance(verdict, ConditionVerdict):
            assert verdict.found.value is compile_field(part["field"])(event)


@given(specs, events)
def test_the_decisive_conditions_decide(spec, event):
    verdict = explain(spec, event)
    found = {id(condition) for condition in find_decisive(verdict)}
    assert found

    def flip(node):
        if isinstance(node, ConditionVerdict):
            return node.matches is not (id(node) in found)
        parts = [flip(part) for part in node.parts]
        return {"all": all, "any": any, "not": lambda inner: not inner[0]}[node.group](parts)

    assert flip(verdict) is not verdict.matches


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (A, ["a"]),
        ({"all": [A, B, C]}, ["b", "c"]),
        ({"any": [B, C]}, ["b", "c"]),
        ({"any": [A, B]}, ["a"]),
        ({"not": A}, ["a"]),
        ({"not": {"any": [A, B]}}, ["a"]),
        ({"not": {"all": [A, B]}}, ["b"]),
        ({"all": [A, {"any": [B, {"not": A}]}]}, ["b", "a"]),
    ],
)
def test_what_decides_is_what_would_have_to_change(spec, told):
    assert decisive(spec, {"a": True}) == told


@pytest.mark.parametrize(("event", "value"), [({}, MISSING), ({"a": None}, None), ({"a": ""}, "")])
def test_missing_is_told_from_null_and_from_empty(event, value):
    assert explain({"field": "a", "op": "equals", "value": 1}, event).found.value is value


def test_a_template_is_shown_with_its_value():
    spec = {"template": "{{ row.a | cast: 'number' }}", "op": "greater_than", "value_template": "{{ row.b }}"}
    verdict = explain(spec, {"a": "12", "b": 3})
    assert (verdict.found.value, verdict.expected.value, verdict.matches) == (12, 3, True)


def test_a_template_that_fails_says_why_and_is_missing():
    spec = {"template": "{{ row.a | cast: 'number' }}", "op": "exists"}
    verdict = explain(spec, {"a": "soon"})
    assert (verdict.matches, verdict.found.value) == (False, MISSING)
    assert "soon" in verdict.found.error


def test_what_is_no_filter_is_refused():
    with pytest.raises(WorkspaceError):
        explain({"field": "a"}, {})
