# ruff: noqa: E501 - a template is a line
"""Our closures against python-liquid's own rendering, for what means the same in both."""

import random

import liquid
import pytest

from sluice.templates import compile_template

ENGINE = liquid.Environment()
EVENT = {
    "name": "Ada Lovelace",
    "html": "<b>\"Tom\" & 'Jerry'</b>",
    "n": 7,
    "price": 12.5,
    "text_number": "3",
    "ok": True,
    "blank_text": "",
    "lines": "a\r\nb\nc ",
    "list": [3, 1, 2],
    "words": ["b", "a", "C", "a"],
    "products": [
        {"sku": "a", "price": 2, "ok": True},
        {"sku": "b", "price": 1},
        {"sku": "c", "price": 1, "ok": False},
    ],
    "object": {"k": "v", "l": "w"},
}

TEMPLATES = [
    "{% if row.ok and row.n > 5 or row.nope %}y{% elsif row.blank_text == empty %}z{% else %}n{% endif %}",
    "{% if row.name contains 'Ada' %}a{% endif %}{% if row.words contains 'C' %}b{% endif %}",
    "{% unless row.ok %}a{% else %}b{% endunless %}{% if row.nope == nil %}c{% endif %}{% if '' == blank %}d{% endif %}",
    "{% case row.n %}{% when 1, 7 %}a{% when 8 %}b{% else %}c{% endcase %}{% case row.name %}{% else %}x{% endcase %}",
    "{% for p in row.products %}{{ forloop.index }}/{{ forloop.length }}{{ p.sku }}{% if forloop.last %}.{% endif %}{% endfor %}",
    "{% for p in row.products limit: 2 offset: 1 %}{{ p.sku }}{% endfor %}{% for i in row.list reversed %}{{ i }}{% endfor %}",
    "{% for i in row.list limit: 1 %}{{ i }}{% endfor %}{% for i in row.list offset: continue %}-{{ i }}{% endfor %}",
    "{% for i in (1..5) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in row.nope %}x{% else %}none{% endfor %}{% for i in row.name %}{{ i }}{% endfor %}",
    "{% for a in (1..2) %}{% for b in (1..2) %}{{ forloop.parentloop.index }}{{ forloop.index }},{% endfor %}{% endfor %}",
    "{% for kv in row.object %}{{ kv[0] }}={{ kv[1] }};{% endfor %}",
    "{% tablerow i in row.list cols: 2 %}{{ i }}{{ tablerowloop.col_last }}{% endtablerow %}",
    "{% assign a = row.name | downcase %}{% capture b %}{{ a }}!{% endcapture %}{{ b | size }}{{ b }}",
    "{% increment x %}{% increment x %}{% decrement y %}{% decrement y %}",
    "{% for i in (1..4) %}{% cycle 'a', 'b', 'c' %}{% cycle 'g': 'x', 'y' %}{% endfor %}",
    "{% for w in row.words %}{% ifchanged %}{{ w | downcase }}{% endifchanged %}{% endfor %}",
    "{% liquid\nassign a = 1\nif a == 1\necho 'one'\nendif\n%}{% comment %}x{% endcomment %}{% raw %}{{ x }}{% endraw %}",
    "a {%- if true -%} b {%- endif -%} c{% if true %}   {% endif %}d {%# note %}",
    "{{ row.products[0].sku }}{{ row['products'][-1]['sku'] }}{{ row.products.first.sku }}{{ row.products.last.sku }}"
    "{{ row.products.size }}{{ row.name.size }}{{ row.object[row.nope] }}{{ row.list[9] }}",
    "{% if row.n >= 7 and row.n <= 7 and row.n != 8 and row.price > 12 %}a{% endif %}{% if 'a' < 'b' %}b{% endif %}",
    "{{ (1..4) }}{{ (1..4) | join: '-' }}{% assign r = (1..3) %}{{ r | size }}{{ r.first }}",
]


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_means_what_the_engine_says(text):
    assert compile_template(text + " ")(EVENT) == ENGINE.from_string(text + " ").render(row=EVENT)


CHAINS = [
    "name | upcase", "name | downcase", "name | capitalize", "name | append: '!'", "name | prepend: '>'",
    "name | replace: 'a', 'o'", "name | replace_first: 'a', 'o'", "name | replace_last: 'a', 'o'",
    "name | remove: 'a'", "name | remove_first: 'a'", "name | remove_last: 'a'", "name | split: ' ' | last",
    "name | slice: 0", "name | slice: -3, 2", "name | slice: 2, 100", "name | truncate: 7", "name | truncate: 7, '…'",
    "name | truncatewords: 1", "name | size", "html | escape", "html | escape_once", "html | strip_html",
    "html | escapejs", "name | url_encode", "name | url_encode | url_decode", "name | base64_encode",
    "name | base64_encode | base64_decode", "name | base64_url_safe_encode | base64_url_safe_decode",
    "lines | newline_to_br", "lines | strip_newlines", "lines | strip", "lines | lstrip", "lines | rstrip",
    "lines | squish", "n | plus: 1", "n | minus: 0.1", "price | times: 2", "n | divided_by: 2", "n | divided_by: 2.0",
    "n | modulo: 4", "text_number | plus: 1", "price | ceil", "price | floor", "n | at_least: 9",
    "n | at_most: 3", "n | minus: 9 | abs", "list | join", "list | join: ', '", "list | sort | join", "list | reverse | join",
    "words | sort | join", "words | sort_natural | join", "words | uniq | join", "list | first", "list | last", "list | sum",
    "list | concat: row.words | join", "products | map: 'sku' | join", "products | where: 'price', 1 | size",
    "products | where: 'ok' | size", "products | reject: 'price', 1 | size", "products | find: 'price', 1 | size",
    "products | find_index: 'price', 1", "products | has: 'price', 9", "products | sum: 'price'",
    "products | sort: 'price' | map: 'sku' | join", "blank_text | default: 'x'",
    "ok | default: false", "nope | default: 'x'", "name | safe",
]  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS)
def test_a_filter_does_what_the_engine_says(chain):
    text = f"[{{{{ row.{chain} }}}}]"
    assert compile_template(text)(EVENT) == ENGINE.from_string(text).render(row=EVENT)


def test_random_texts_of_templates_mean_what_the_engine_says():
    random_ = random.Random(1)
    for _ in range(300):
        text = "".join(random_.choices(TEMPLATES, k=2)) + " "
        if "offset: continue" not in text:
            assert compile_template(text)(EVENT) == ENGINE.from_string(text).render(row=EVENT)
