"""What is said of a broken schema costs no more than the router has, whatever clients send."""

import time

import pytest

from sluice.contracts.messages import MOST_COPIED, Teller
from sluice.contracts.validator import build_validator
from tests.unit.contracts.builders_contract import find_problems, make_contract, make_schema_check, make_track

NAMES = {"propertyNames": {"pattern": "^b"}}
WIDE = {f"a{n}": n for n in range(7000)}
FEW = "and more, perhaps: the event is too large to tell all"
NOWHERE = "properties: the schema is broken, and the event is too large to tell where"


def tell(schema, value):
    return Teller(build_validator(schema), schema).tell(value, ("properties",))


@pytest.mark.parametrize(
    ("schema", "properties", "messages"),
    [
        (NAMES, WIDE, ['properties: "a0" does not match "^b"', FEW]),
        ({"anyOf": [NAMES, {"minProperties": 8000}]}, WIDE, [NOWHERE]),
        (
            {"properties": {"a": {"items": {"enum": [str(n) for n in range(3000)]}}}},
            {"a": ["x"] * 20_000},
            ['properties.a.0: the value is not one of "0", "1" or 2998 other candidates', FEW],
        ),
        (
            {"properties": {"a": {"items": {"anyOf": [{"minProperties": n} for n in range(1, 1000)]}}}},
            {"a": [{}] * 20_000},
            [NOWHERE],
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


def test_what_an_order_of_400_products_breaks_is_told_in_full():
    product = {"properties": {f"p{n}": {"type": "string"} for n in range(8)}}
    order = {"products": [{f"p{n}": n for n in range(8)} for _ in range(400)]}
    told = tell({"properties": {"products": {"items": product}}}, order)
    assert len(told) == 21
    assert told[0] == 'properties.products.0.p0: the value is not of type "string"'


def test_all_is_told_up_to_the_bound_and_the_first_beyond():
    most = int((MOST_COPIED / 3) ** 0.5)
    assert len(tell(NAMES, dict.fromkeys(map(str, range(most - 10)), 1))) == 21
    assert len(tell(NAMES, dict.fromkeys(map(str, range(most * 2)), 1))) == 2


def test_the_whole_event_has_no_place():
    schema = {"anyOf": [NAMES]}
    told = Teller(build_validator(schema), schema).tell(WIDE, ())
    assert told == ["the schema is broken, and the event is too large to tell where"]
