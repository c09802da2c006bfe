"""Each limit of templates where it lies: the last value that passes, and the first that does not."""

import pytest

from sluice.errors import MappingError, WorkspaceError
from sluice.templates import compile_template
from sluice.templates.environment import MAX_BRACKETS
from sluice.templates.filters.hashes import MAX_CONTACT
from sluice.templates.filters.moments import MAX_FORMAT
from sluice.templates.filters.patterns import MAX_PATTERN, MAX_SEARCHED
from sluice.templates.limits import (
    MAX_BLOCKS,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_OPERATORS,
    MAX_TEMPLATE,
    MAX_TEXT,
)

TEXT = "a" * MAX_TEXT


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth - 1):
        value = [value]
    return value


PASSES = [
    ("{{ 9223372036854775806 | plus: 1 }}", {}, 2**63 - 1),
    ("{{ -9223372036854775807 | minus: 1 }}", {}, -(2**63)),
    ("{{ row.a | upcase | size }}", {"a": TEXT}, MAX_TEXT),
    ("{{ row.a | append: 'b' | size }}", {"a": TEXT[1:]}, MAX_TEXT),
    ("{{ row.a | append: row.b | size }}", {"a": "", "b": TEXT}, MAX_TEXT),
    ("{{ row.a | replace: 'a', row.b | size }}", {"a": "a" * 1_024, "b": "b" * 64}, MAX_TEXT),
    ("{{ row.a | join: '--' | size }}", {"a": ["a" * 32_767, "a" * 32_767]}, MAX_TEXT),
    ("{{ row.a }}{{ row.b }}", {"a": TEXT[1:], "b": "a"}, TEXT),
    ("{{ (1..10000) | size }}", {}, MAX_ITEMS),
    ("{{ (-9999..0) | size }}", {}, MAX_ITEMS),
    ("{{ row.a | reverse | first }}", {"a": list(range(MAX_ITEMS))}, MAX_ITEMS - 1),
    ("{{ row.a | concat: row.a | size }}", {"a": [1] * 5_000}, MAX_ITEMS),
    ("{{ row.a | split: ',' | size }}", {"a": "," * 9_999 + "b"}, MAX_ITEMS),
    ("{{ row.a | split: '' | size }}", {"a": "a" * MAX_ITEMS}, MAX_ITEMS),
    ("{{ row.a | regex_test: 'b' }}", {"a": "a" * MAX_SEARCHED}, False),
    ("{{ row.a | normalize_email | size }}", {"a": "a" * (MAX_CONTACT - 4) + "@b.c"}, MAX_CONTACT),
    ("{{ row.a | json | size }}", {"a": nested(MAX_DEPTH)}, 2 * MAX_DEPTH),
    ("{% for i in (1..4) %}{% endfor %}", {}, ""),
]
FAILS = [
    ("{{ 9223372036854775807 | plus: 1 }}", {}, "too large"),
    ("{{ -9223372036854775807 | minus: 2 }}", {}, "too large"),
    ("{{ 1000 | times: row.a }}", {"a": 1.7e308}, "too large"),
    ("{{ row.a | upcase }}", {"a": TEXT + "a"}, "longer than"),
    ("{{ row.a | default: 'b' }}", {"a": TEXT + "a"}, "longer than"),
    ("{{ row.a | append: 'b' }}", {"a": TEXT}, "longer than"),
    ("{{ row.a | append: row.b }}", {"a": "", "b": TEXT + "a"}, "longer than"),
    ("{{ row.a | replace: 'a', row.b }}", {"a": "a" * 1_025, "b": "b" * 64}, "longer than"),
    ("{{ row.a | join: '--' }}", {"a": ["a" * 32_767, "a" * 32_768]}, "longer than"),
    ("{{ row.a }}{{ row.b }}", {"a": TEXT, "b": "a"}, "longer than"),
    ("{{ (1..10001) | size }}", {}, "more than"),
    ("{{ (-9999..1) | size }}", {}, "more than"),
    ("{{ row.a | reverse }}", {"a": [1] * (MAX_ITEMS + 1)}, "more than"),
    ("{{ row.a | first }}", {"a": [[1] * (MAX_ITEMS + 1)]}, "more than"),
    ("{{ row.a | sort }}", {"a": [[1] * (MAX_ITEMS + 1)]}, "more than"),
    ("{{ row.a | concat: row.b }}", {"a": [1] * 5_000, "b": [1] * 5_001}, "more than"),
    ("{{ row.a | split: ',' }}", {"a": "," * 10_000 + "b"}, "more than"),
    ("{{ row.a | split: '' }}", {"a": "a" * (MAX_ITEMS + 1)}, "more than"),
    ("{{ row.a | truncatewords: 99999 }}", {"a": "a " * (MAX_ITEMS + 1)}, "more than"),
    ("{{ row.a | regex_test: 'b' }}", {"a": "a" * (MAX_SEARCHED + 1)}, "longer than 8,192"),
    ("{{ row.a | normalize_email }}", {"a": "a" * (MAX_CONTACT - 3) + "@b.c"}, "not an e-mail address"),
    ("{{ row.a | json }}", {"a": nested(MAX_DEPTH + 1)}, "nested deeper"),
]
LOADS = [
    "x" * MAX_TEMPLATE,
    "{% if 1 %}" * MAX_BLOCKS + "{% endif %}" * MAX_BLOCKS,
    "{% if 1" + " and 1" * (MAX_OPERATORS - 1) + " %}{% endif %}",
    "(" * MAX_BRACKETS,
    "{{ 'a' | regex_test: '" + "a" * MAX_PATTERN + "' }}",
    "{{ 0 | date: '" + "a" * MAX_FORMAT + "' }}",
    "{{ 9223372036854775807 }}",
]
REFUSED = [
    "x" * (MAX_TEMPLATE + 1),
    "{% if 1 %}" * (MAX_BLOCKS + 1) + "{% endif %}" * (MAX_BLOCKS + 1),
    "{% if 1" + " and 1" * (MAX_OPERATORS + 1) + " %}{% endif %}",
    "(" * (MAX_BRACKETS + 1),
    "{{ 'a' | regex_test: '" + "a" * (MAX_PATTERN + 1) + "' }}",
    "{{ 0 | date: '" + "a" * (MAX_FORMAT + 1) + "' }}",
    "{{ 9223372036854775808 }}",
    "{{ 1" + "0" * 400 + ".0 }}",
]


@pytest.mark.parametrize(("template", "event", "value"), PASSES)
def test_the_last_value_within_a_limit_passes(template, event, value):
    assert compile_template(template)(event) == value


@pytest.mark.parametrize(("template", "event", "error"), FAILS)
def test_the_first_value_beyond_a_limit_fails(template, event, error):
    with pytest.raises(MappingError, match=error):
        compile_template(template)(event)


@pytest.mark.parametrize("template", LOADS)
def test_a_template_within_the_limits_loads(template):
    compile_template(template)


@pytest.mark.parametrize("template", REFUSED)
def test_a_template_beyond_a_limit_is_refused(template):
    with pytest.raises(WorkspaceError):
        compile_template(template)


BODIES = [
    ("", 9697),
    ("{{ i }}", 3299),
    ("{{ forloop.index }}", 3299),
    ("{{ row.b }}", 1024),
    ("{% assign c = row.a | first %}", 2831),
    ("{% if i == 1 %}{% endif %}", 2831),
    ("{% if row.b == row.b %}{% endif %}", 1531),
    ("{% if row.b contains 'x' %}{% endif %}", 1807),
    ("{% capture c %}{{ row.b }}{% endcapture %}", 1807),
    ("{% assign c = i | plus: 1 %}", 1807),
    ("{% assign c = row.b | upcase %}", 1807),
    ("{% assign c = row.b | sha256 %}", 1807),
    ("{% assign c = row.a | first | append: row.b %}", 1422),
    ("{% assign c = row.b | replace: 'b', 'c' %}", 1531),
    ("{% assign c = row.b | split: 'b' %}", 219),
    ("{% assign c = row.b | regex_test: 'x' %}", 643),
    ("{% assign c = row.b | regex_replace: 'b', 'c' %}", 36),
    ("{% assign c = row.d | join: '-' %}", 1531),
    ("{% assign c = row.d | sort %}", 587),
    ("{% assign c = row.d | has: 'x' %}", 1807),
    ("{% assign c = row.d | json %}", 1172),
    ("{% assign c = row.d | concat: row.d %}", 1658),
    ("{% assign c = '[1]' | parse %}", 1987),
    ("{% cycle 'a', 'b' %}", 3299),
]


@pytest.mark.parametrize(("body", "turns"), BODIES)
def test_work_ends_at_the_same_turn_every_time(body, turns):
    """Prices are a promise: where one rises, events that passed become dead letters."""
    get = compile_template(f"{{% for i in row.a %}}{body}{{% endfor %}}")
    event = {"b": "b" * 64, "d": ["x" * 40, "y" * 40, "z"]}
    get(event | {"a": [1] * turns})
    with pytest.raises(MappingError, match=r"too much work|longer than"):
        get(event | {"a": [1] * (turns + 1)})
