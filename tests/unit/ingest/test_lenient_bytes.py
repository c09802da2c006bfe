"""Bytes that JSON or UTF-8 does not allow: each costs at most a character of one event."""

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.ingest.body import CONTROLS, ESCAPES, SURROGATES
from tests.unit.ingest.world import World

GOOD = b'{"type":"page","userId":"u","text":"caf\xc3\xa9 \\t\\ud83d\\ude00","n":12345678901}'


def send(world, text, **over):
    """Sends three events, the second with this text; gives them as they were stored."""
    body = b'{"batch":[%b,{"type":"page","userId":"u","text":"%b"},%b]}' % (GOOD, text, GOOD)
    assert world.send(body, **over).status == 200
    return world.events


def notes(event):
    return event.get("_sluice", {}).get("notes", [])


CASES = [
    (b"caf\xe9 x", "caf\ufffd x", [SURROGATES]),
    (b"caf\xc3", "caf\ufffd", [SURROGATES]),
    (b"\xff", "\ufffd", [SURROGATES]),
    (b"a\xc0\xafb", "a\ufffd\ufffdb", [SURROGATES]),
    (b"\xf0\x9f\x98", "\ufffd\ufffd\ufffd", [SURROGATES]),
    (b"a\tb", "a\tb", [CONTROLS]),
    (b"a\nb\rc", "a\nb\rc", [CONTROLS]),
    (b"a\x00b\x1f", "a\x00b\x1f", [CONTROLS]),
    (b"\\x41", "\\x41", [ESCAPES]),
    (b"it\\'s", "it's", [ESCAPES]),
    (b"C:\\Users", "C:\\Users", [ESCAPES]),
    (b"\\u12", "\\u12", [ESCAPES]),
    (b'\\\\x \\" \\/\t', '\\x " /\t', [CONTROLS]),
    (b"\xe9\t\\d", "\ufffd\t\\d", [SURROGATES, ESCAPES, CONTROLS]),
]


@pytest.mark.parametrize(("sent", "stored", "noted"), CASES)
def test_a_wrong_byte_costs_a_character_of_its_event_and_is_noted(world, sent, stored, noted):
    event = send(world, sent)[1]
    assert event["text"] == stored
    assert sorted(notes(event)) == sorted(noted)


@pytest.mark.parametrize(("sent", "_stored", "_noted"), CASES)
def test_the_other_events_are_untouched(world, sent, _stored, _noted):
    clean = World()
    send(clean, b"x")
    assert [send(world, sent)[n] | {"messageId": ""} for n in (0, 2)] == [
        clean.events[n] | {"messageId": ""} for n in (0, 2)
    ]


def test_wrong_bytes_in_names_are_replaced(world):
    world.send(b'{"batch":[{"type":"page","userId":"u","properties":{"a\xe9":1,"b\t":2}}]}')
    assert world.events[0]["properties"] == {"a\ufffd": 1, "b\t": 2}
    assert sorted(notes(world.events[0])) == sorted([CONTROLS, SURROGATES])


@pytest.mark.parametrize(
    "junk", [b"\x00", b"\x0b", b"\xff", b"\xc2\xa0", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\x1a\x00"]
)
@pytest.mark.parametrize("place", [b'{%b"batch":[%b]}', b'{"batch":[%b%b]}', b'{"batch":[%b]}%b'])
def test_wrong_bytes_between_texts_are_space(world, junk, place):
    first, second = (
        (junk, GOOD)
        if place.index(b"%b") < place.rindex(b"%b") - 2 and b"]}%b" not in place
        else (GOOD, junk)
    )
    assert world.send(place % (first, second)).status == 200
    assert notes(world.events[0]) == []


CHARSETS = [
    ("iso-8859-1", "café", "cp1252"),
    ("latin1", "é", "cp1252"),
    ("us-ascii", "é", "cp1252"),
    ("ISO-8859-15", "5 €", "iso-8859-15"),
    ("windows-1252", "“x” €", "cp1252"),
    ("cp1251", "Привет", "cp1251"),
    ("koi8-r", "Привет", "koi8-r"),
    ("macintosh", "é", "mac-roman"),
    ("x-cp1250", "ž", "cp1250"),
    ("latin2", "ž", "iso-8859-2"),
]


@pytest.mark.parametrize(("charset", "text", "codec"), CHARSETS)
def test_bytes_that_are_not_utf_8_are_read_in_the_declared_charset(world, charset, text, codec):
    events = send(
        world, text.encode(codec), headers={"content-type": f'application/json; charset="{charset}"'}
    )
    assert events[1]["text"] == text
    assert [len(notes(event)) for event in events] == [0, 1, 0]
    assert events[0]["text"] == "café \t😀"


@pytest.mark.parametrize(
    "charset",
    ["gbk", "gb2312", "gb18030", "big5", "Shift_JIS", "sjis", "euc-jp", "cp932", "Windows-31J", "ms_kanji"],
)
def test_a_charset_of_several_bytes_is_read_as_a_whole(world, charset):
    body = '{"batch":[{"type":"page","userId":"u","text":"中文 表"}]}'.encode(charset)
    world.send(body, headers={"content-type": f"text/plain;charset={charset}"})
    assert world.events[0]["text"] == "中文 表"
    assert notes(world.events[0]) == [f"the body was read as {charset.lower()}"]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "declared", ["", "application/json; charset=utf-8", "application/json; charset=utf-16"]
)
def test_utf_16_and_utf_32_are_recognised(world, charset, declared):
    body = '{"batch":[{"type":"page","userId":"ü😀"}]}'.encode(charset)
    assert world.send(body, headers={"content-type": declared}).status == 200
    assert world.events[0]["userId"] == "ü😀"


def test_a_write_key_is_found_in_utf_16(world):
    body = '{"writeKey":"wk_test","batch":[{"type":"page","userId":"u"}]}'.encode("utf-16")
    assert world.send(body, key=None).status == 200


@pytest.mark.parametrize(
    "declared",
    [
        "base64",
        "zip",
        "rot13",
        "hex",
        "idna",
        "punycode",
        "unicode_escape",
        "utf-7",
        "undefined",
        "mbcs",
        "../x",
        "\x00",
    ],
)
def test_no_other_codec_is_ever_used(world, declared):
    event = send(world, b"caf\xe9", headers={"content-type": f"text/plain; charset={declared}"})[1]
    assert (event["text"], notes(event)) == ("caf\ufffd", [SURROGATES])


def test_valid_utf_8_is_utf_8_whatever_charset_is_declared(world):
    body = orjson.dumps({"batch": [{"type": "page", "userId": "café"}]})
    world.send(body, headers={"content-type": "application/json; charset=iso-8859-1"})
    assert (world.events[0]["userId"], notes(world.events[0])) == ("café", [])


def test_a_pixels_data_is_read_leniently_too(world):
    data = base64.urlsafe_b64encode(b'{"userId":"u","event":"caf\xe9\t"}').decode()
    assert world.send(method="GET", path="/v1/pixel/track", query={"data": data}).status == 200
    assert world.events[0]["event"] == "caf\ufffd\t"


@given(st.binary(max_size=30), st.sampled_from(["", "iso-8859-1", "gbk", "utf-16", "shift_jis"]))
def test_whatever_stands_in_a_text_loses_no_neighbour(data, charset):
    world = World()
    text = data.replace(b'"', b"").replace(b"\\", b"")
    body = b'{"batch":[%b,{"type":"page","userId":"u","text":"%b"},%b]}' % (GOOD, text, GOOD)
    answer = world.send(body, headers={"content-type": f"text/plain; charset={charset}"})
    if charset not in {"gbk", "shift_jis", "utf-16"}:  # there a byte may take the quote behind it along
        assert answer.status == 200
        assert [event["n"] for event in world.events[::2]] == [12345678901, 12345678901]
    assert answer.status in {200, 400}


@pytest.mark.parametrize(
    "charset", ["utf16-le", "utf32_be", "latin-9", "x-x-sjis", "hex", "idna", "x-user-defined"]
)
def test_a_charset_that_is_not_known_leaves_replacement_characters(world, charset):
    events = send(world, b"caf\xe9", headers={"content-type": f"application/json; charset={charset}"})
    assert [event["text"] for event in events][1] == "caf\ufffd"
