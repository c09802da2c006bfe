"""Paths to what is dropped or hashed, as one tree. Each event is walked once, along the tree's branches only.

A path is a field reference (`sluice.fields`) in which `*` stands for every field of an object and every item
of a list. A name that meets a list is looked for in each of its items: what an operator forgot to say must
not leave a value behind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sluice.fields import parse_field
from sluice.privacy.digest import hash_all

EVERY = "*"
_JSON_ENDS = {"{": "}", "[": "]"}


class _Gone:
    """Stands for a value that was dropped until its parent leaves it out."""


GONE: Final = _Gone()

type Branches = tuple[Branch, ...]


@dataclass(slots=True, eq=False)
class Branch:
    """What paths have in common from here on: `names` and `indexes` by what stands next, `every` for `*`.

    A name of digits is in both. `spread` is this branch for each item of a list: without indexes and `*`,
    which a list itself uses up. `steps` are the names once more, as they are walked.
    """

    drop: bool = False
    hash: bool = False
    names: dict[str, Branch] = field(default_factory=dict)
    indexes: dict[int, Branch] = field(default_factory=dict)
    every: Branch | None = None
    spread: Branch | None = None
    steps: tuple[tuple[str, Branches], ...] = ()

    @property
    def leads_on(self) -> bool:
        return bool(self.names) or self.every is not None


def grow_tree(drop: Iterable[str], hashed: Iterable[str]) -> Branch | None:
    """The tree of all paths, or None without paths. Raises WorkspaceError for an invalid reference."""
    root = Branch()
    for paths, action in ((drop, "drop"), (hashed, "hash")):
        for path in paths:
            branch = root
            for name in parse_field(path):
                branch = _grow(branch, name)
            setattr(branch, action, True)
    _complete(root)
    return root if root.leads_on else None


def treat_object(value: Mapping[str, Any], branches: Branches) -> dict[str, Any]:
    """The object without what is dropped and with what is hashed; itself where nothing is. Never changed."""
    out: Any = value
    for name, found in _match(value, branches):
        if name not in value:
            continue
        given = value[name]
        treated = _treat(given, found)
        if treated is not given:
            if out is value:
                out = dict(value)
            if treated is GONE:
                del out[name]
            else:
                out[name] = treated
    return out  # type: ignore[no-any-return]  # `value`, or a copy of it


def _treat_list(value: list[Any], branches: Branches) -> list[Any]:
    """An item that is dropped by its place leaves null there, so that the others keep theirs.

    Else a second run, such as a replay's, would drop another one.
    """
    out, is_changed = [], False
    for at, item in enumerate(value):
        placed = [child for branch in branches if (child := branch.indexes.get(at)) is not None]
        found = [child for branch in branches for child in (branch.every, branch.spread) if child is not None]
        treated = _treat(item, (*placed, *found)) if placed or found else item
        if treated is GONE and placed and not any(branch.drop for branch in found):
            treated = None
        is_changed = is_changed or treated is not item
        if treated is not GONE:
            out.append(treated)
    return out if is_changed else value


def _treat(value: Any, branches: Branches) -> Any:
    """What is left of a value to which these branches lead; GONE for nothing."""
    is_hashed = False
    for branch in branches:
        if branch.drop:
            return GONE
        if branch.hash:
            is_hashed = True
    kind = type(value)
    if kind is dict:
        value = treat_object(value, branches)
    elif kind is list:
        value = _treat_list(value, branches)
    elif kind is str and _holds_json(value) and any(branch.leads_on for branch in branches):
        return GONE  # the field that a path names may be inside
    return hash_all(value) if is_hashed else value


def _holds_json(text: str) -> bool:
    text = text.strip()
    return _JSON_ENDS.get(text[:1]) == text[-1:] != ""


def _match(value: Collection[str], branches: Branches) -> Iterable[tuple[str, Branches]]:
    """By name the branches that lead into an object: of all names that it has, and perhaps some more."""
    if len(branches) == 1 and branches[0].every is None:
        return branches[0].steps
    return _match_each(value, branches)


def _match_each(value: Collection[str], branches: Branches) -> Iterator[tuple[str, Branches]]:
    for name in value:
        found = [
            child
            for branch in branches
            for child in (branch.names.get(name), branch.every)
            if child is not None
        ]
        if found:
            yield name, tuple(found)


def _grow(branch: Branch, name: str) -> Branch:
    if name == EVERY:
        branch.every = branch.every or Branch()
        return branch.every
    child = branch.names.setdefault(name, Branch())
    if is_index(name):
        child = branch.indexes.setdefault(int(name), child)
        branch.names[name] = child
    return child


def is_index(name: str) -> bool:
    """Whether a name means a place in a list, as `sluice.fields.step` reads it."""
    return name.isascii() and name.isdigit() and len(name) < 10


def _complete(branch: Branch) -> None:
    """Fills in what follows from the names of all paths."""
    branch.steps = tuple((name, (child,)) for name, child in branch.names.items())
    names = {name: child for name, child in branch.names.items() if not is_index(name)}
    if names:
        branch.spread = Branch(names=names, steps=tuple(step for step in branch.steps if step[0] in names))
        branch.spread.spread = branch.spread
    for child in branch.names.values():
        _complete(child)
    if branch.every is not None:
        _complete(branch.every)
