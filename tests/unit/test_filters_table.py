"""The truth tables of docs/syncs.md, cell by cell; the docs are the cases."""

import json
import re
from itertools import chain
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sluice.fields import format_field, parse_field
from sluice.filters import compile_filter
from sluice.filters.operators import NAMES

DOCS = Path(__file__).parents[2] / "docs" / "syncs.md"
NOW = 1795305600.0  # 2026-11-22T00:00:00Z, as the docs say
ANSWERS = {"yes": True, "·": False}


def read_rows(line):
    return [cell.strip().strip("`") for cell in line.strip("|\n").split("|")]


def read_cells():
    """(condition, field's value as the table has it, what it says) of both tables."""
    text = DOCS.read_text(encoding="utf-8")
    for table in re.findall(r"^\| Condition \|.*\n(?:\|.*\n)+", text, re.MULTILINE):
        header, _, *rows = table.splitlines()
        columns = read_rows(header)[1:]
        for condition, *answers in map(read_rows, rows):
            for value, answer in zip(columns, answers, strict=True):
                yield condition, value, ANSWERS[answer]


def read_condition(condition):
    op, _, value = condition.partition(" ")
    return {"field": "f", "op": op} | ({"value": json.loads(value)} if value else {})


CELLS = list(read_cells())


@pytest.mark.parametrize(("condition", "value", "expected"), CELLS)
def test_a_cell_of_the_docs_is_true(condition, value, expected):
    event = {} if value == "missing" else {"f": json.loads(value)}
    assert compile_filter(read_condition(condition), now=lambda: NOW)(event) is expected


def test_every_operator_is_in_the_tables():
    assert {condition.partition(" ")[0] for condition, _, _ in CELLS} == set(NAMES)


def test_every_operator_is_described():
    text = DOCS.read_text(encoding="utf-8")
    table = text[text.index("| Operator |") :].partition("\n\n")[0]
    described = chain.from_iterable(re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines())
    assert tuple(described) == NAMES


def test_the_filter_shown_works():
    text = DOCS.read_text(encoding="utf-8")
    shown = text[text.index("## Filters") :].partition("```yaml\n")[2].partition("```")[0]
    spec = YAML(typ="safe").load(shown)["filter"]
    event = {
        "type": "track",
        "event": "Checkout Started",
        "timestamp": "2026-11-20T10:00:00Z",
        "properties": {"total": 20, "discount": 5},
    }
    test = compile_filter(spec, now=lambda: NOW)
    assert test(event)
    assert not test({**event, "properties": {"total": 20, "discount": 5, "test": True}})


def test_the_references_shown_are_references():
    text = DOCS.read_text(encoding="utf-8")
    table = text[text.index("| Written |") :].partition("\n\n")[0]
    written = [read_rows(line)[0] for line in table.splitlines()[2:]]
    assert [format_field(parse_field(reference)) for reference in written] == [
        reference.replace("[0].sku", ".0.sku") for reference in written
    ]


CONSTANTS_ONLY = {"matches", "within"}
COMPARED = [
    (condition, value, expected)
    for condition, value, expected in CELLS
    if condition.partition(" ")[0] not in CONSTANTS_ONLY and " " in condition
]


@pytest.mark.parametrize(("condition", "value", "expected"), COMPARED)
def test_a_cell_is_true_as_well_where_the_value_is_in_another_field(condition, value, expected):
    spec = read_condition(condition)
    event = {"v": spec.pop("value")} | ({} if value == "missing" else {"f": json.loads(value)})
    assert compile_filter({**spec, "value_field": "v"}, now=lambda: NOW)(event) is expected


TEXTS = [cell for cell in COMPARED if type(read_condition(cell[0])["value"]) is str]


@pytest.mark.parametrize(("condition", "value", "expected"), TEXTS)
def test_a_cell_is_true_as_well_where_the_value_is_a_templates_text(condition, value, expected):
    spec = read_condition(condition)
    event = {"v": spec.pop("value")} | ({} if value == "missing" else {"f": json.loads(value)})
    assert compile_filter({**spec, "value_template": "{{ row.v }}"}, now=lambda: NOW)(event) is expected


@pytest.mark.parametrize("op", sorted({condition.partition(" ")[0] for condition, _, _ in COMPARED}))
@pytest.mark.parametrize("found", ["a", 5, 5.5, ["a"], [None], {}, True, None, "2026-11-22"], ids=repr)
@pytest.mark.parametrize("other", [{}, {"v": {"x": 1}}], ids=["missing", "an object"])
def test_a_comparison_with_a_value_that_is_missing_or_an_object_does_not_hold(op, found, other):
    event = {"f": found, **other}
    holds = compile_filter({"field": "f", "op": op, "value_field": "v"}, now=lambda: NOW)(event)
    assert holds is op.startswith("not_")
