"""No template takes over 50 ms of CPU or makes over 1 MB for an event, whatever it and the event are.

2,000 generated templates run each time; with SLUICE_GENERATED_TEMPLATES=10000 all of decision 0010 do.
"""

import gc
import os
import random
import time
import tracemalloc
from contextlib import suppress

import orjson
import pytest

from sluice.errors import MappingError, WorkspaceError
from sluice.fields import MISSING
from sluice.templates import compile_template
from sluice.templates.filters import FILTERS
from sluice.templates.limits import MAX_TEMPLATE, MAX_TEXT
from tests.unit.templates.hostile import ATTACKS, LARGE, MEASURED_HOLES, generate_template, hostile_event

GENERATED = int(os.environ.get("SLUICE_GENERATED_TEMPLATES", "2000"))
SEED = 20261122
LIMIT_S = 0.050
LIMIT_BYTES = 1_000_000
EVENT = hostile_event()


def run_measured(text: str) -> tuple[float, int, str]:
    """CPU seconds and bytes of one run, and the error if it ended in one."""
    try:
        get = compile_template(text)
    except WorkspaceError as error:
        return 0.0, 0, error.message
    begin = time.thread_time()
    try:
        value = get(EVENT)
    except MappingError as error:
        return time.thread_time() - begin, 0, error.detail
    took = time.thread_time() - begin
    return took, 0 if value is MISSING else len(orjson.dumps(value)), ""


def assert_within_limits(text: str) -> None:
    """Twice more before it counts as too slow: a shared machine stalls at times."""
    for _ in range(3):
        took, size, _error = run_measured(text)
        if took <= LIMIT_S:
            break
        gc.collect()
    assert took <= LIMIT_S, text
    assert size <= LIMIT_BYTES, text


@pytest.mark.parametrize("text", [*MEASURED_HOLES, *ATTACKS])
def test_an_attack_ends_in_time(text):
    assert_within_limits(text)


@pytest.mark.parametrize("text", LARGE)
def test_what_a_template_makes_in_between_is_less_than_a_megabyte(text):
    get = compile_template(text)
    tracemalloc.start()
    try:
        with suppress(MappingError):
            get(EVENT)
        assert tracemalloc.get_traced_memory()[1] < LIMIT_BYTES
    finally:
        tracemalloc.stop()


def test_a_pattern_pays_for_its_size():
    small = compile_template("{{ row.ab | regex_test: 'c' }}")
    assert small(EVENT) is False
    large = compile_template("{{ row.ab | regex_test: 'a[ab]{900}c' }}")
    with pytest.raises(MappingError, match="too much work"):
        large(EVENT)
    assert large({"ab": EVENT["ab"][:1_000]}) is False


def test_regex_replace_makes_texts_up_to_the_limit():
    get = compile_template(f"{{{{ row.text | regex_replace: 'a', '{'x' * 64}' | size }}}}")
    assert get({"text": "a" * 1_024}) == MAX_TEXT
    for text in ["a" * 1_024 + "b", "b" + "a" * 1_024, "a" * 1_025]:
        with pytest.raises(MappingError, match="longer than 65,536"):
            get({"text": text})


def test_a_value_of_case_pays_for_each_time_that_it_writes():
    body = "{% assign a = 1 %}" * 30
    template = (
        "{% for i in (1..100) %}{% case 1 %}{% when " + "VALUES %}" + body + "{% endcase %}{% endfor %}"
    )
    assert compile_template(template.replace("VALUES", "1"))({}) == ""
    with pytest.raises(MappingError, match="too much work"):
        compile_template(template.replace("VALUES", ", ".join("1" * 10)))({})


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<script>b<!--c</script>d-->e", "ad-->e"),
        ("a<!--b<script>c-->d</script>e", "ade"),
        ("a<STYLE>b</style>c<!-- d", "ac<!-- d"),
        ("<script<!--a--><script<!--b-->c", "<script<scriptc"),
    ],
)
def test_strip_html_takes_scripts_styles_and_comments_out_whole(html, text):
    assert compile_template("{{ row.html | strip_html }}")({"html": html}) == text


def test_generated_templates_end_in_time():
    random_ = random.Random(SEED)
    for _ in range(GENERATED):
        assert_within_limits(generate_template(random_))


def test_most_generated_templates_compile_and_many_run():
    random_ = random.Random(SEED)
    errors = [run_measured(generate_template(random_))[2] for _ in range(200)]
    assert sum(error.startswith("template:") for error in errors) < 20
    assert sum(not error for error in errors) > 40


def test_a_run_has_the_same_outcome_every_time():
    text = "{% for i in (1..9999) %}{{ row.objects | map: 'b' | size }}{% endfor %}"
    assert run_measured(text)[2] == run_measured(text)[2] != ""


@pytest.mark.parametrize(
    "path", ["__class__", "keys", "items.__func__", "list.append", "event.format", "event.upper"]
)
@pytest.mark.parametrize("form", ["{{{{ row.{0} }}}}", "{{{{ row['{0}'] }}}}"])
def test_no_path_reaches_a_python_attribute(form, path):
    assert compile_template(form.format(path))(EVENT) is MISSING


def test_a_list_filter_reaches_no_python_attribute():
    assert compile_template("{{ row.objects | map: '__class__' | compact | size }}")(EVENT) == 0


@pytest.mark.parametrize("tag", ["include 'a'", "render 'a'", "extends 'a'", "block a"])
def test_tags_that_load_files_do_not_exist(tag):
    with pytest.raises(WorkspaceError, match="unexpected tag"):
        compile_template(f"{{% {tag} %}}")


def test_a_template_has_a_limited_size():
    with pytest.raises(WorkspaceError, match="longer than"):
        compile_template("x" * (MAX_TEMPLATE + 1))


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 4_000,
        "{%" * 4_000,
        "{% raw %}" * 900,
        "{{ " + "(" * 8_000 + " }}",
        "x{{" + " " * 8_000 + "}}",
        "{{ row" + "[row" * 1_500 + "]" * 1_500 + " }}",
        "{% if row.a" + " and row.a" * 700 + " %}x{% endif %}",
        "{% if true %}" * 600,
    ],
)
def test_an_absurd_template_is_refused_or_read_quickly(text):
    begin = time.thread_time()
    run_measured(text)
    assert time.thread_time() - begin < 1


ANYTHING = [None, True, 1, -1.5, 2**62, 1e308, "", "a", "12", [], [None], [[1], {"a": {}}], {}, {"a": 1}]


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_takes_anything_and_fails_as_a_mapping_error(name):
    for arguments in ["", ": 'number'", ": row.item", ": row.item, row.item"]:
        try:
            get = compile_template(f"{{{{ row.item | {name}{arguments} }}}}")
        except WorkspaceError:
            continue  # too many arguments, or too few
        for item in ANYTHING:
            with suppress(MappingError):
                get({"item": item})
