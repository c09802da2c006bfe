"""Which ids identify something, and which are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.ids import Literal, is_blank, is_placeholder, settle_number, trim, write_id

BLANKS = [
    "",
    " ",
    "\t\r\n",
    "\x00",
    "\u200b",
    "\u2060\ufeff",
    "\xad",
    "\u3164",
    "\u2800",
    "\ufe0f",
    "\xa0 \x00",
    "\ufffd",
]


@pytest.mark.parametrize("text", BLANKS)
def test_what_shows_nothing_is_blank(text):
    assert is_blank(text)
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["a", " a", "\u200ba\u200b", "0", "-", "é", "😀", "\u0301"])
def test_what_shows_something_is_not_blank(text):
    assert not is_blank(text)


def test_every_space_control_and_format_character_is_blank():
    invisible = [
        chr(n) for n in range(0x110000) if unicodedata.category(chr(n)) in {"Zs", "Zl", "Zp", "Cc", "Cf"}
    ]
    assert len(invisible) > 200
    assert [char for char in invisible if not is_blank(char)] == []


def test_no_letter_or_digit_is_blank():
    fillers = {"\u115f", "\u1160", "\u3164", "\uffa0"}  # letters by name only
    seen = [
        chr(n) for n in range(0x20000) if unicodedata.category(chr(n))[0] in "LN" and chr(n) not in fillers
    ]
    assert [char for char in seen if is_blank(char)] == []


PLACEHOLDERS = [
    *(
        "undefined",
        "UNDEFINED",
        "null",
        "Null",
        "nil",
        "None",
        "NaN",
        "0",
        "000",
        "0.0",
        "-1",
        "-1.0",
        "false",
        "true",
    ),
    *(
        "[object Object]",
        "[object Promise]",
        "{}",
        "[]",
        '""',
        "''",
        "-",
        "...",
        '"null"',
        "(null)",
        "<null>",
        "<nil>",
    ),
    *(
        "%!s(<nil>)",
        "undefined-undefined",
        "null:null",
        "undefined_0",
        " null ",
        "\u200bnull",
        "N/A",
        "#REF!",
    ),
    *(
        "{{messageId}}",
        "{{ order.id 7 }}",
        "${uuid}",
        "#{id}",
        "<%= id %>",
        "%%MESSAGE_ID%%",
        "[[id]]",
        "{messageId}",
    ),
    *("$messageId", ":id", "<message_id>", "messageId", "uuid", "00000000-0000-0000-0000-000000000000"),
    *(
        "function uuid() { return 1 }",
        "<function uuid4 at 0x7f12ab>",
        "<built-in method x of y at 0x1>",
        "() => v4()",
    ),
]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_what_a_bug_leaves_in_the_place_of_an_id_is_a_placeholder(text):
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "m-1",
            "1",
            "7",
            "-7",
            "0x1",
            "01",
            "a",
            "abc",
            "null-1",
            "null1",
            "nullable",
            "undefined-7f",
            "order-null",
        ),
        *(
            "8f6463fe-c4e7-483c-83db-7c38380b0e4b",
            "node-next-1795305363520-db5cf29f",
            "1x8k2q",
            "ü",
            "😀",
            "😀null",
        ),
        *(
            "00000000-0000-0000-0000-000000000001",
            "ajs-next-4f",
            "{1}",
            "[7]",
            "id-7",
            "functional",
            "Łukasz",
            "x" * 999,
        ),
    ],
)
def test_any_other_text_is_an_id(text):
    assert not is_placeholder(text)


@given(st.uuids())
def test_no_random_uuid_is_a_placeholder(uuid):
    assert is_placeholder(str(uuid)) == (uuid.int == 0)


@pytest.mark.parametrize(
    ("text", "trimmed"), [(" a b ", "a b"), ("\u200b\ttrack\x00", "track"), ("", ""), (" ", "")]
)
def test_invisible_characters_at_the_ends_are_trimmed(text, trimmed):
    assert trim(text) == trimmed


@pytest.mark.parametrize(
    ("literal", "settled"),
    [
        ("7", 7),
        ("-7", -7),
        ("7.0", 7),
        ("7.00", 7),
        ("1e3", 1000),
        ("1.5E1", 15),
        ("-0.0", 0),
        ("1.5", 1.5),
        ("1.50", 1.5),
        ("9007199254740993", 9007199254740993),
        ("9007199254740993.0", 9007199254740993),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", "18446744073709551616"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("12345678901234567890123.0", "12345678901234567890123"),
        ("1e22", "1" + "0" * 22),
        ("0.12345678901234567891", "0.12345678901234567891"),
        ("9007199254740992.5", "9007199254740992.5"),
        ("9" * 5000, "9" * 5000),
        ("1e400", None),
        ("1e999999999999", None),
    ],
)
def test_a_number_has_one_form_and_keeps_its_digits(literal, settled):
    assert settle_number(Literal(literal)) == settled
    assert type(settle_number(Literal(literal))) is type(settled)


@given(st.integers() | st.integers(-(10**30), 10**30))
def test_integers_that_differ_stay_different(number):
    texts = {write_id(settle_number(Literal(form))) for form in (str(number), f"{number}.0", f"{number}e0")}
    assert texts == {str(number)}


@pytest.mark.parametrize(
    ("value", "text"), [(7, "7"), (7.0, "7"), ("7", "7"), (1.5, "1.5"), (None, ""), (True, ""), ([], "")]
)
def test_an_id_has_the_same_text_in_every_form(value, text):
    assert write_id(value) == text
