"""Where Sluice and python-liquid disagree: docs/templates.md lists it; a grid of calls finds no more."""

import inspect
import itertools
import json
import re
from pathlib import Path
from typing import Any

import liquid
import orjson
import pytest
from liquid.exceptions import LiquidError

from sluice.errors import MappingError, WorkspaceError
from sluice.templates import compile_template
from sluice.templates.filters import FILTERS

PAGE = (Path(__file__).parents[3] / "docs" / "templates.md").read_text()
EVENT = json.loads(PAGE.split("```json\n")[1].split("```")[0])
SECTION = PAGE.split("## Differences from python-liquid\n")[1].split("\n## ")[0]
CELL = r"(\*\w+\*|`.*`)"
ROWS = [
    tuple(cell.replace("\\|", "|") for cell in row)
    for row in re.findall(
        rf"^\| `(.*?)` \| {CELL} \| {CELL} \| [^|`]*(?:`[^`]+`[^|`]*)*\|$", SECTION, re.MULTILINE
    )
]
ENGINE = liquid.Environment()
ENGINE.filters["json"] = lambda value: orjson.dumps(value, default=as_json).decode()


def as_json(value: Any) -> Any:
    """What python-liquid's filters give besides JSON: ranges, and a null of their own."""
    return list(value) if isinstance(value, range) else None


def render(template: str, event: Any) -> str:
    """What Sluice makes of a template as text, `*error*` or `*refused*`."""
    try:
        return str(compile_template(f"<{template}>")(event))[1:-1]
    except MappingError:
        return "*error*"
    except WorkspaceError:
        return "*refused*"


def render_in_engine(template: str, event: Any) -> str:
    """The same of python-liquid, which also fails with errors of Python's own."""
    try:
        return ENGINE.from_string(f"<{template}>").render(row=event)[1:-1]
    except (LiquidError, TypeError, ValueError, LookupError, ArithmeticError):
        return "*error*"


def shown(result: str) -> str:
    """A result as the page has it."""
    return result if result in {"*error*", "*refused*"} else f"`{result}`" if result else "*nothing*"


@pytest.mark.parametrize(("template", "ours", "theirs"), ROWS)
def test_a_difference_is_as_the_page_says(template, ours, theirs):
    assert shown(render(template, EVENT)) == ours
    assert shown(render_in_engine(template, EVENT)) == theirs
    assert ours != theirs


def test_every_row_of_the_page_is_run():
    assert len(ROWS) == SECTION.count("\n| `{") > 40


VALUES = {
    "text": "Ada Lovelace",
    "digits": "12",
    "padded": " 3.7 ",
    "integer": 7,
    "fraction": -2.25,
    "numbers": [3, 1, 2],
    "words": ["b", "a", "C", "a"],
    "nested": [["b"], ["a", ["d"]]],
    "objects": [{"sku": "a", "n": 2}, {"sku": "b", "n": 1}, {"sku": "c", "n": 1}],
    "object": {"sku": "a", "n": 2},
    "none": [],
}
ARGUMENTS = ["'a'", "'sku'", "'n'", "'1'", "' '", "2", "9"]
LISTS = {"numbers", "words", "nested", "objects", "object", "none"}
TEXTS = {"text", "digits", "padded", "words", "nested"}
AS_TEXT = {name for name, rule in FILTERS.items() if rule.takes == "text" and not rule.build}
OTHERWISE = {
    "slice": {"object"},
    "join": {"objects", "object"},
    "remove_last": LISTS | {"digits"},
    "replace_last": LISTS | {"digits"},
    "truncatewords": LISTS | {"text", "digits", "padded", "integer", "fraction"},
    "truncate": LISTS | {"text", "digits", "padded", "fraction", "integer"},
    "map": TEXTS,
    "sum": {"text", "words", "nested", "padded", "integer", "numbers", "object", "objects"},
    "uniq": TEXTS,
    "compact": TEXTS | {"objects", "object"},
    "where": {"fraction"},
    "reject": {"fraction"},
    "find": {"fraction"},
    "find_index": {"fraction"},
    "has": {"fraction"},
    "modulo": {"fraction"},
    "round": {"fraction"},
}
"""The values for which some call of a filter differs, each for a reason that is a row of the page."""


def calls(name: str) -> list[str]:
    """Every way to call a filter with arguments of the list."""
    places = [
        p
        for p in inspect.signature(FILTERS[name].function).parameters.values()
        if p.kind is not p.KEYWORD_ONLY
    ]
    least = sum(place.default is place.empty for place in places[2:])
    return [
        name + (f": {', '.join(arguments)}" if arguments else "")
        for count in range(least, len(places) - 1)
        for arguments in itertools.product(ARGUMENTS, repeat=count)
    ]


@pytest.mark.parametrize(
    "name", sorted(name for name in FILTERS if name in ENGINE.filters and name not in {"date", "json"})
)
def test_a_filter_differs_from_the_engine_for_the_known_values_only(name):
    different = {}
    for value, call in itertools.product(VALUES, calls(name)):
        template = f"{{{{ row.{value} | {call} | json }}}}"
        ours, theirs = render(template, VALUES), render_in_engine(template, VALUES)
        if ours != theirs and not {ours, theirs} <= {"null", '""', "[]"}:  # nothing, in each of its forms
            different[value] = (call, ours, theirs)
    known = OTHERWISE.get(name, LISTS if name in AS_TEXT else set())
    assert {value: pair for value, pair in different.items() if value not in known} == {}
    assert known <= different.keys() | LISTS
