"""Templates and events made to take time and room: the measured holes of Liquid engines, and more."""

import inspect
import random
from typing import Any

from sluice.templates.filters import FILTERS


def hostile_event() -> dict[str, Any]:
    """An event as large as ingest lets through, with everything that is slow to look at."""
    return {
        "type": "track",
        "event": "Order Completed",
        "long": "ab" * 30_000,
        "spaces": " " * 20_000 + "x",
        "lines": "a\r\n" * 10_000,
        "html": "<" * 5_000 + "<script>" * 2_000,
        "entities": "&amp" * 5_000,
        "digits": "9" * 4_000,
        "wide": "\U0001f600" * 15_000,
        "letters": "a" * 8_000,
        "commas": "a," * 9_000,
        "json": "[" * 4_000,
        "json_deep": "[" * 200 + "]" * 200,
        "json_wide": "[" + "1," * 9_000 + "1]",
        "number": 2**62,
        "float": 1e308,
        "small": 5e-324,
        "list": list(range(9_000)),
        "texts": [f"{'x' * 50}{n}" for n in range(1_000)],
        "same": ["a" * 5_000] * 10,
        "objects": [{"a": n, "b": {"c": str(n)}} for n in range(2_000)],
        "mixed": [1, "a", None, True, [1, [2, [3]]], {"x": {}}, 1.5],
        "ab": "".join(random.Random(1).choices("ab", k=8_192)),
        "needle": "a" * 96 + "baa",
        "scripts": "<script<!---->" * 4_600,
        "cjk": "".join(chr(0x4E00 + n) for n in range(9_999)),
        "wider": "\U0001f600" * 60_000,
        "json_lists": "[" + "[]," * 15_000 + "1]",
        "properties": {
            "price": "12.5",
            "name": "Shirt",
            "ok": True,
            "products": [{"sku": "a"}, {"sku": "b"}],
        },
    }


MEASURED_HOLES = [
    "{{ (1..3000000) | join: ',' }}",
    "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | replace: 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaa' "
    "| replace: 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaa' | replace: 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaa' }}",
    "{% for i in (1..999) %}{% for j in (1..99) %}{% for k in (1..99) %}{% endfor %}{% endfor %}{% endfor %}",
    "{% tablerow i in (1..1000000) cols:1 %}x{% endtablerow %}",
    "{% assign a = 'aaaaaaaa' %}{% for i in (1..100) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
    "{{ row.__class__.__mro__ }}",
]

ATTACKS = [
    "{% for i in (1..10000) %}{{ row.long }}{% endfor %}",
    "{% for i in (1..9999) %}{% endfor %}" * 200,
    "{% for i in (1..9999) %}{% if 1 == 1 and 2 == 2 and 3 == 3 %}{% endif %}{% endfor %}",
    "{% for i in (1..9999) %}{{ forloop.index }}{% cycle 'a', 'b' %}{% increment x %}{% endfor %}",
    "{% for i in (1..9999) %}{% for j in (1..9999) %}{% break %}{% endfor %}{% endfor %}",
    "{% for i in row.list %}{% for j in row.list %}{% continue %}{% endfor %}{% endfor %}",
    "{% for i in row.list reversed %}{% for j in row.list reversed limit: 1 %}x{% endfor %}{% endfor %}",
    "{% for i in row.list offset: continue %}{% endfor %}" * 150,
    "{% for p in row.objects %}{% if row.objects == row.objects %}{% endif %}{% endfor %}",
    "{% for p in row.objects %}{% if row.objects contains p %}{% endif %}{% endfor %}",
    "{% for p in row.objects %}{% if row.long contains 'zz' %}{% endif %}{% endfor %}",
    "{% for p in row.objects %}{% if row.long == row.long %}{% endif %}{% endfor %}",
    "{% for p in row.list %}{% case row.objects %}{% when row.objects, p %}{% endcase %}{% endfor %}",
    "{% for p in row.texts %}{% cycle row.long, row.long %}{% endfor %}",
    "{% for p in row.texts %}{% ifchanged %}{{ row.long }}{% endifchanged %}{% endfor %}",
    "{% for p in row.texts %}{% capture a %}{{ row.long }}{% endcapture %}{% endfor %}",
    "{% capture a %}{{ row.long }}{% endcapture %}" * 150,
    "{% assign a = row.long %}" + "{% assign a = a | append: 'b' %}" * 200,
    "{% assign a = 'ab' %}" + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 60 + "{{ a }}",
    "{% assign a = row.list %}" + "{% assign a = a | concat: a %}" * 60 + "{{ a | json }}",
    "{% assign a = row.objects %}" + "{% assign a = a | concat: row.objects %}" * 4 + "{{ a | json }}" * 20,
    "{% assign a = '' | split: '' | concat: row %}{{ a }}",
    "{% assign a = row.same %}" + "{% assign a = a | concat: a %}" * 9 + "{{ a | sort | uniq | size }}",
    "{% assign a = row.same %}" + "{% assign a = a | concat: a %}" * 9 + "{{ a | join: row.long }}",
    "{% assign a = row.same %}" + "{% assign a = a | concat: a %}" * 9 + "{{ a }}",
    "{{ row.texts | join: row.long }}",
    "{{ row.list | join: row.long | size }}",
    "{{ row.long | replace: '', row.long }}",
    "{{ row.long | replace: 'a', row.long }}",
    "{{ row.long | replace_first: 'a', row.long | replace_last: 'b', row.long }}",
    "{{ row.long | split: '' | size }}",
    "{{ row.long | split: 'b' | sort | uniq | join }}",
    "{{ row.commas | split: ',' | sort_natural | uniq | reverse | compact | size }}",
    "{{ row.objects | sort: 'a' | map: 'b' | map: 'c' | sort | uniq | sum }}",
    "{{ row.objects | where: 'b', row.properties | size }}",
    "{{ row.mixed | sort }}",
    "{{ row.mixed | sort_natural | json }}",
    "{{ row.spaces | strip | squish | strip_newlines | newline_to_br | truncatewords: 99999999999 }}",
    "{{ row.lines | newline_to_br | newline_to_br | newline_to_br | newline_to_br }}",
    "{{ row.html | strip_html }}" * 20,
    "{{ row.html | escape | escape | escape | escape_once | escapejs }}",
    "{{ row.entities | escape_once }}" * 20,
    "{{ row.wide | url_encode | url_encode | url_encode }}",
    "{{ row.wide | escapejs | base64_encode | base64_decode }}",
    "{{ row.wide | json | json | json | json }}",
    "{{ row | json }}" * 100,
    "{{ row }}" * 200,
    "{{ row.objects }}" * 100,
    "{{ row.json | parse }}{{ row.json_deep | parse }}",
    "{{ row.json_deep | parse | json }}",
    "{{ row.json_wide | parse | json }}" * 50,
    "{{ row.json_deep | cast: 'json' | cast: 'string' }}",
    "{{ row.digits | times: row.digits | times: row.digits }}",
    "{{ row.number" + " | times: 9223372036854775807" * 200 + " }}",
    "{{ row.float | times: row.float | plus: 1 }}",
    "{{ row.small | divided_by: 1000000000000000000.0 | round: 99999999 }}",
    "{{ 2 | divided_by: 0 }}{{ 2 | modulo: 0.0 }}",
    "{{ row.number | round: -9999999999 }}",
    "{{ row.long | truncate: 999999999999, row.long }}",
    "{{ row.long | truncate: -5, row.long }}",
    "{{ row.long | slice: -999999999999, 999999999999 }}",
    "{{ row.list | slice: 0, 9223372036854775807 | json }}",
    "{{ 'now' | date: '%1000000d' }}",
    "{{ 'now' | date: '" + "%c" * 99 + "' }}" * 1,
    "{{ 0 | date: row.long }}",
    "{{ row.digits | date: '%Y' }}{{ row.float | to_iso8601 }}",
    "{{ 'now' | date: '%Y', '../../../../etc/passwd' }}",
    "{{ 'now' | date: '%Y', row.long }}",
    "{{ row.letters | regex_replace: '(a*)*b', 'x' }}",
    "{{ row.letters | regex_replace: 'a.*b|a', 'x' }}",
    "{{ row.letters | regex_replace: '', row.long }}",
    "{{ row.letters | regex_replace: '', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }}",
    "{{ row.letters | regex_test: '(x+x+)+y' }}{{ row.letters | regex_test: '(a|aa)+$' }}" * 20,
    "{{ row.letters | regex_extract: '^(a?){200}(a{200})$' }}" * 20,
    "{{ row.letters | regex_extract: '((a{10}){10}){9}(.)(.)(.)(.)b' }}" * 10,
    "{{ row.letters | regex_test: '[^b]{900}b' }}" * 20,
    "{{ row.long | regex_test: 'a' }}",
    "{% for i in (1..99) %}{% assign x = row.ab | regex_test: 'a[ab]{900}c' %}{% endfor %}",
    "{% for i in (1..99) %}{% assign x = row.ab | regex_extract: '(a|b)*a((a|b){100})c?$' %}{% endfor %}",
    "{% for i in (1..99) %}{% assign x = row.ab | regex_extract: '(?:(a*)(b*)){120}$' %}{% endfor %}",
    "{% for i in (1..99) %}{% assign x = row.ab | regex_replace: 'a(?:[ab]*a[ab]{12}c)?', 'z' %}{% endfor %}",
    "{% for i in (1..99) %}{% assign x = row.ab | regex_extract: '(?:"
    + "(" * 50
    + "[ab]"
    + ")" * 50
    + ")*a[ab]{100}$' %}{% endfor %}",
    "{% for i in (1..99) %}{% assign x = row.wide | slice: 0, 8192 | regex_test: '.{60}c' %}{% endfor %}",
    "{{ row.scripts | strip_html }}{{ row.scripts | strip_html }}",
    "{% for i in (1..99) %}{% assign x = row.long | split: row.needle %}{% endfor %}",
    "{% for i in (1..99) %}{% assign x = row.long | replace: row.needle, 'z' %}{% endfor %}",
    "{% for i in (1..99) %}{% if row.long contains row.needle %}{% endif %}{% endfor %}",
    "{{ row.long | e164: 'US' }}{{ row.digits | e164: 'US' }}",
    "{{ '" + "1" * 240 + "' | e164: 'US' }}",
    "{{ '+" + "1-(2)" * 48 + "' | e164: 'US' }}",
    "{% for i in (1..999) %}{{ '+12015550123' | e164 }}{% endfor %}",
    "{% for i in (1..9999) %}{{ row.long | sha256 | md5 | sha1 }}{% endfor %}",
    "{% for i in (1..9999) %}{{ 'x' | hmac_sha256: row.long }}{% endfor %}",
    "{{ row.long | normalize_email }}",
    "{{ row.list | includes: 'x' }}{{ row.objects | includes: row.objects }}",
    "{% for i in (1..9999) %}{{ row.list | includes: 'x' }}{% endfor %}",
    "{% for i in (1..9999) %}{{ row.properties.products | map: 'sku' | join: ',' | upcase }}{% endfor %}",
    "{% for i in (1..9999) %}{{ 'now' | date: '%c %c %c %c' }}{% endfor %}",
    "{% for i in (1..9999) %}{{ 1.5 | times: 2.5 | plus: 1 | round: 3 }}{% endfor %}",
    "{% for i in (1..9999) %}{{ i | cast: 'string' | cast: 'number' | cast: 'timestamp' }}{% endfor %}",
    "{% for i in (1..9999) %}{{ row.mixed | json }}{% endfor %}",
    "{% for i in (1..9999) %}{% assign a = row.list | slice: 0, 9000 %}{% endfor %}",
    "{% for i in row %}{% for j in row %}{{ i }}{% endfor %}{% endfor %}",
    "{% tablerow i in row.list cols: 1 %}{{ tablerowloop.row }}{% endtablerow %}",
    "{% tablerow i in row.list cols: 0 %}{% endtablerow %}",
    "{% for a in row.objects %}{% for b in row.objects %}{% for c in row.list %}{{ forloop.parentloop.last }}"
    "{% endfor %}{% endfor %}{% endfor %}",
    "{{ row['__class__']['__mro__'] }}{{ row.event.__class__ }}{{ row.list.append }}{{ row.keys }}",
    "{% liquid\nfor i in (1..9999)\necho row.long\nendfor\n%}",
    "{{ row.long | append: row.long }}",
    "{{ row.long }}{{ row.long }}",
    "{{ row.list | cast: 'array' | cast: 'string' }}" * 60,
    "{{ row.objects | map: 'b' | map: 'c' }}" * 100,
    "{{ row.objects | sum: 'a' }}" * 100,
    "{{ row.objects | find: 'a', 1999 | json }}" * 100,
    "{{ row.list | first }}{{ row.list | last }}{{ row.list | size }}{{ row.list | reverse | first }}" * 60,
]

LARGE = [
    "".join(f"{{% assign a{n} = row.cjk | split: '' %}}" for n in range(9)),
    "".join(f"{{% capture a{n} %}}{{{{ row.wide }}}}{{{{ row.wide }}}}{{% endcapture %}}" for n in range(9)),
    "".join(f"{{% assign a{n} = row.wide | append: row.wide %}}" for n in range(9)),
    "".join(f"{{% assign a{n} = row.json_lists | parse %}}" for n in range(9)),
    "".join(f"{{% assign a{n} = row.json_lists | cast: 'json' %}}" for n in range(9)),
    "{% for a in row.objects %}{% assign b = row.wider | url_encode %}{% endfor %}",
    "{{ row.wider | truncatewords: 9999999 | split: '' | size }}",
    "{{ row.letters | slice: 0, 200 | regex_replace: 'a', '" + "x" * 7_500 + "' }}",
]
"""What would gather large values in names, or make one in between."""

_PATHS = [
    "long",
    "spaces",
    "lines",
    "html",
    "entities",
    "digits",
    "wide",
    "letters",
    "commas",
    "json",
    "json_wide",
]
_PATHS += [
    "number",
    "float",
    "small",
    "list",
    "texts",
    "same",
    "objects",
    "mixed",
    "properties",
    "event",
    "nope",
]
_LITERALS = [
    "''",
    "'a'",
    "' '",
    "'%c'",
    "','",
    "'b'",
    "0",
    "1",
    "-1",
    "9999",
    "1.5",
    "9223372036854775807",
    "true",
    "nil",
]
_QUOTED = {
    "cast": ["'string'", "'number'", "'json'", "'array'", "'timestamp'"],
    "regex_replace": ["'a', 'bb'", "'(a)(b)', '\\\\2'", "'.', 'xx'", "'', 'y'", "'a.*b|a', ''"],
    "regex_test": ["'(a|b)+c'", "'^.*$', 's'"],
    "regex_extract": ["'(a+)+$'", "'[^,]+'"],
    "e164": ["", "'US'"],
    "normalize_email": ["", "'google'"],
}


def generate_template(random_: random.Random) -> str:
    """A template that often compiles: filter chains on large values, in loops, captures and conditions."""
    start = f"{{% assign a = row.{random_.choice(_PATHS)} %}}"
    return start + "".join(_statement(random_, 3) for _ in range(random_.randint(1, 4)))


def _statement(random_: random.Random, depth: int) -> str:
    kind = random_.choice(
        ["output", "output", "assign", "for", "if", "capture", "tablerow", "case", "text", "again"]
    )
    if depth == 0 or kind == "output":
        return "{{ " + _chain(random_) + " }}"
    body = "".join(_statement(random_, depth - 1) for _ in range(random_.randint(1, 3)))
    items = random_.choice(
        ["(1..100)", "(1..9999)", "row.list", "row.objects", "row.texts", "row.properties", "a"]
    )
    match kind:
        case "assign":
            return "{% assign a = " + _chain(random_) + " %}"
        case "for":
            return "{% for i in " + items + " %}" + body + "{% endfor %}"
        case "tablerow":
            return "{% tablerow i in " + items + " cols: 3 %}" + body + "{% endtablerow %}"
        case "if":
            operator = random_.choice(["==", "!=", "<", ">=", "contains"])
            return f"{{% if {_operand(random_)} {operator} {_operand(random_)} %}}{body}{{% endif %}}"
        case "capture":
            return "{% capture a %}" + body + "{% endcapture %}"
        case "case":
            return f"{{% case {_operand(random_)} %}}{{% when {_operand(random_)} %}}{body}{{% endcase %}}"
        case "again":
            return (
                "{% assign a = a | "
                + random_.choice(["append: a", "concat: a", "prepend: a", "replace: 'a', a"])
                + " %}"
            )
        case _:
            return "text " * random_.randint(1, 30)


def _operand(random_: random.Random) -> str:
    choice = random_.random()
    if choice < 0.6:
        return "row." + random_.choice(_PATHS)
    return "a" if choice < 0.75 else random_.choice(_LITERALS)


def _chain(random_: random.Random) -> str:
    return " | ".join([_operand(random_), *(_filter(random_) for _ in range(random_.randint(0, 4)))])


def _filter(random_: random.Random) -> str:
    name = random_.choice(list(FILTERS))
    if name in _QUOTED:
        arguments = random_.choice(_QUOTED[name])
    else:
        required, possible = _ARITIES[name]
        arguments = ", ".join(_operand(random_) for _ in range(random_.randint(required, possible)))
    return f"{name}: {arguments}" if arguments else name


def _arity(function: Any) -> tuple[int, int]:
    """How many arguments a filter needs and takes, after the run and the value."""
    places = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY][2:]
    return sum(place.default is place.empty for place in places), len(places)


_ARITIES = {name: _arity(rule.function) for name, rule in FILTERS.items() if not rule.build}
