"""What is said of a broken schema costs no more than the router has, whatever clients send."""

import time

import pytest
from hypothesis import assume, given

from sluice.contracts.cost import find_cost_faults
from sluice.contracts.hidden import MESSAGES as HIDDEN
from sluice.contracts.hidden import hide_branches
from sluice.contracts.messages import FIRST_ONLY, MOST_COPIED, Teller
from sluice.contracts.validator import build_validator
from tests.unit.contracts.builders_contract import find_problems, make_contract, make_schema_check, make_track
from tests.unit.contracts.test_contract_fuzz import COMPONENTS, SCHEMAS, VALUES, make_document

MESSAGES = {word: HIDDEN[f"sluice: {word}"] for word in ("anyOf", "oneOf")}
NAMES = {"propertyNames": {"pattern": "^b"}}
WIDE = {f"a{n}": n for n in range(7000)}


def tell(schema, value):
    return Teller(build_validator(schema), schema).tell(value, ("properties",))


@pytest.mark.parametrize(
    ("schema", "properties", "messages"),
    [
        (NAMES, WIDE, ['properties: "a0" does not match "^b"', FIRST_ONLY]),
        ({"anyOf": [NAMES, {"minProperties": 8000}]}, WIDE, [f"properties: {MESSAGES['anyOf']}"]),
        (
            {"properties": {"a": {"items": {"enum": [str(n) for n in range(3000)]}}}},
            {"a": ["x"] * 20_000},
            ['properties.a.0: the value is not one of "0", "1" or 2998 other candidates', FIRST_ONLY],
        ),
        (
            {"properties": {"a": {"items": {"anyOf": [{"minProperties": n} for n in range(1, 200)]}}}},
            {"a": [{}] * 20_000},
            [f"properties.a.0: {MESSAGES['anyOf']}", FIRST_ONLY],
        ),
    ],
)
def test_an_event_of_90_kb_costs_neither_seconds_nor_gigabytes(schema, properties, messages):
    """The first of them was 10 GB and 36 s."""
    check = make_schema_check(schema)
    assert find_problems(make_contract({"type": "track", "name": "t", "schema": schema})) == []
    event = make_track("t", properties=properties)
    start = time.process_time()
    outcome = check(event)
    assert time.process_time() - start < 1
    assert outcome.reasons == ["schema_violation"]
    assert outcome.violations["messages"] == messages


def test_an_order_of_40_broken_products_has_all_its_messages():
    product = {"properties": {f"p{n}": {"type": "string"} for n in range(8)}}
    order = {"products": [{f"p{n}": n for n in range(8)} for _ in range(40)]}
    told = tell({"properties": {"products": {"items": product}}}, order)
    assert len(told) == 21
    assert told[0] == 'properties.products.0.p0: the value is not of type "string"'


def test_above_the_bound_only_the_first_error_has_a_message():
    most = int(MOST_COPIED**0.5)
    assert len(tell(NAMES, dict.fromkeys(map(str, range(most - 10)), 1))) == 21
    assert len(tell(NAMES, dict.fromkeys(map(str, range(most * 2)), 1))) == 2


def test_the_whole_event_has_no_place():
    schema = {"anyOf": [NAMES]}
    told = Teller(build_validator(schema), schema).tell(WIDE, ())
    assert told == [MESSAGES["anyOf"]]


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_a_client_cannot_make_the_errors_of_branches_in_items_expensive(word):
    """40,000 items of two bytes made 120,000 errors, which took a second; the request had 168 bytes."""
    schema = {"properties": {"a": {"items": {word: [{"type": "string"}, {"type": "object"}]}}}}
    told = tell(schema, {"a": [1] * 40_000})
    assert told == [f"properties.a.0: {MESSAGES[word]}", FIRST_ONLY]


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_the_error_of_a_branch_holds_no_errors_of_others(word):
    """The engine makes errors of all branches, of one inside the other too, before the first can be read."""
    inner = {word: [{"items": {word: [{"type": "string"}, {"type": "object"}]}}] * 3}
    document = hide_branches({"items": inner, "properties": {"a": {"allOf": [inner]}}})
    errors = list(build_validator(document).iter_errors([[1] * 50] * 5))
    assert len(errors) == 5
    assert all("context" not in error.kind.as_dict() for error in errors)


@given(SCHEMAS, COMPONENTS, VALUES)
def test_a_schema_without_errors_of_branches_takes_the_same_values(schema, components, value):
    document = make_document(schema, components)
    assume(not list(find_cost_faults(document)))
    assert build_validator(hide_branches(document)).is_valid(value) is build_validator(document).is_valid(
        value
    )
