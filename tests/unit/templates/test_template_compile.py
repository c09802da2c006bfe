import subprocess
import sys

import pytest

from sluice.errors import MappingError, WorkspaceError
from sluice.fields import MISSING
from sluice.templates import compile_template

EVENT = {
    "event": "Order Completed",
    "properties": {"price": "12.5", "n": 3, "ok": False, "none": None, "bad": "abc", "empty": ""},
}


def render(text, event=EVENT):
    return compile_template(text)(event)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ row['properties'].price | cast : 'number'}}", 12.5),
        ("{{row.properties.n}}", 3),
        ("{{ row.properties.ok }}", False),
        ("{{ row.properties['empty'] }}", ""),
        ("{{ row.properties }}", EVENT["properties"]),
        ("{{ (1..3) }}", [1, 2, 3]),
        ("\n{{ row.properties.n }}\n", 3),
        ("{{- row.properties.n -}}", 3),
    ],
)
def test_one_expression_keeps_its_type(text, expected):
    result = render(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    "text",
    ["{{ row.nope }}", "{{ row.properties.none }}", "{{ row.nope.deeper[0] }}", "{{ nil }}", "{{ empty }}"],
)
def test_one_expression_without_a_value_is_missing(text):
    assert render(text) is MISSING


@pytest.mark.parametrize(
    "name", ["upcase", "sha256", "strip", "cast: 'number'", "to_unix", "parse", "e164", "join"]
)
def test_a_filter_given_nothing_gives_nothing(name):
    assert render(f"{{{{ row.nope | {name} }}}}") is MISSING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ row.properties.n }} ", "3 "),
        ("{{ row.properties.n }}{{ row.nope }}", "3"),
        ("[{{ row.nope }}]", "[]"),
        ("{% if row.nope %}a{% else %}b{% endif %}", "b"),
        ("{{ row.nope | default: 'x' }}", "x"),
        ("{% echo row.properties.n %}", "3"),
        ("", ""),
    ],
)
def test_anything_else_is_a_text_and_missing_values_are_empty(text, expected):
    assert render(text) == expected


def test_a_number_that_is_none_is_an_error_with_the_value():
    with pytest.raises(MappingError, match='"abc" is not a number'):
        render("{{ row.properties.bad | cast: 'number' }}")


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        (
            "a\n {{ row.x | uppcase }}",
            2,
            13,
            "no filter 'uppcase'",
            " {{ row.x | uppcase }}\n            ^^^^^^^\n",
        ),
        (
            "{{ user.id }}",
            1,
            4,
            "nothing is called 'user'",
            "{{ user.id }}\n   ^^^^\nthe event is row: row.user",
        ),
        ("{{ row.x | replace }}", 1, 12, "missing an argument: 'old'", "           ^^^^^^^"),
        ("{{ row.x | cast: 'float' }}", 1, 12, "no cast to 'float'", "           ^^^^"),
        ("{{ row.x | regex_test: '(' }}", 1, 12, "not one of RE2", "           ^^^^^^^^^^"),
        ("{{ row.x | regex_test: row.y }}", 1, 12, "texts in quotes only", ""),
        ("{{ row.x | date: '%1000000d' }}", 1, 12, "no '%10'", ""),
        ("{{ row. }}", 1, 7, "no name follows this dot", "{{ row. }}\n      ^"),
        ("{% if row.x[0].y. == 1 %}{% endif %}", 1, 17, "no name follows this dot", ""),
        ("{{ row.x.-1 | json }}", 1, 9, "no name follows this dot", ""),
        ("{{ row.x | date: '%Y', 'Mars' }}", 1, 12, "not a time zone", ""),
        ("x\n{% if row.x %}\ny", 2, 4, "this has no endif", "{% if row.x %}\n   ^^"),
        ("{{ row.x", 1, 1, "expected '}}'", "{{ row.x\n^^"),
        ("{% break %}", 1, 4, "outside a loop", ""),
        ("{% assign row = 1 %}", 1, 11, "'row' is taken", ""),
        ("{{ row.x.limit }}", 1, 10, "found limit", "'limit' is a word of Liquid: write ['limit']"),
        ("{% if row.x = 1 %}{% endif %}", 1, 13, "", "            ^"),
    ],
)
def test_an_error_names_the_place_and_shows_a_caret(text, line, column, message, hint):
    with pytest.raises(WorkspaceError) as caught:
        compile_template(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ row.n }}.", "1."),
        ("{{ row.a . b }}", 2),
        ("{{ row.['a'].b }}", 2),
        ("{{ row.a['c.d'] }}", 3),
        ("{% for i in (row.n..row.a.b) %}{{ i }}.{% endfor %}", "1.2."),
    ],
)
def test_dots_that_part_or_end_nothing_are_no_fault(text, expected):
    assert render(text, {"n": 1, "a": {"b": 2, "c.d": 3}}) == expected


def test_a_long_line_is_shown_around_the_error():
    with pytest.raises(WorkspaceError) as caught:
        compile_template("x" * 500 + "{{ row.a | nope }}" + "y" * 500)
    line, carets = caught.value.hint.split("\n")[:2]
    assert len(line) <= 76
    assert line[carets.index("^") :].startswith("nope")


def test_an_item_of_each_is_item():
    assert render("{{ item.sku }} of {{ row.event }}", {"item": {"sku": "a"}, "event": "b"}) == "a of b"


def test_now_is_an_argument():
    assert compile_template("{{ 'now' | to_unix }}")({"receivedAt": "2026-11-22T01:02:03.900Z"}) == 1795309323


def test_a_run_leaves_nothing_for_the_next():
    get = compile_template("{% increment n %}{% cycle 'a', 'b' %}{{ x }}{% assign x = 1 %}")
    assert get({}) == get({}) == "0a"


def test_an_event_that_is_no_json_is_a_mapping_error():
    with pytest.raises(MappingError):
        render("x{{ row }}", {"huge": 2**100})


@pytest.mark.parametrize("event", [None, [], "text", 1, {"properties": "text"}])
def test_an_event_of_another_shape_has_no_fields(event):
    assert compile_template("{{ row.properties.price }}")(event) is MISSING


def test_the_engine_is_imported_when_a_template_is_compiled_only():
    code = "import sys, sluice.templates, sluice.casts; print('liquid' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"
