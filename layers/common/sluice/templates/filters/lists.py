"""Filters on lists. They see lists within lists as one flat list, and one value as a list of one."""

from collections.abc import Callable, Iterator, Mapping
from itertools import compress
from typing import Any, Final

import orjson

from sluice.templates.data import (
    EMPTY,
    NUMBERS,
    equal,
    kind_of,
    less,
    listed,
    look_up,
    show,
    truthy,
    write,
)
from sluice.templates.filters.filter import ArgumentError, Filter
from sluice.templates.filters.numbers import number
from sluice.templates.limits import MAX_ITEMS, MAX_TEXT, Run, check_text, too_long, too_many


def join(run: Run, items: list[Any], separator: Any = " ") -> str:
    mark = check_text(write(run, separator))
    texts = [item if type(item) is str else write(run, item) for item in items]
    if sum(map(len, texts)) + len(mark) * len(texts) > MAX_TEXT + len(mark):
        raise too_long()
    return mark.join(texts)


def concat(run: Run, items: list[Any], others: Any) -> list[Any]:
    if type(others) is not list and type(others) is not range and others is not None:
        raise ArgumentError(f"needs a list to add, not {kind_of(others)}")
    more = listed(others)
    if len(items) + len(more) > MAX_ITEMS:
        raise too_many()
    run.spend(len(more) >> 3)
    return items + more


def property_of(run: Run, item: Any, name: Any) -> Any:
    """What Liquid's list filters call a property of an item.

    The field of an object; of a text the name itself where it contains it, or the character at an index;
    nothing of nil. Raises ArgumentError for a number or a boolean.
    """
    kind = type(item)
    if kind is dict:
        return item.get(name) if type(name) is str else None
    if item is None:
        return None
    if kind is str:
        if type(name) is int:
            return item[name] if -len(item) <= name < len(item) else None
        if type(name) is not str:
            return None
        run.spend(len(item) >> 6)
        run.search(item, name)
        return name if name in item else None
    raise ArgumentError(f"{kind_of(item)} has no property {show(name)}")


def _key(run: Run, item: Any, name: Any) -> Any:
    """The item, or its property where there is a name."""
    return item if name is None else property_of(run, item, name)


def map_items(run: Run, items: list[Any], name: Any) -> list[Any]:
    return [property_of(run, item, name) for item in items]


def uniq(run: Run, items: list[Any], name: Any = None) -> list[Any]:
    found: dict[bytes, Any] = {}
    for item in items:
        found.setdefault(orjson.dumps(_key(run, item, name), option=orjson.OPT_SORT_KEYS), item)
    return list(found.values())


def compact(run: Run, items: list[Any], name: Any = None) -> list[Any]:
    return [item for item in items if _key(run, item, name) is not None]


def sum_items(run: Run, items: list[Any], name: Any = None) -> int | float:
    total = sum(number(_key(run, item, name)) for item in items)
    return round(total, 12) if type(total) is float else total


class _Order:
    """Sorts by Liquid's `<`, with nil at the end."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __lt__(self, other: "_Order") -> bool:
        if self.key is None or other.key is None:
            return self.key is not None
        return less(self.key, other.key)


def sort(run: Run, items: list[Any], name: Any = None) -> list[Any]:
    _pay_for_sorting(run, items)
    return sorted(items, key=lambda item: _Order(_key(run, item, name)))


def sort_natural(run: Run, items: list[Any], name: Any = None) -> list[Any]:
    _pay_for_sorting(run, items)

    def lowered(item: Any) -> _Order:
        key = _key(run, item, name)
        return _Order(None if key is None else write(run, key).lower())

    return sorted(items, key=lowered)


def _pay_for_sorting(run: Run, items: list[Any]) -> None:
    """Once was paid for looking at every item; sorting compares each about log2(n) times."""
    for _ in range(len(items).bit_length()):
        run.weigh(items)


class _NilItemError(Exception):
    """A filter that tests its items reached one that is nil."""


def _tests(run: Run, items: list[Any], name: Any, value: Any) -> Iterator[bool]:
    """For each item whether its property is the value, or is there where no value is given.

    A number has no properties: it is compared with a `name` that is a number, so `has: 2` finds 2.
    """
    for item in items:
        if item is None:
            raise _NilItemError
        if type(item) in NUMBERS and type(name) in NUMBERS:
            found = item == name
        else:
            found = property_of(run, item, name)
        yield truthy(found) if value is None else equal(run, found, value)


def _testing(use: Callable[[Iterator[bool], list[Any]], Any]) -> Callable[..., Any]:
    """A filter made of what it does with the tests. As in Liquid, it gives nothing once it reaches nil."""

    def apply(run: Run, items: list[Any], name: Any, value: Any = None) -> Any:
        try:
            return use(_tests(run, items, name, value), items)
        except _NilItemError:
            return None

    return apply


where = _testing(lambda tests, items: list(compress(items, tests)))
find = _testing(lambda tests, items: next(compress(items, tests), None))
find_index = _testing(lambda tests, items: next(compress(range(len(items)), tests), None))
has = _testing(lambda tests, _items: any(tests))
_reject = _testing(lambda tests, items: [item for item, hit in zip(items, tests, strict=True) if not hit])


def reject(run: Run, items: list[Any], name: Any, value: Any = None) -> Any:
    return [] if name is None else _reject(run, items, name, value)


def size(_run: Run, value: Any) -> int:
    return len(value) if type(value) in {str, list, dict, range} else 0


def default(run: Run, value: Any, instead: Any = "", *, allow_false: Any = False) -> Any:
    """The value, or `instead` where it is nil, false or empty; 0 is a value."""
    if value is False and allow_false is True:
        return value
    return instead if not truthy(value) or equal(run, EMPTY, value) else value


def includes(run: Run, value: Any, wanted: Any) -> bool:
    """Whether a list has an item, or a text another text."""
    if type(value) is list or type(value) is range:
        run.spend(len(value))
        return any(equal(run, item, wanted) for item in value)
    if value is None:
        return False
    text, within = write(run, wanted), write(run, value)
    run.search(within, text)
    return text in within


FILTERS: Final[Mapping[str, Filter]] = {
    "join": Filter(join, takes="list"),
    "concat": Filter(concat, takes="list", takes_nothing=True),
    "map": Filter(map_items, takes="list"),
    "reverse": Filter(lambda _run, items: items[::-1], takes="list"),
    "uniq": Filter(uniq, takes="list", deep=True),
    "compact": Filter(compact, takes="list"),
    "sum": Filter(sum_items, takes="list", deep=True),
    "sort": Filter(sort, takes="list", deep=True),
    "sort_natural": Filter(sort_natural, takes="list", deep=True),
    "where": Filter(where, takes="list"),
    "reject": Filter(reject, takes="list"),
    "find": Filter(find, takes="list"),
    "find_index": Filter(find_index, takes="list"),
    "has": Filter(has, takes="list"),
    "first": Filter(lambda _run, value: look_up(value, "first"), takes="any"),
    "last": Filter(lambda _run, value: look_up(value, "last"), takes="any"),
    "size": Filter(size, takes="any", takes_nothing=True),
    "default": Filter(default, takes="any", takes_nothing=True),
    "includes": Filter(includes, takes="any", takes_nothing=True, characters_a_step=4),
}
