"""The digest of a value: as others make it, and the same whoever makes it again."""

import hashlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.privacy.digest import digest_value, hash_all


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("value", "hashed"),
    [
        ("maria@example.com", "maria@example.com"),
        ("  Maria@Example.COM\n", "maria@example.com"),
        ("User-7", "User-7"),
        (" User-7 ", "User-7"),
        ("Maria Example", "Maria Example"),
        ("see Maria@Example.com", "see Maria@Example.com"),
        ("A@B@C", "A@B@C"),
        ("@Maria", "@Maria"),
        ("+49 421 1234", "+49 421 1234"),
        ("ÄÖ@Example.com", "äö@example.com"),
        (42, "42"),
        (42.0, "42"),
        (1e22, "1" + "0" * 22),
        (2**53 + 1, "9007199254740993"),
        (-1.5, "-1.5"),
        (True, "true"),
        (False, "false"),
        ("A" * 63, "A" * 63),
        ("\x00", "\x00"),
    ],
)
def test_hashed_is_the_normalised_text(value, hashed):
    assert digest_value(value) == sha(hashed)


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_text_is_nothing_to_hash(blank):
    assert digest_value(blank) == ""


def test_what_is_a_digest_already_is_not_hashed_again():
    digest = sha("x")
    assert digest_value(digest) == digest_value(digest.upper()) == digest_value(f" {digest} ") == digest


@given(st.text() | st.integers() | st.floats() | st.booleans())
def test_a_digest_of_anything_is_its_own_digest(value):
    digest = digest_value(value)
    assert digest == "" or len(digest) == 64
    assert digest_value(digest) == digest


@pytest.mark.parametrize(
    "hostile", ["\ud800", "a\ud800@b", 10**400, math.inf, math.nan, "@" * 100_000, "a@" * 50_000]
)
def test_hostile_values_are_hashed_like_others(hostile):
    assert len(digest_value(hostile)) == 64


def test_all_values_in_a_value_are_hashed_and_names_and_nulls_stay():
    assert hash_all({"a": ["x", None, {"b": 1}]}) == {"a": [sha("x"), None, {"b": sha("1")}]}
