"""Whether a text that is about to be written down holds a secret, or a part of one, in any usual encoding.

Whoever echoes a secret chooses how: JSON escapes, percent-encoding, entities, base64, hex, one inside the
other, cut off anywhere. So the text is decoded in every way that applies, again and again, and each form is
searched for ten characters in a row of any secret. White space, control characters and case do not matter.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import unquote

DROPPED = "dropped: it contained a secret"
"""What stands in place of a text that held one."""

PART = 10
"""So many characters of a secret are as bad as all of it; of a shorter one it is all of them."""

_TAIL = 4  # so many characters at the end of a text that was cut off may be the beginning of a secret
_DEPTH = 5
_FORMS, _GROWTH, _FLOOR = 60, 8, 20_000
_GRAM = 5  # ten common characters hold a gram of five at every fifth place of the text
_KNOWN = 100

_INVISIBLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2060\ufeff]+")
_HEX = "[0-9a-fA-F]"
_ESCAPE = re.compile(
    rf"\\(?:u\{{({_HEX}{{1,6}})\}}|u({_HEX}{{4}})|x({_HEX}{{2}})|([0-7]{{3}})|(.))", re.DOTALL
)
_PERCENT_U = re.compile(r"%u([0-9a-fA-F]{4})", re.I)
_QUOTED = re.compile(r"=([0-9a-fA-F]{2})")
_SPACES = re.compile(r"\s+")
_HEX_SEPARATORS = re.compile(r"0x|[\s:,-]+")


class SecretTexts:
    """Secrets, and what can be read from them, such as the user and password in a Basic value.

    They are taken apart when a text is first looked at: most runs write nothing down.
    """

    def __init__(self) -> None:
        self._added: set[str] = set()
        self._new: list[str] = []
        self._whole: set[str] = set()
        self._parts: set[str] = set()
        self._grams: set[str] = set()
        self._shortest = PART
        self._known: dict[tuple[str, bool], bool] = {}

    def add(self, secret: str) -> None:
        if secret not in self._added:
            self._added.add(secret)
            self._new.append(secret)

    def _take_apart(self, secret: str) -> None:
        found = {_normalise(text) for text in _list_components(secret)} - self._whole
        for bare in (found | {bare[::-1] for bare in found}) - {""}:
            self._whole.add(bare)
            self._shortest = min(self._shortest, len(bare))
            self._known = {}
            self._parts |= {bare[n : n + PART] for n in range(len(bare) - PART + 1)}
            if len(bare) >= PART:
                self._grams |= {bare[n : n + _GRAM] for n in range(len(bare) - _GRAM + 1)}

    def stand_in(self, text: str) -> bool:
        """Whether the text as it is holds a secret or a part: for what is too long to be decoded."""
        return self._has_any() and self._is_in(_normalise(text), cut_off=False)

    def are_in(self, text: str, *, cut_off: bool = False) -> bool:
        """Whether a form of the text holds a secret or a part; so does one that takes too long to decode.

        `cut_off` says that the end of the text may hold the beginning of a secret.
        """
        if not text or not self._has_any():
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

    def _has_any(self) -> bool:
        while self._new:
            self._take_apart(self._new.pop())
        return bool(self._whole)

    def _search(self, text: str, *, cut_off: bool) -> bool:
        room = _GROWTH * len(text) + _FLOOR
        forms, waiting = {text}, [(text, 0)]
        while waiting:
            form, depth = waiting.pop()
            if self._is_in(_normalise(form), cut_off=cut_off):
                return True
            for decoded in _decode(form, self._shortest):
                if not decoded or decoded in forms:
                    continue
                room -= len(decoded)
                if room < 0 or len(forms) >= _FORMS or depth >= _DEPTH:
                    return True
                forms.add(decoded)
                waiting.append((decoded, depth + 1))
        return False

    def _is_in(self, bare: str, *, cut_off: bool) -> bool:
        if any(secret in bare for secret in self._whole if len(secret) < PART):
            return True
        if cut_off and any(_ends_with_start(bare, secret) for secret in self._whole):
            return True
        for n in range(0, len(bare) - _GRAM + 1, _GRAM):
            if bare[n : n + _GRAM] in self._grams:
                around = bare[max(n - _GRAM, 0) : n + 2 * _GRAM]
                if any(around[m : m + PART] in self._parts for m in range(len(around) - PART + 1)):
                    return True
        return False


def _normalise(text: str) -> str:
    return _INVISIBLE.sub("", text).casefold()


def _ends_with_start(bare: str, secret: str) -> bool:
    return any(bare.endswith(secret[:shown]) for shown in range(len(secret) - 1, _TAIL - 1, -1))


def _list_components(secret: str) -> Iterator[str]:
    """What a Basic value, or its user and password, say on their own; short ones are words of any text."""
    for text in [secret, *_read_base64(secret, PART)]:
        yield text
        yield from (part for part in text.split(":") if len(part) >= PART - 2)


def _decode(text: str, shortest: int) -> Iterator[str]:
    """What the text can be read as, one encoding taken off; in each way that finds something."""
    for mark, decode in _DECODERS:
        if mark in text:
            yield decode(text)
    yield from _read_base64(text, shortest)
    yield from _read_hex(text, shortest)


def _unescape_backslashes(text: str) -> str:
    def read(match: re.Match[str]) -> str:
        braced, four, two, octal, plain = match.groups()
        if plain is not None:
            return _CONTROLS.get(plain, plain)
        code = int(octal, 8) if octal else int(braced or four or two, 16)
        return chr(code) if code < 0x110000 else ""

    return _ESCAPE.sub(read, text)


def _unquote(text: str) -> str:
    return unquote(_PERCENT_U.sub(lambda match: chr(int(match[1], 16)), text), errors="replace")


_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_DECODERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("\\", _unescape_backslashes),
    ("%", _unquote),
    ("&", unescape),
    ("+", lambda text: text.replace("+", " ")),
    ("=", lambda text: _QUOTED.sub(lambda match: chr(int(match[1], 16)), text)),
)


def _read_base64(text: str, shortest: int) -> Iterator[str]:
    """Base64 of either alphabet in the text, which may begin before it and be broken into lines."""
    least = -(-shortest * 4 // 3)
    runs = re.findall(rf"[A-Za-z0-9+/_-]{{{least},}}", _SPACES.sub("", text))
    for start in range(4):
        pieces = []
        for run in runs:
            part = run[start:].replace("-", "+").replace("_", "/")
            try:
                pieces.append(b64decode(part[: len(part) // 4 * 4] + _pad(part)))
            except Base64Error:
                continue
        yield _find_texts(pieces, shortest)


def _pad(part: str) -> str:
    rest = part[len(part) // 4 * 4 :]
    return "" if len(rest) < 2 else rest + "=" * (4 - len(rest))


def _read_hex(text: str, shortest: int) -> Iterator[str]:
    runs = re.findall(rf"[0-9a-fA-F]{{{2 * shortest},}}", _HEX_SEPARATORS.sub("", text))
    for start in range(2):
        pieces = [bytes.fromhex(run[start:][: (len(run) - start) // 2 * 2]) for run in runs]
        yield _find_texts(pieces, shortest)


def _find_texts(pieces: list[bytes], shortest: int) -> str:
    """What can be read in decoded bytes: most of what looks like base64 or hex is none."""
    texts = [piece.replace(b"\0", b"").decode("utf-8", "replace") for piece in pieces]
    readable = re.compile(rf"[^\x00-\x08\x0e-\x1f\x7f\ufffd]{{{shortest},}}")
    return "\n".join(found for text in texts for found in readable.findall(text))
