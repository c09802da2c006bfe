"""When two JSON values are the same, for equality and for membership of lists."""

from typing import Any

from sluice.fields import MISSING


def same(found: Any, value: Any) -> bool:
    """JSON equality: true is not 1, inside lists and objects neither; 1 is 1.0; missing equals nothing."""
    if type(found) is bool or type(value) is bool:
        return found is value
    if found is MISSING or found != value:
        return False
    if type(found) is dict:
        return all(same(inner, value[name]) for name, inner in found.items())
    if type(found) is list:
        return all(map(same, found, value))
    return True


def fold(value: Any) -> Any:
    """The value without the case of its texts, in lists and in the values of objects too."""
    if type(value) is str:
        return value.casefold()
    if type(value) is list:
        return [fold(item) for item in value]
    if type(value) is dict:
        return {name: fold(inner) for name, inner in value.items()}
    return value
