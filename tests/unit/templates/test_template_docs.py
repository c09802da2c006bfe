"""docs/templates.md shows every filter, and every example in it is true."""

import json
import re
from pathlib import Path

import pytest

from sluice.templates import compile_template
from sluice.templates.filters import FILTERS
from sluice.templates.limits import MAX_BLOCKS, MAX_ITEMS, MAX_TEMPLATE, MAX_TEXT, MAX_WORK

PAGE = (Path(__file__).parents[3] / "docs" / "templates.md").read_text()
EVENT = json.loads(PAGE.split("```json\n")[1].split("```")[0])
EXAMPLES = [
    (template.replace("\\|", "|"), json.loads(result.replace("\\|", "|")))
    for template, result in re.findall(r"^\| `(\{[{%].*?)` \| `(.*)` \|$", PAGE, re.MULTILINE)
]


@pytest.mark.parametrize(("template", "result"), EXAMPLES)
def test_an_example_is_true(template, result):
    value = compile_template(template)(EVENT)
    assert value == result
    assert type(value) is type(result)


def test_every_filter_has_an_example():
    shown = {name for template, _ in EXAMPLES for name in re.findall(r"\| (\w+)", template)}
    assert shown == set(FILTERS)


@pytest.mark.parametrize("limit", [MAX_TEMPLATE, MAX_TEXT, MAX_ITEMS, MAX_WORK, MAX_BLOCKS])
def test_the_limits_are_those_of_the_code(limit):
    assert f"{limit:,}" in PAGE.split("## Limits")[1]
