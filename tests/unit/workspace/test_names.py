"""Names in the workspace, and what follows from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.workspace.names import is_slug, pascal_name


@pytest.mark.parametrize("name", ["a", "web", "purchases-to-crm", "a1-b2", "x" * 40])
def test_a_name_is_one(name):
    assert is_slug(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "1a",
        "-a",
        "a-",
        "a--b",
        "a_b",
        "a b",
        "a.b",
        "ü",
        "a\n",
        "a/b",
        "../a",
        "x" * 41,
        "a\u0661",
        "on",
        "no",
        "null",
    ],
)
def test_anything_else_is_none(name):
    assert not is_slug(name)


@pytest.mark.parametrize("name", ["on", "no", "null"])
def test_what_the_template_would_read_as_something_else_is_none(name):
    assert not is_slug(name)


@pytest.mark.parametrize(
    ("slug", "pascal"), [("web", "Web"), ("purchases-to-crm", "PurchasesToCrm"), ("a-1b", "A1b")]
)
def test_a_sync_has_a_name_in_the_template(slug, pascal):
    assert pascal_name(slug) == pascal


@given(st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", fullmatch=True).filter(is_slug))
def test_a_name_in_the_template_is_a_logical_id(slug):
    assert pascal_name(slug).isalnum()
    assert pascal_name(slug)[0].isupper()
