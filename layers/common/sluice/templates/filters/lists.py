"""Filters on lists. They see lists within lists as one flat list, and one value as a list of one."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from sluice.templates.data import EMPTY, equal, less, listed, look_up, truthy, write
from sluice.templates.filters.filter import Filter
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
        raise ValueError("concat needs a list")
    more = listed(others)
    if len(items) + len(more) > MAX_ITEMS:
        raise too_many()
    run.spend(len(more) >> 3)
    return items + more


def map_items(_run: Run, items: list[Any], name: Any) -> list[Any]:
    return [look_up(item, name) for item in items]


def uniq(_run: Run, items: list[Any], name: Any = None) -> list[Any]:
    found: dict[bytes, Any] = {}
    for item in items:
        key = item if name is None else look_up(item, name)
        found.setdefault(orjson.dumps(key, option=orjson.OPT_SORT_KEYS), item)
    return list(found.values())


def compact(_run: Run, items: list[Any], name: Any = None) -> list[Any]:
    return [item for item in items if (item if name is None else look_up(item, name)) is not None]


def sum_items(_run: Run, items: list[Any], name: Any = None) -> int | float:
    total = sum(number(item if name is None else look_up(item, name)) for item in items)
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
    return sorted(items, key=lambda item: _Order(item if name is None else look_up(item, name)))


def sort_natural(run: Run, items: list[Any], name: Any = None) -> list[Any]:
    _pay_for_sorting(run, items)

    def lowered(item: Any) -> _Order:
        key = item if name is None else look_up(item, name)
        return _Order(None if key is None else write(run, key).lower())

    return sorted(items, key=lowered)


def _pay_for_sorting(run: Run, items: list[Any]) -> None:
    """Once was paid for looking at every item; sorting compares each about log2(n) times."""
    for _ in range(len(items).bit_length()):
        run.weigh(items)


def _matching(run: Run, name: Any, value: Any) -> Callable[[Any], bool]:
    if value is None:
        return lambda item: truthy(look_up(item, name))
    return lambda item: equal(run, look_up(item, name), value)


def where(run: Run, items: list[Any], name: Any, value: Any = None) -> list[Any]:
    return list(filter(_matching(run, name, value), items))


def reject(run: Run, items: list[Any], name: Any, value: Any = None) -> list[Any]:
    matches = _matching(run, name, value)
    return [item for item in items if not matches(item)]


def find(run: Run, items: list[Any], name: Any, value: Any = None) -> Any:
    return next(filter(_matching(run, name, value), items), None)


def find_index(run: Run, items: list[Any], name: Any, value: Any = None) -> int | None:
    matches = _matching(run, name, value)
    return next((index for index, item in enumerate(items) if matches(item)), None)


def has(run: Run, items: list[Any], name: Any, value: Any = None) -> bool:
    return any(map(_matching(run, name, value), items))


def size(_run: Run, value: Any) -> int:
    return len(value) if type(value) in {str, list, dict, range} else 0


def default(run: Run, value: Any, instead: Any = "", *, allow_false: Any = False) -> Any:
    """The value, or `instead` where it is nil, false or empty; 0 is a value."""
    if value is False and allow_false is True:
        return value
    return instead if not truthy(value) or equal(run, EMPTY, value) else value


def includes(run: Run, value: Any, wanted: Any) -> bool:
    """Whether a list has an item, or a text another text."""
    if type(value) is list:
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
