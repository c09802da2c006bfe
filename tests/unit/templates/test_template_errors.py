"""What a template says of an event that it cannot use is in plain English, never in Python's words."""

import itertools
import re

import pytest

from sluice.errors import MappingError, WorkspaceError
from sluice.fields import Getter
from sluice.templates import compile_template
from sluice.templates.filters import FILTERS

ANYTHING = [
    None,
    True,
    1,
    -1.5,
    2**62,
    1e308,
    "",
    " ",
    "a",
    "12",
    "%Q",
    "\ud800",
    [],
    [None],
    [1],
    ["a", True],
]
ANYTHING += [[[1], {"a": {}}], {}, {"a": 1}, {"a": [{}]}]
OURS = re.compile(
    "|".join(
        [
            r"filter \w+: needs a whole number, not .+",
            r"filter \w+: needs a list to add, not .+",
            r"filter \w+: (divided by 0|there is no key)",
            r"filter \w+: an? \w+ has no property .+",
            r"filter \w+: (the unit of to_unix is|the date format) .+",
            r"filter \w+: cannot be used on (an? \w+|nothing)( with (an? \w+|nothing|, )+)?",
            r".+ is not (an?|the) [-'\w/ ]+",
            r".+ is not (JSON|writable as JSON)",
            r"a template compares an? \w+ with an? \w+",
            r"an? \w+ contains nothing",
            r"a number in the template is too large .+",
            r"limit, offset and cols of a loop must be numbers, not .+",
            r"a list in the template has more than .+",
            r"the event has no receivedAt, .+",
            r"the template (cannot use this event: .+|does too much work .+)",
        ]
    ),
    re.DOTALL,
)
PYTHON = re.compile(
    r"__|NoneType|\bdict\b|\bstr\b|\bint\b|\bfloat\b|codec|operand|slice\(|len\(|Special|None|Errno"
)


def error_of(get: Getter, event: object) -> str:
    """The error of a compiled template for an event; empty where there is none."""
    try:
        get(event)
    except MappingError as error:
        return error.detail
    return ""


def assert_plain(get: Getter, event: object) -> None:
    error = error_of(get, event)
    assert not error or OURS.fullmatch(error), (event, error)
    assert not PYTHON.search(error), (event, error)


@pytest.mark.parametrize("name", FILTERS)
def test_an_error_of_a_filter_is_in_plain_english(name):
    calls = ["", ": 'a'", ": 'number'", ": row.b", ": row.b, row.c", ": 'a', row.c", ": row.c, 'a'"]
    for call in calls:
        try:
            get = compile_template(f"{{{{ row.a | {name}{call} }}}}")
        except WorkspaceError:
            continue  # too many arguments, or too few
        for value, argument in itertools.product(ANYTHING, ANYTHING if "row.b" in call else [None]):
            assert_plain(get, {"a": value, "b": argument, "c": 3})


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">=", "contains"])
def test_an_error_of_a_comparison_is_in_plain_english(operator):
    get = compile_template(f"{{% if row.a {operator} row.b %}}{{% endif %}}")
    for left, right in itertools.product(ANYTHING, repeat=2):
        assert_plain(get, {"a": left, "b": right})


@pytest.mark.parametrize(
    "tag",
    [
        "{% for i in row.a limit: row.b %}{{ i }}{% endfor %}",
        "{% for i in row.a offset: row.b %}{{ i }}{% endfor %}",
        "{% for i in (row.a..row.b) %}{{ i }}{% endfor %}",
        "{% tablerow i in row.a cols: row.b %}{{ i }}{% endtablerow %}",
        "{% case row.a %}{% when row.b %}{{ row.a }}{% endcase %}",
        "{% assign g = row.a %}{% cycle g: row.b, row.a %}{{ row[row.a] }}{{ row.a[row.b] }}",
        "{% assign x = row.a %}{{ x }}{{ x[row.b] }}{% ifchanged %}{{ row.b }}{% endifchanged %}",
    ],
)
def test_an_error_of_a_tag_is_in_plain_english(tag):
    get = compile_template(tag)
    for left, right in itertools.product(ANYTHING, repeat=2):
        assert_plain(get, {"a": left, "b": right})


def test_a_value_that_no_event_can_hold_is_an_error_without_the_value():
    error = error_of(compile_template("x{{ row }}"), {"huge": 2**100, "secret": "hunter2"})
    assert error == "the template cannot use this event: a value is not JSON or nested too deep"


def test_a_filter_that_fails_in_python_names_what_it_was_given():
    error = error_of(compile_template("{{ row.a | sha256 }}"), {"a": "\ud800"})
    assert error == "filter sha256: cannot be used on a text"
    error = error_of(compile_template("{{ row.a | hmac_sha256: row.b }}"), {"a": "\ud800", "b": "k"})
    assert error == "filter hmac_sha256: cannot be used on a text with a text"
