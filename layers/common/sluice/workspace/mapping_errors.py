"""Every mistake of a mapping at once: `compile_mapping` stops at the first.

A mistake is told, taken out, and the rest is compiled again, until nothing is wrong any more.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from sluice.source_syntax import OPTIONS, WORDS, Place, SourceError
from sluice.values import compile_fields

MAX_ERRORS = 50
"""Most mistakes that are told of one output field."""

_NOTHING: dict[str, Any] = {"value": None}
_FILLERS: dict[str, Any] = {
    "field": "x",
    "each": "x",
    "template": "",
    "value": None,
    "array": [],
    "object": {},
}


def find_mapping_errors(spec: Mapping[str, Any]) -> list[SourceError]:
    """What keeps `compile_mapping` from compiling `spec`, source by source, and then fields that clash."""
    errors: list[SourceError] = []
    whole: dict[str, Any] = {}
    for target, source in spec.items():
        field = {target: deepcopy(source)}
        errors += _find_errors(field)
        whole.update(field)
    return [*errors, *_find_errors(whole)]


def _find_errors(spec: dict[str, Any]) -> Iterator[SourceError]:
    """The mistakes of `spec`, which is left without them."""
    for _ in range(MAX_ERRORS):
        try:
            compile_fields(spec)
        except SourceError as error:
            yield _add_keys(error, _follow(spec, error.place[:-1]))
            _take_out(spec, error.place)
        else:
            return
    spec.clear()


def _add_keys(error: SourceError, around: Any) -> SourceError:
    """A hint that names the key that was meant goes on with all that may stand there."""
    if error.place[1:] and isinstance(around, Mapping) and error.hint.startswith("did you mean"):
        kind = next((kind for kind in OPTIONS if kind in around), "")
        if error.place[-1] not in WORDS:
            error.hint += f" keys here are: {', '.join([kind, *OPTIONS[kind]] if kind else OPTIONS)}"
    return error


def _take_out(spec: dict[str, Any], place: Place) -> None:
    """The smallest part with the mistake is removed, or replaced where something has to stand."""
    *way, last = place
    around = _follow(spec, tuple(way))
    if isinstance(around, list):
        around[int(last)] = dict(_NOTHING)
    elif not way or way[-1] == "object" or last not in _FILLERS or not _may_stand(last, around):
        around.pop(last, None)
        if way and way[-1] != "object" and _is_no_source(around):
            around.clear()
            around.update(_NOTHING)
    elif last == "array" and "each" in around:
        around[last] = dict(_NOTHING)
    else:
        around[last] = deepcopy(_FILLERS[last])


def _may_stand(key: Any, around: Mapping[str, Any]) -> bool:
    """Whether only what the key says is wrong, and not that it stands beside another source."""
    kind = next((kind for kind in OPTIONS if kind in around), "")
    return bool(kind) and (key == kind or key in OPTIONS[kind])


def _is_no_source(around: Mapping[str, Any]) -> bool:
    return not OPTIONS.keys() & around.keys() and (not around or bool(WORDS & around.keys()))


def _follow(spec: Any, place: Place) -> Any:
    for step in place:
        spec = spec[step]
    return spec
