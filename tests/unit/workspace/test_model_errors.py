"""What is wrong in a file by itself: once, in the file's own places, with what to do."""

from copy import deepcopy

import pytest

from sluice.destinations import load_declaration
from sluice.workspace.model_errors import read_model
from sluice.workspace.models import Sync

SYNC = {"source": "web", "destination": "crm", "event_types": [{"type": "custom_event"}]}
HTTP = load_declaration("http").settings
URL = {"url": "https://a.example"}


def test_a_misspelt_key_is_read_as_the_one_that_was_meant():
    tree = {**SYNC, "rety": {"frist": 0}}
    before = deepcopy(tree)
    reading = read_model(Sync, tree)
    assert [(place, message) for place, message, _ in reading.faults] == [
        (("rety",), "there is no key 'rety' here"),
        (("rety", "frist"), "there is no key 'frist' here"),
        (("rety", "frist"), "Input should be greater than or equal to 1"),
    ]
    assert tree == before


def test_a_key_that_is_misspelt_is_not_told_to_be_missing():
    reading = read_model(Sync, {"sorce": "web", "destination": "crm", "event_types": [{"type": "a"}]})
    assert [place for place, _, _ in reading.faults] == [("sorce",)]
    assert reading.model.source == "web"


def test_a_key_beside_the_one_it_resembles_is_left_out():
    reading = read_model(Sync, {**SYNC, "sources": "shop"})
    assert [place for place, _, _ in reading.faults] == [("sources",)]
    assert reading.model.source == "web"


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        ({"secrt": "ssm:a"}, [("secrt", "there is no key 'secrt' here")]),
        ({"secret": 5}, [("secret", "Input should be a valid string")]),
        (5, [(None, "Input should be a valid string or an object")]),
        ({"secret": "ssm:a"}, []),
        ("text", []),
    ],
)
def test_of_what_may_be_several_things_one_mistake_is_told(header, faults):
    found = read_model(HTTP, {**URL, "headers": {"X-Trace": header}}).faults
    expected = [(("headers", "X-Trace", *([key] if key else [])), message) for key, message in faults]
    assert [(place, message) for place, message, _ in found] == expected


@pytest.mark.parametrize(
    ("over", "hint"),
    [
        ({"retired": "perhaps"}, "Gets no new events, delivers those it has."),
        ({"batch_size": 0}, "here it is 0"),
        ({"batch_size": "many"}, "write a whole number, without quotes"),
        ({"description": 5}, "write a text; put what looks like a number into quotes"),
    ],
)
def test_a_mistake_comes_with_what_to_do(over, hint):
    [(_, _, found)] = read_model(Sync, {**SYNC, **over}).faults
    assert found == hint
