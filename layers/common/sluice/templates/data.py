"""Liquid's rules on plain JSON values: what is true, equal, less, contained, and how a value is written.

Only dicts, lists, texts, numbers, booleans and None (which is also everything undefined) pass through here,
looked at by their exact type: no path leads from a template to an attribute of a Python object.
"""

from typing import Any, Final

import orjson

from sluice.casts import excerpt
from sluice.errors import MappingError
from sluice.templates.limits import MAX_ITEMS, Run, too_many


class Special:
    """The literals `empty` and `blank`, which exist to be compared with."""

    def __init__(self, name: str) -> None:
        self.name = name


EMPTY: Final = Special("empty")
BLANK: Final = Special("blank")

NUMBERS: Final = frozenset({int, float})
JSON: Final = frozenset({str, int, float, bool, dict, list})


def look_up(value: Any, key: Any) -> Any:
    """The field or item of a value; None where there is none. `size`, `first` and `last` work on lists."""
    kind = type(value)
    if kind is dict and type(key) is str:
        if key in value:
            return value[key]
        if key == "size":
            return len(value)
        return next(([name, inner] for name, inner in value.items()), None) if key == "first" else None
    if kind is list or kind is range:
        if type(key) is int:
            return value[key] if -len(value) <= key < len(value) else None
        if key == "size":
            return len(value)
        if value and key in {"first", "last"}:
            return value[0 if key == "first" else -1]
        return None
    return len(value) if kind is str and key == "size" else None


def write(run: Run, value: Any) -> str:
    """A value as text: nothing for nil, JSON for an object, the items of a list one after the other."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]  # `kind` is its exact type
    if kind is int or kind is float:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is range:
        return f"{value.start}..{value.stop - 1}"
    if kind is dict or kind is list:
        run.weigh(value)
        return _write_items(value)
    return ""


def _write_items(value: Any) -> str:
    if type(value) is list:
        return "".join(map(_write_items, value))
    if type(value) is dict:
        return orjson.dumps(value).decode()
    if type(value) is bool:
        return "true" if value else "false"
    return "" if value is None else str(value)


def listed(value: Any) -> list[Any]:
    """A value as Liquid's array filters see it: lists within lists flattened, anything else a list of one."""
    kind = type(value)
    if kind is list:
        if list not in map(type, value):
            return value  # type: ignore[no-any-return]  # `kind` is its exact type
        flat: list[Any] = []
        _flatten(value, flat)
        return flat
    if kind is range:
        return list(value)
    return [] if value is None or kind is Special else [value]


def _flatten(value: list[Any], flat: list[Any]) -> None:
    for item in value:
        if type(item) is list:
            _flatten(item, flat)
        else:
            flat.append(item)
    if len(flat) > MAX_ITEMS:
        raise too_many()


def truthy(value: Any) -> bool:
    """Everything but false and nil."""
    return value is not None and value is not False


def equal(run: Run, left: Any, right: Any) -> bool:
    """`==`: true is not 1; `empty` and `blank` stand for what they name."""
    if type(right) is Special:
        left, right = right, left
    if type(left) is Special:
        return _is_special(left, right)
    if left is None or right is None or type(left) is bool or type(right) is bool:
        return left is right
    if type(left) in {str, dict, list} and type(left) is type(right):
        run.weigh(left)
        run.weigh(right)
    return bool(left == right)


def _is_special(special: Special, value: Any) -> bool:
    if type(value) is Special:
        return special is value
    if type(value) in {str, list, dict} and not value:
        return True
    if special is EMPTY:
        return False
    return value is None or value is False or (type(value) is str and value.isspace())


def less(left: Any, right: Any) -> bool:
    """`<` of two texts or two numbers; false where one is nil, `empty` or `blank`.

    Raises MappingError for any other pair.
    """
    if (type(left) in NUMBERS and type(right) in NUMBERS) or (type(left) is str and type(right) is str):
        return bool(left < right)
    if not has_order(left) or not has_order(right):
        return False
    raise MappingError(f"a template compares {kind_of(left)} with {kind_of(right)}")


def has_order(value: Any) -> bool:
    """Whether `<` can be asked of a value at all: nil, `empty` and `blank` are less than nothing."""
    return value is not None and type(value) is not Special


def contains(run: Run, left: Any, right: Any) -> bool:
    """`contains`: a text in a text, an item in a list, a name in an object."""
    if not truthy(left) or not truthy(right):
        return False
    kind = type(left)
    if kind is str:
        text = write(run, right)
        run.spend((len(left) + len(text)) >> 4)
        run.search(left, text)
        return text in left
    if kind is list or kind is range:
        run.spend(len(left))
        return any(equal(run, item, right) for item in left)
    if kind is dict:
        return type(right) is str and right in left
    raise MappingError(f"{kind_of(left)} contains nothing")


_KINDS: Final = {
    dict: "an object",
    list: "a list",
    range: "a range",
    str: "a text",
    bool: "a boolean",
    type(None): "nothing",
    Special: "nothing",
}


def show(value: Any) -> str:
    """A short form of a value for an error."""
    return excerpt(value) if type(value) in JSON else kind_of(value)


def kind_of(value: Any) -> str:
    """What an error calls a value of this type."""
    return _KINDS.get(type(value), "a number")
