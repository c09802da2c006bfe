"""JSON values of a parsed YAML tree. YAML can say more than JSON: what JSON does not have is refused here."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.scalarbool import ScalarBoolean

MAX_VALUES = 100_000  # aliases multiply: nine lines can be a thousand million values
MAX_DEPTH = 64
_TEXT_TAG = "tag:yaml.org,2002:str"

type Place = tuple[str | int, ...]


class NotJson(Exception):
    """A value that JSON does not have, and its place in the tree."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.place, self.message, self.hint = place, message, hint


def to_plain(tree: Any) -> Any:
    """The tree as dicts, lists, texts, numbers, booleans and null. Raises NotJson."""
    return _convert(tree, (), iter(range(MAX_VALUES)))


def _convert(value: Any, place: Place, room: Iterator[int]) -> Any:
    if next(room, None) is None or len(place) > MAX_DEPTH:
        raise NotJson(place[:2], "too much is nested or repeated here", "write aliases out, or use fewer")
    match value:
        case ScalarBoolean() | bool():
            return bool(value)
        case None:
            return None
        case str():
            return _convert_text(str(value), place)
        case int():
            if not -(2**63) <= value < 2**64:
                raise NotJson(place, "an integer of more than 64 bits", "quote it")
            return int(value)
        case float():
            if not math.isfinite(value):
                raise NotJson(place, "a number that is not finite")
            return float(value)
        case TaggedScalar() if str(value.tag) == _TEXT_TAG:
            return _convert_text(str(value.value), place)
        case CommentedMap() | CommentedSeq() if value.tag.value is not None:
            raise NotJson(place, f"the tag {value.tag} has no meaning here", "remove it")
        case CommentedMap() | dict():
            return {
                _convert_key(key, place): _convert(inner, (*place, key), room) for key, inner in value.items()
            }
        case CommentedSeq() | list():
            return [_convert(inner, (*place, n), room) for n, inner in enumerate(value)]
    raise NotJson(place, "neither text, number, list nor object", "remove its tag, or quote it")


def _convert_key(key: Any, place: Place) -> str:
    if isinstance(key, str):
        return _convert_text(str(key), place)
    if isinstance(key, int) and not isinstance(key, bool | ScalarBoolean):
        return str(int(key))
    if isinstance(key, Mapping | Sequence):
        hint = 'put Liquid in quotes: "{{ row.event }}"'
        raise NotJson(place, "brackets without quotes around them are no text", hint)
    raise NotJson(place, f"the key {'null' if key is None else key} is not text", "quote it")


def _convert_text(text: str, place: Place) -> str:
    r"""JSON writes characters beyond 16 bits as two `\u` escapes, which YAML takes for two characters."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise NotJson(place, "half of a surrogate pair is not a character") from error
