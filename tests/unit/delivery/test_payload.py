"""Payloads beside what the destination declares of their event type."""

import pytest

from sluice.delivery.payload import check_payloads
from sluice.destinations.event_types import EventType, PayloadField
from sluice.errors import MappingError
from sluice.reasons import Reason

DECLARED = EventType(
    required={"id": PayloadField("any", "")},
    optional={name: PayloadField(name, "") for name in ("string", "number", "integer", "boolean")}
    | {name: PayloadField(name, "") for name in ("timestamp", "object", "list")},
    one_of=(("user", "visitor"),),
)
check = check_payloads(lambda event: event, DECLARED)


@pytest.mark.parametrize(
    "more",
    [
        {"string": ""},
        {"number": 1},
        {"number": 1.5},
        {"integer": 7},
        {"boolean": False},
        {"timestamp": "2026-11-22T01:02:03Z"},
        {"object": {}},
        {"list": []},
        {"string": None},
        {"undeclared": 1},
    ],
)
def test_a_payload_that_fits_is_left_as_it_is(more):
    payload = {"id": 0, "visitor": "v-1", **more}
    assert check(payload) == payload


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("string", 1),
        ("number", "1"),
        ("number", True),
        ("integer", 1.5),
        ("integer", True),
        ("boolean", 1),
        ("timestamp", "yesterday"),
        ("timestamp", 1_800_000_000),
        ("object", []),
        ("list", {}),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_by_its_fields_name(name, value):
    with pytest.raises(MappingError) as caught:
        check({"id": 1, "user": "u-1", name: value})
    assert (caught.value.field, caught.value.reason) == (name, Reason.MAPPING_FAILED)
    assert f"{name!r} takes {name}" in caught.value.detail


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"user": "u-1"}, "id"),
        ({"user": "u-1", "id": None}, "id"),
        ({"user": "u-1", "id": " "}, "id"),
        ({"id": 1}, "user"),
        ({"id": 1, "user": "", "visitor": None}, "user"),
    ],
)
def test_a_required_field_that_holds_nothing_is_missing(payload, field):
    with pytest.raises(MappingError) as caught:
        check(payload)
    assert (caught.value.field, caught.value.reason) == (field, Reason.MISSING_REQUIRED_FIELD)


def test_an_event_type_without_fields_costs_nothing():
    def mapper(event):
        return event

    assert check_payloads(mapper, EventType()) is mapper
