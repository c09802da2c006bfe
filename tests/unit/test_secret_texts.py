"""A secret is found however it is written, and other texts are left alone."""

import base64
import codecs
import gzip
import html
import json
import random
import zlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.secret_texts import DROPPED, PART, SecretTexts

SECRET = "sk_live/51Hx+Ab9+zz/Qw=="
HEADER = f"Bearer {SECRET}"
BYTES = HEADER.encode()


def know(*secrets):
    texts = SecretTexts()
    for secret in secrets:
        texts.add(secret)
    return texts


def each(form):
    return "".join(form.format(byte) for byte in BYTES)


ECHOES = {
    "as it is": HEADER,
    "JSON": json.dumps(HEADER),
    "JSON with escaped slashes": json.dumps(HEADER).replace("/", "\\/"),
    "one character as \\u": HEADER.replace("+", "\\u002B"),
    "every character as \\u": each("\\u{:04x}"),
    "every character as \\u{}": each("\\u{{{:x}}}"),
    "every character as \\x": each("\\x{:02x}"),
    "every character in octal": each("\\{:03o}"),
    "JSON in JSON in JSON": json.dumps(json.dumps(json.dumps({"a": HEADER.replace("/", "\\/")}))),
    "percent-encoding": quote(HEADER, safe=""),
    "lower-case percent-encoding": quote(HEADER, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "percent-encoding of everything": each("%{:02x}"),
    "percent-encoding of everything, twice": quote(each("%{:02x}"), safe=""),
    "percent-encoding with u": each("%u{:04x}"),
    "named entities": HEADER.replace("+", "&plus;").replace("/", "&sol;").replace("=", "&equals;"),
    "decimal entities": each("&#{};"),
    "hexadecimal entities": each("&#x{:X};"),
    "entities, percent-encoded": quote(each("&#{};"), safe=""),
    "quoted printable": each("={:02X}"),
    "base64": base64.b64encode(BYTES).decode(),
    "base64, one byte later": base64.b64encode(b"x" + BYTES).decode(),
    "base64, two bytes later": base64.b64encode(b"xy" + BYTES).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(b"x" + BYTES).decode().rstrip("="),
    "base64 of base64": base64.b64encode(base64.b64encode(BYTES)).decode(),
    "base64 of JSON": base64.b64encode(json.dumps({"h": HEADER}).replace("/", "\\/").encode()).decode(),
    "base64 in lines": base64.encodebytes(BYTES * 3).decode(),
    "base64 in lines, in JSON": json.dumps(base64.encodebytes(BYTES * 3).decode()),
    "base64 that was cut off": base64.b64encode(BYTES).decode()[:26],
    "base64 of UTF-16": base64.b64encode(HEADER.encode("utf-16-le")).decode(),
    "hexadecimal": BYTES.hex(),
    "hexadecimal with colons": BYTES.hex(":").upper(),
    "hexadecimal of base64": base64.b64encode(BYTES).hex(),
    "UTF-16": HEADER.encode("utf-16-le").decode(),
    "UTF-16 read as Latin-1": HEADER.encode("utf-16-le").decode("latin-1"),
    "upper case": HEADER.upper(),
    "a character a line": "\n".join(HEADER),
    "zero-width characters": "\u200b".join(HEADER),
    "backwards": HEADER[::-1],
    "its first ten characters": SECRET[:PART],
    "its last ten characters": SECRET[-PART:],
    "ten of its characters": SECRET[5 : 5 + PART],
    "U+ notation": each("U+{:04X} "),
    "every character as \\U": each("\\U{:08X}"),
    "every character as \\x{}": each("\\x{{{:x}}}"),
    "escapes of CSS": each("\\{:06x}"),
    "short octal escapes": each("\\{:o}"),
    "quoted printable, in lines": "=\r\n".join(HEADER),
    "ROT13": codecs.encode(HEADER, "rot13"),
    "a tag between the characters": "<wbr>".join(HEADER),
    "a character a tag": "".join(f'<span class="c">{char}</span>' for char in HEADER),
    "comments between the characters": "<!-- -->".join(HEADER),
    "tags as entities": html.escape("<b></b>".join(HEADER)),
    "a CDATA section for each part": "".join(f"<![CDATA[{HEADER[n : n + 4]}]]>" for n in range(0, 32, 4)),
    "dots between the characters": ".".join(HEADER),
    "a JSON list of characters": json.dumps(list(HEADER)),
    "parts of a string in a script": "' + '".join(HEADER[n : n + 4] for n in range(0, 32, 4)),
    "a Buffer of Node": json.dumps({"type": "Buffer", "data": list(BYTES)}),
    "a Uint8Array in JSON": json.dumps(dict(enumerate(BYTES))),
    "hexadecimal with dots": BYTES.hex("."),
    "base32": base64.b32encode(BYTES).decode(),
    "base32 in lower case": base64.b32encode(BYTES).decode().lower(),
    "base64 of gzip": base64.b64encode(gzip.compress(BYTES)).decode(),
    "hexadecimal of zlib": zlib.compress(BYTES).hex(),
    "wide letters": "".join(chr(byte + 0xFEE0) for byte in SECRET.encode()),
    "combining marks": "\u0301".join(HEADER),
    "marks of the writing direction": "\u2066".join(HEADER),
    "HTML": f"<td>{html.escape(HEADER)}</td>",
}

PAGE = (
    '<html><head><meta content="width=device-width,initial-scale=1">'
    '<style>.a:before{content:"\\201C"}</style>'
    "<script>var a = 1 + 2; if (a == 3 && b >= 4) {"
    'location.href = "https:\\u002f\\u002fexample.com\\/v1?tk=a1b2&amp;md=%2Bab%3D"}</script></head>'
    "<body><p>You&#39;re unable to access it &mdash; 100% blocked.</p>"
    '<img src="data:image/png;base64,{}">'
    '<a href="/?utm_source=error&amp;x=%7B%22a%22%3A1%7D">More</a></body></html>'
).replace("{}", base64.b64encode(random.Random(2).randbytes(600)).decode())
"""An error page of a CDN, with every kind of escapes."""


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("around", ["{}", "a{}b", '{{"error":"{}"}}', "no, {}.", "x-request: 7f\r\n{}\r\n"])
def test_a_secret_is_found_however_it_is_encoded(echo, around):
    assert know(SECRET).are_in(around.format(echo))


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60), st.data())
def test_ten_characters_of_a_secret_are_found_at_any_place(secret, data):
    start = data.draw(st.integers(0, len(secret) - PART))
    before, after = (data.draw(st.text("xyz ", max_size=13)) for _ in range(2))
    assert know(secret).stand_in(before + secret[start : start + PART] + after)


@pytest.mark.parametrize(
    "text",
    [
        "Invalid token: the request is not authorized",
        '{"error":{"code":"invalid_request","message":"sk_live keys start with sk_live/5"}}',
        '{"request_id":"7f9c24e8-3b1a-4f9e-9c1e-2b7d8c1a5f3e","ok":false}',
        "<p>100% of &amp; + = \\ %zz &#; \\u12 \\x</p>",
        base64.b64encode(random.Random(1).randbytes(2000)).decode(),
        random.Random(1).randbytes(1000).hex(),
        PAGE,
        json.dumps({"error": PAGE}),
        json.dumps({"upstream": json.dumps({"error": PAGE})}),
        json.dumps([random.Random(1).randrange(300) for _ in range(900)]),
        "",
    ],
)
def test_an_ordinary_text_is_left_alone(text):
    assert know(SECRET).hide(text) == text


def test_a_short_secret_is_found_as_a_whole():
    texts = know("pa55word")
    assert texts.are_in("you sent pa55word")
    assert texts.are_in(base64.b64encode(b"you sent pa55word").decode())
    assert not texts.are_in("you sent pa55wor")


def test_what_a_basic_value_says_is_as_secret_as_the_value():
    texts = know(base64.b64encode(b"someone:correct-horse-battery").decode())
    assert texts.are_in("the password correct-horse-battery is wrong")
    assert texts.are_in("someone:correct")
    assert not texts.are_in("there is no user someone")


def test_the_end_of_a_text_that_was_cut_off_may_be_the_beginning_of_a_secret():
    texts = know(SECRET)
    assert texts.are_in("you sent sk_li", cut_off=True)
    assert not texts.are_in("you sent sk_li")


def test_without_a_secret_nothing_is_hidden():
    assert know().hide("anything") == "anything"
    assert know("").hide("anything") == "anything"
    assert know(" \n").hide("any thing") == "any thing"


@pytest.mark.parametrize(
    "text", ["\\" * 5000, "%25" * 2000, "&amp;" * 2000, "\\u005c" * 900, "QUFB" * 2000, "9" * 4000]
)
def test_a_text_that_decodes_for_ever_ends(text):
    assert know(SECRET).hide(text) in (text, DROPPED)


def test_only_the_lines_with_a_secret_are_dropped():
    assert know(SECRET).hide_lines(f"first\nkey {SECRET}\nlast") == f"first\n{DROPPED}\nlast"


def test_a_secret_over_several_lines_takes_the_whole_text_along():
    half = len(SECRET) // 2
    text = f"first\n{SECRET[half - 6 : half]}\n{SECRET[half : half + 6]}\nlast"
    assert know(SECRET).hide_lines(text) == DROPPED
