"""Every mistake of a filter at once, each at its own place; `compile_filter` stops at the first."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sluice.errors import WorkspaceError
from sluice.fields import read_reference
from sluice.filters.conditions import (
    FOUND_FROM,
    GROUPS,
    KEYS,
    NOT_A_FILTER,
    VALUE_FROM,
    find_group,
    read_condition,
)
from sluice.filters.expression import DEEPEST, compile_operand_template
from sluice.filters.operators import find_operator
from sluice.source_syntax import Place, SourceError
from sluice.workspace.problems import find_near, offer


def find_filter_errors(spec: Any, place: Place = (), depth: int = 0) -> Iterator[SourceError]:
    """What is wrong in a filter: none where `compile_filter` takes it, but for groups without a filter.

    A misspelt key is said, and then read as the one that was meant, so that nothing else is hidden by it.
    """
    if not isinstance(spec, Mapping):
        yield SourceError(f"{spec!r:.64} is not a filter", place, hint=NOT_A_FILTER)
        return
    if depth > DEEPEST:
        yield SourceError(f"a filter is nested more than {DEEPEST} deep", place, hint="use fewer groups")
        return
    written = {key: key for key in KEYS if key in spec}  # by the word that was meant
    for key in [key for key in spec if key not in KEYS]:
        yield SourceError(f"a filter has no key {key!r}", (*place, key), hint=offer(key, KEYS))
        written.setdefault(find_near(key, KEYS), key)
    is_guess = "" in written
    meant = {word: spec[key] for word, key in written.items() if word}
    groups = [word for word in GROUPS if word in meant]
    if groups:
        yield from _find_group_errors(meant, written, place)
        for word in groups:
            for step, part in _list_parts(meant[word]):
                yield from find_filter_errors(part, (*place, written[word], *step), depth + 1)
    else:
        yield from _find_condition_errors(meant, written, place, is_guess=is_guess)


def _list_parts(inside: Any) -> Iterator[tuple[Place, Any]]:
    """The filters of a group; what is neither list nor object was told of as the group's own mistake."""
    if isinstance(inside, list):
        yield from (((n,), part) for n, part in enumerate(inside))
    elif isinstance(inside, Mapping):
        yield (), inside


def _find_group_errors(
    meant: Mapping[str, Any], written: Mapping[str, str], place: Place
) -> Iterator[SourceError]:
    try:
        group = find_group(meant)
    except WorkspaceError as error:
        yield SourceError(error.message, place, hint=error.hint or NOT_A_FILTER)
        return
    if not meant[group]:
        yield SourceError(f"{group!r} needs at least one filter", (*place, written[group]), hint=NOT_A_FILTER)


def _find_condition_errors(
    meant: Mapping[str, Any], written: Mapping[str, str], place: Place, *, is_guess: bool
) -> Iterator[SourceError]:
    is_wrong = is_guess
    for word, read in _READERS.items():
        if word not in meant or (word != "op" and not isinstance(meant[word], str)):
            continue
        try:
            read(meant[word])
        except WorkspaceError as error:
            is_wrong |= word == "op"
            yield SourceError(
                error.message, (*place, written[word]), hint=error.hint, line=error.line, column=error.column
            )
    if is_wrong:
        return  # what else seems to be wrong with it may follow from that
    found = [word for word in FOUND_FROM if word in meant]
    if "op" not in meant or len(found) != 1 or not isinstance(meant[found[0]], str):
        yield SourceError(NOT_A_FILTER, place, hint="for example {field: type, op: equals, value: track}")
        return
    bare = {word: value for word, value in meant.items() if word != "case_insensitive"}
    values = [written[word] for word in VALUE_FROM if word in meant]
    for spec, at in ((bare, values[-1:]), (meant, [written.get("case_insensitive", "")])):
        try:
            read_condition(spec)
        except WorkspaceError as error:
            yield SourceError(error.message, (*place, *at), hint=error.hint or _OPERATORS)
            return


_OPERATORS = "docs/syncs.md#filters says what each operator takes"
_READERS: dict[str, Callable[[str], object]] = {
    "op": find_operator,
    "field": read_reference,
    "value_field": read_reference,
    "template": compile_operand_template,
    "value_template": compile_operand_template,
}
