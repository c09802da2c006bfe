"""What a value source looks like: its words, and what is said where it has others."""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args

from sluice.errors import WorkspaceError

Kind = Literal["number", "integer", "string", "boolean", "timestamp", "json"]
"""What `as` may say."""

KINDS: tuple[str, ...] = get_args(Kind)

OPTIONS: dict[str, tuple[str, ...]] = {
    "field": ("as", "if_missing", "on_error"),
    "value": (),
    "template": ("as", "if_missing", "on_error"),
    "array": ("each", "if_missing", "on_error"),
    "object": ("if_missing", "on_error"),
}
"""The sources, and the options that each may have."""

SPREAD = "..."
"""The field of an object whose source's fields become the object's own. No field can have this name."""

WORDS = frozenset([*OPTIONS, *(option for options in OPTIONS.values() for option in options)])

type Place = tuple[str | int, ...]


class SourceError(WorkspaceError):
    """A value source is wrong; `place` is the way to it from where compiling began.

    `line` and `column` (1-based, 0 for none) are inside the text at that place, which is a template.
    """

    def __init__(self, message: str, place: Place, *, hint: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message, hint=hint, line=line, column=column)
        self.place = place


def recognise(source: Any, place: Place) -> str:
    """Which of OPTIONS a value source is; a bare object of sources is an "object". Raises SourceError."""
    if not isinstance(source, Mapping):
        raise SourceError(f"{source!r} is not a value source", place, hint=_guess_source(source))
    kinds = [kind for kind in OPTIONS if kind in source]
    if kinds:
        _check_options(source, kinds[0], place)
        return kinds[0]
    if source and not WORDS & source.keys() and all(_may_be_field(*part) for part in source.items()):
        return "object"
    message = f"{dict(source)!r} is not a value source"
    unknown = [key for key in source if key not in WORDS]
    for key in [key for key in unknown if not _may_be_field(key, source[key])] or unknown:
        raise SourceError(message, (*place, key), hint=suggest(key, WORDS, f"write one of: {_KINDS}"))
    raise SourceError(message, place, hint=f"write one of: {_KINDS}")


def suggest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint that names the known word that was probably meant."""
    known = sorted(known)
    close = get_close_matches(word, known, 1)
    return f"did you mean {close[0]}?" if close else otherwise or f"known here: {', '.join(known)}"


def show(value: object) -> str:
    """A value as it may stand in a line of YAML, which is as JSON has it."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _guess_source(written: object) -> str:
    """What was probably meant by a value where a source belongs."""
    if isinstance(written, list):
        return "write {array: […]}"
    if isinstance(written, str) and ("{{" in written or "{%" in written):
        return f"for Liquid: {{template: {show(written)}}}"
    constant = f"for a constant: {{value: {show(written)}}}"
    field = f"for a field of the event: {{field: {show(written)}}}; "
    return field + constant if isinstance(written, str) else constant


def _may_be_field(name: str, source: object) -> bool:
    return isinstance(source, Mapping) or (name == SPREAD and isinstance(source, list))


def _check_options(source: Mapping[str, Any], kind: str, place: Place) -> None:
    for key in source:
        if key in OPTIONS and key != kind:
            raise SourceError(f"{kind} and {key} are two sources", (*place, key), hint="keep one of them")
        if key != kind and key not in OPTIONS[kind]:
            raise SourceError(
                f"{key!r} is not a valid key beside {kind}",
                (*place, key),
                hint=suggest(key, [kind, *OPTIONS[kind]]),
            )


_KINDS = "{field: …}, {value: …}, {template: …}, {array: …}, {object: …}"
