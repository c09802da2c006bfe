"""Whether a text that is about to be written down holds a secret, or a part of one, in any usual encoding.

Whoever echoes a secret chooses how: JSON escapes, percent-encoding, entities, base64, hex, one inside the
other, cut off anywhere. So the text is decoded again and again, and each form is searched for ten characters
in a row of any secret. White space, control characters and case do not matter, and neither does what stands
between ten letters and digits.
"""

import re
import zlib
from base64 import b32decode, b64decode
from binascii import Error as Base64Error
from codecs import encode
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from unicodedata import normalize
from urllib.parse import unquote

DROPPED = "dropped: it contained a secret"
"""What stands in place of a text that held one."""

PART = 10
"""So many characters of a secret are as bad as all of it; of a shorter one it is all of them."""

_TAIL = 4  # so many characters at the end of a text that was cut off may be the beginning of a secret
_DEPTH = 8
_FORMS, _GROWTH, _FLOOR = 60, 24, 20_000
_GRAM = 5  # ten common characters hold a gram of five at every fifth place of the text
_KNOWN = 100
_UNPACKED = 20_000

_INVISIBLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2060\ufeff]+")
_NO_LETTER = re.compile(r"[\W_]+")
_HEX = "[0-9a-fA-F]"
_ESCAPE = re.compile(
    rf"\\(?:[ux]\{{({_HEX}{{1,6}})\}}|u({_HEX}{{4}})|U({_HEX}{{8}})|x({_HEX}{{2}})|([0-7]{{1,3}})|(.))",
    re.DOTALL,
)
_CSS_ESCAPE = re.compile(rf"\\({_HEX}{{1,6}})\s?")
_CODE_POINT = re.compile(rf"[uU]\+({_HEX}{{4,6}})")
_PERCENT_U = re.compile(rf"%u({_HEX}{{4}})", re.I)
_QUOTED = re.compile(rf"=(?:({_HEX}{{2}})|[ \t]*\r?\n)")
_MARKUP = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*>")
_HEX_SEPARATORS = re.compile(r"0x|[\W_]+")
_INDEX = re.compile(r"[\"']?\b\d{1,5}[\"']?\s*:")
_PACKED = re.compile(rb"\x1f\x8b\x08|x[\x01\x5e\x9c\xda]")
_SPACES = re.compile(r"\s+")


class _Index:
    """Texts that must not stand in another, nor ten characters in a row of one."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._short: set[str] = set()
        self._parts: set[str] = set()
        self._grams: set[str] = set()

    def add(self, text: str) -> None:
        self._whole.add(text)
        if len(text) < PART:
            self._short.add(text)
            return
        self._parts |= {text[n : n + PART] for n in range(len(text) - PART + 1)}
        self._grams |= {text[n : n + _GRAM] for n in range(len(text) - _GRAM + 1)}

    def is_in(self, text: str, *, cut_off: bool) -> bool:
        if any(short in text for short in self._short):
            return True
        if cut_off and any(_ends_with_start(text, secret) for secret in self._whole):
            return True
        for n in range(0, len(text) - _GRAM + 1, _GRAM) if self._grams else ():
            if text[n : n + _GRAM] in self._grams:
                around = text[max(n - _GRAM, 0) : n + 2 * _GRAM]
                if any(around[m : m + PART] in self._parts for m in range(len(around) - PART + 1)):
                    return True
        return False


class SecretTexts:
    """Secrets, and what can be read from them, such as the user and password in a Basic value.

    They are taken apart when a text is first looked at: most runs write nothing down.
    """

    def __init__(self) -> None:
        self._added: set[str] = set()
        self._new: list[str] = []
        self._exact = _Index()  # with all visible characters
        self._letters = _Index()  # with letters and digits only
        self._has_any = False
        self._shortest = PART
        self._known: dict[tuple[str, bool], bool] = {}

    def add(self, secret: str) -> None:
        if secret not in self._added:
            self._added.add(secret)
            self._new.append(secret)

    def _take_apart(self, secret: str) -> None:
        self._known = {}
        for text in {_normalise(text) for text in _list_components(secret)} - {""}:
            self._has_any = True
            letters = _NO_LETTER.sub("", text)
            for written in (text, text[::-1], encode(text, "rot13")):
                if letters != text:
                    self._exact.add(written)
                if letters == text or len(letters) >= PART:
                    self._letters.add(_NO_LETTER.sub("", written))
            self._shortest = min(self._shortest, len(text))

    def stand_in(self, text: str) -> bool:
        """Whether the text as it is holds a secret or a part: for what is too long to be decoded."""
        return self._knows_any() and self._is_in(text, cut_off=False)

    def are_in(self, text: str, *, cut_off: bool = False) -> bool:
        """Whether a form of the text holds a secret or a part; so does one that takes too long to decode.

        `cut_off` says that the end of the text may hold the beginning of a secret.
        """
        if not text or not self._knows_any():
            return False
        found = self._known.get((text, cut_off))
        if found is None:
            if len(self._known) >= _KNOWN:
                self._known = {}
            found = self._known[text, cut_off] = self._search(text, cut_off=cut_off)
        return found

    def hide(self, text: str, *, cut_off: bool = False) -> str:
        """The text, or in its place that it was dropped."""
        return DROPPED if self.are_in(text, cut_off=cut_off) else text

    def hide_lines(self, text: str) -> str:
        """The text without the lines that hold a secret; without any where it is spread over several."""
        if not self.are_in(text):
            return text
        lines = [self.hide(line) for line in text.split("\n")]
        return self.hide("\n".join(lines))

    def _knows_any(self) -> bool:
        while self._new:
            self._take_apart(self._new.pop())
        return self._has_any

    def _search(self, text: str, *, cut_off: bool) -> bool:
        room = _GROWTH * len(text) + _FLOOR
        forms, waiting = {text}, [(text, 0)]
        while waiting:
            form, depth = waiting.pop()
            if self._is_in(form, cut_off=cut_off):
                return True
            for decoded in _decode(form, self._shortest, is_first=depth == 0):
                if not decoded or decoded in forms:
                    continue
                room -= len(decoded)
                if room < 0 or len(forms) >= _FORMS or depth >= _DEPTH:
                    return True
                forms.add(decoded)
                waiting.append((decoded, depth + 1))
        return False

    def _is_in(self, text: str, *, cut_off: bool) -> bool:
        bare = _normalise(text)
        return self._exact.is_in(bare, cut_off=cut_off) or self._letters.is_in(
            _NO_LETTER.sub("", bare), cut_off=cut_off
        )


def _normalise(text: str) -> str:
    """Without what cannot be seen, and with other shapes of a letter as that letter."""
    if not text.isascii():
        text = normalize("NFKD", text)
    return _INVISIBLE.sub("", text).casefold()


def _ends_with_start(bare: str, secret: str) -> bool:
    return any(bare.endswith(secret[:shown]) for shown in range(len(secret) - 1, _TAIL - 1, -1))


def _list_components(secret: str) -> Iterator[str]:
    """What a Basic value, or its user and password, say on their own; short ones are words of any text."""
    for text in [secret, _join_texts(_read_base64(secret, PART), PART)]:
        yield text
        yield from (part for part in text.split(":") if len(part) >= PART - 2)


def _decode(text: str, shortest: int, *, is_first: bool) -> Iterator[str]:
    """What the text can be read as: without one layer of all escapes, without its markup, and unpacked.

    Of the text as it came also without each kind of escapes alone: a secret may look like the others.
    """
    decoders = [decode for mark, decode in _ESCAPES if mark in text]
    unescaped = text
    for decode in decoders:
        unescaped = decode(unescaped)
    yield unescaped
    if is_first:
        yield from (decode(text) for decode in decoders)
        if "\\" in text:
            yield _unescape(_CSS_ESCAPE, text)
    if "<" in text:
        yield _MARKUP.sub("", text)
    if "=" in text:
        yield _unescape(_QUOTED, text)
    packed = [*_read_base64(text, shortest), *_read_hex(text, shortest), *_read_base32(text, shortest)]
    yield _join_texts([*packed, *_read_codes(text, shortest)], shortest)


def _unescape(escape: re.Pattern[str], text: str) -> str:
    """The text with a character for each match, whose first group that is set is its number, in hex."""

    def read(match: re.Match[str]) -> str:
        digits = next(filter(None, match.groups()), "")
        return _read_character(int(digits, 16)) if digits else ""

    return escape.sub(read, text)


def _unescape_backslashes(text: str) -> str:
    def read(match: re.Match[str]) -> str:
        *hexes, octal, plain = match.groups()
        if plain is not None:
            return _CONTROLS.get(plain, plain)
        return _read_character(int(octal, 8) if octal else int(next(filter(None, hexes)), 16))

    return _ESCAPE.sub(read, text)


def _read_character(code: int) -> str:
    return chr(code) if code < 0x110000 else ""


_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("\\", _unescape_backslashes),
    ("%", lambda text: unquote(_unescape(_PERCENT_U, text), errors="replace")),
    ("&", unescape),
    ("+", lambda text: _unescape(_CODE_POINT, text)),
)


def _read_base64(text: str, shortest: int) -> Iterator[bytes]:
    """Base64 of either alphabet in the text, which may begin before it and be broken into lines."""
    least = -(-shortest * 4 // 3)
    text = _SPACES.sub("", text).replace("-", "+").replace("_", "/")
    for run in re.findall(rf"[A-Za-z0-9+/]{{{least},}}", text):
        for start in range(4):
            part = run[start:]
            try:
                yield b64decode(part[: len(part) // 4 * 4] + _pad(part))
            except Base64Error:
                continue


def _pad(part: str) -> str:
    rest = part[len(part) // 4 * 4 :]
    return "" if len(rest) < 2 else rest + "=" * (4 - len(rest))


def _read_base32(text: str, shortest: int) -> Iterator[bytes]:
    least = -(-shortest * 8 // 5)
    for run in re.findall(rf"[A-Z2-7]{{{least},}}|[a-z2-7]{{{least},}}", text):
        for start in range(8):
            part = run[start:]
            rest = max(whole for whole in (0, 2, 4, 5, 7) if whole <= len(part) % 8)
            part = part[: len(part) // 8 * 8 + rest]
            yield b32decode(part + "=" * (-len(part) % 8), casefold=True)


def _read_hex(text: str, shortest: int) -> Iterator[bytes]:
    for run in re.findall(rf"[0-9a-fA-F]{{{2 * shortest},}}", _HEX_SEPARATORS.sub("", text)):
        for start in range(2):
            yield bytes.fromhex(run[start:][: (len(run) - start) // 2 * 2])


def _read_codes(text: str, shortest: int) -> Iterator[bytes]:
    """Lists of bytes as numbers, such as a Buffer of Node in JSON."""
    for run in re.findall(
        rf"\d{{2,3}}(?:[^0-9A-Za-z]{{1,8}}\d{{2,3}}){{{max(shortest - 1, 1)},}}", _INDEX.sub("", text)
    ):
        yield bytes(code for code in map(int, re.findall(r"\d+", run)) if code < 256)


def _join_texts(pieces: Iterable[bytes], shortest: int) -> str:
    """What can be read in decoded bytes: most of what looks like base64 or hex is neither."""
    readable = re.compile(rf"[^\x00-\x08\x0e-\x1f\x7f\ufffd]{{{shortest},}}")
    texts = [_unpack(piece).replace(b"\0", b"").decode("utf-8", "replace") for piece in pieces]
    return "\n".join(found for text in texts for found in readable.findall(text))


def _unpack(piece: bytes) -> bytes:
    """The beginning of what is packed with gzip or zlib, wherever it starts; anything else as it is."""
    packed = _PACKED.search(piece)
    if packed is None:
        return piece
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(piece[packed.start() :], _UNPACKED)
    except zlib.error:
        return piece
