"""Filters on text: Liquid's standard ones. Growth beyond tenfold is known before it is made."""

import html
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

from sluice.casts import parse_number
from sluice.templates.data import show, write
from sluice.templates.filters.filter import SLOW, ArgumentError, Filter
from sluice.templates.limits import MAX_ITEMS, MAX_TEXT, Run, check_text, too_long, too_many

_LINE_END = re.compile(r"\r?\n")
_SPACES = re.compile(r"\s+")
_JAVASCRIPT = str.maketrans(
    {char: f"\\u{ord(char):04X}" for char in [*map(chr, range(32)), *"\\'\"><&=-;`\u2028\u2029"]}
)
# As Ruby's Liquid: scripts, comments and styles whole, then any tag.
_HIDDEN = re.compile(r"<script|<!--|<style", re.IGNORECASE)
_ENDS = {
    "<script": re.compile("</script>", re.IGNORECASE),
    "<!--": re.compile("-->"),
    "<style": re.compile("</style>", re.IGNORECASE),
}
_TAG = re.compile(r"<[^<>]*>")


def append(run: Run, text: str, suffix: Any) -> str:
    return text + check_text(write(run, suffix))


def prepend(run: Run, text: str, prefix: Any) -> str:
    return check_text(write(run, prefix)) + text


def replace(run: Run, text: str, old: Any, new: Any = "") -> str:
    old, new = write(run, old), check_text(write(run, new))
    run.search(text, old + old)  # counted, then replaced
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT:
        raise too_long()
    return text.replace(old, new)


def replace_first(run: Run, text: str, old: Any, new: Any = "") -> str:
    found = write(run, old)
    run.search(text, found)
    return text.replace(found, check_text(write(run, new)), 1)


def replace_last(run: Run, text: str, old: Any, new: Any) -> str:
    found = write(run, old)
    run.search(text, found)
    place = text.rfind(found)
    if place < 0:
        return text
    return text[:place] + check_text(write(run, new)) + text[place + len(found) :]


def remove(run: Run, text: str, old: Any) -> str:
    found = write(run, old)
    run.search(text, found)
    return text.replace(found, "")


def remove_first(run: Run, text: str, old: Any) -> str:
    return replace_first(run, text, old)


def remove_last(run: Run, text: str, old: Any) -> str:
    return replace_last(run, text, old, "")


def split(run: Run, text: str, separator: Any) -> list[str]:
    mark = write(run, separator)
    if not text or text == mark:
        return []
    if mark == "":
        if len(text) > MAX_ITEMS:
            raise too_many()
        run.spend(len(text))
        return list(text)
    run.search(text, mark)
    items = text.split(None if mark == " " else mark, MAX_ITEMS)
    run.spend(len(items))
    if len(items) > MAX_ITEMS:
        raise too_many()
    return items


def truncate(run: Run, text: str, length: Any = 50, end: Any = "...") -> str:
    size, ending = whole(length), check_text(write(run, end))
    return text if len(text) <= size else text[: max(0, size - len(ending))] + ending


def url_encode(_run: Run, text: str) -> str:
    """Every byte becomes one character at least, so what is too long is known before."""
    data = text.encode()
    if len(data) > MAX_TEXT:
        raise too_long()
    return urllib.parse.quote_plus(data)


def truncatewords(run: Run, text: str, count: Any = 15, end: Any = "...") -> str:
    wanted = max(1, whole(count))
    words = text.split(None, min(wanted, MAX_ITEMS))
    run.spend(len(words))
    if len(words) > MAX_ITEMS:
        raise too_many()
    if len(words) <= wanted:
        return " ".join(words)
    return " ".join(words[:wanted]) + check_text(write(run, end))


def strip_html(_run: Run, text: str) -> str:
    return _TAG.sub("", _without_hidden(text) if "<" in text else text)


def _without_hidden(text: str) -> str:
    """The text without what no reader sees; linear: an end that is not there is looked for once."""
    kept: list[str] = []
    place = end = 0
    without_end: set[str] = set()
    while begin := _HIDDEN.search(text, place):
        kind = begin[0].lower().replace("\u017f", "s")
        place = begin.end()
        if kind in without_end:
            continue
        found = _ENDS[kind].search(text, place)
        if found is None:
            without_end.add(kind)
            continue
        kept.append(text[end : begin.start()])
        place = end = found.end()
    return "".join([*kept, text[end:]])


def slice_part(run: Run, value: Any, start: Any, length: Any = None) -> Any:
    """A part of a list, or of a value's text; a negative start counts from the end."""
    whole_value = value if type(value) is list else write(run, value)
    first, count = whole(start), 1 if length is None else max(0, whole(length))
    if first < 0:
        first += len(whole_value)
        if first < 0:
            count = 0
    return whole_value[first : first + count]


def whole(value: Any) -> int:
    """An argument that counts. Raises ArgumentError where it is not a whole number."""
    number = parse_number(value) if type(value) is str else value
    if type(number) is float and number % 1 == 0:
        number = int(number)
    if type(number) is not int:
        raise ArgumentError(f"needs a whole number, not {show(value)}")
    return number


FILTERS: Final[Mapping[str, Filter]] = {
    "append": Filter(append, takes_nothing=True),
    "prepend": Filter(prepend, takes_nothing=True),
    "replace": Filter(replace),
    "replace_first": Filter(replace_first),
    "replace_last": Filter(replace_last),
    "remove": Filter(remove),
    "remove_first": Filter(remove_first),
    "remove_last": Filter(remove_last),
    "upcase": Filter(lambda _run, text: text.upper()),
    "downcase": Filter(lambda _run, text: text.lower()),
    "capitalize": Filter(lambda _run, text: text.capitalize()),
    "strip": Filter(lambda _run, text: text.strip()),
    "lstrip": Filter(lambda _run, text: text.lstrip()),
    "rstrip": Filter(lambda _run, text: text.rstrip()),
    "squish": Filter(lambda _run, text: _SPACES.sub(" ", text.strip()), characters_a_step=SLOW),
    "split": Filter(split),
    "truncate": Filter(truncate),
    "truncatewords": Filter(truncatewords),
    "slice": Filter(slice_part, takes="any"),
    "newline_to_br": Filter(lambda _run, text: _LINE_END.sub("<br />\n", text), characters_a_step=SLOW),
    "strip_newlines": Filter(lambda _run, text: _LINE_END.sub("", text), characters_a_step=SLOW),
    "strip_html": Filter(strip_html, characters_a_step=SLOW),
    "escape": Filter(lambda _run, text: html.escape(text), characters_a_step=4),
    "escape_once": Filter(lambda _run, text: html.escape(html.unescape(text)), characters_a_step=SLOW),
    "escapejs": Filter(lambda _run, text: text.translate(_JAVASCRIPT), characters_a_step=SLOW),
    "url_encode": Filter(url_encode, characters_a_step=SLOW),
    "url_decode": Filter(lambda _run, text: urllib.parse.unquote_plus(text), characters_a_step=SLOW),
    "safe": Filter(lambda _run, text: text),
}
