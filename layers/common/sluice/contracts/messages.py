"""What is said of an event that breaks its schema: messages with a field's path each, for a bounded price.

The engine finds all errors at once and copies into each the value that is wrong, one inside the other too: a
schema of two lines and an event of 90 KB can be 10 GB. So it is reckoned first what that would come to.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from jsonschema_rs import Draft7Validator, ValidationError

from sluice.contracts.cost import measure
from sluice.contracts.shape import Schema, walk
from sluice.fields import format_field

MOST_MESSAGES = 20
LONGEST_MESSAGE = 300
MORE = "and more"
MOST_COPIED = 1_000_000
"""Values that errors may hold copies of; each is some 200 bytes."""


class Teller:
    """The messages of one schema. Never raises; what it knows of the schema it finds out when first asked."""

    def __init__(self, validator: Draft7Validator, document: Schema) -> None:
        self._validator, self._document = validator, document
        self._size = 0
        self._is_of_names = self._is_branched = False

    def tell(self, value: Any, root: Sequence[str]) -> list[str]:
        """At most MOST_MESSAGES of a value that is not valid; `root` is where it is in the event."""
        self._look()
        if self._reckon(value) <= MOST_COPIED:
            return limit(_tell(error, root) for error in self._validator.iter_errors(value))
        if not self._is_branched:  # the error of a branch holds those of all others
            try:
                self._validator.validate(value)
            except ValidationError as error:
                return [*limit([_tell(error, root)]), "and more, perhaps: the event is too large to tell all"]
        place = format_field(tuple(root))
        message = "the schema is broken, and the event is too large to tell where"
        return [f"{place}: {message}" if place else message]

    def _look(self) -> None:
        if not self._size:
            schemas = [schema for _, schema in walk(self._document)]
            words = {word for schema in schemas for word in schema}
            self._is_of_names = "propertyNames" in words
            self._is_branched = not words.isdisjoint({"anyOf", "oneOf"})
            options = [schema[word] for schema in schemas for word in ("enum", "const") if word in schema]
            self._size = measure(self._document) + count_values(options)

    def _reckon(self, value: Any) -> int:
        """How many values the errors would hold at most: an error copies the value and all that is in it."""
        values = copied = 0
        waiting = [(value, 1)]
        while waiting:
            inner, depth = waiting.pop()
            values += 1
            copied += depth
            if type(inner) is dict:
                waiting += ((one, depth + 1) for one in inner.values())
            elif type(inner) is list:
                waiting += ((one, depth + 1) for one in inner)
        return self._size * (copied + (values * values if self._is_of_names else 0))


def count_values(value: Any) -> int:
    """A value and all values in it."""
    if isinstance(value, Mapping):
        return 1 + sum(map(count_values, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(count_values, value))
    return 1


def limit(messages: Iterable[str]) -> list[str]:
    """As many messages as a person reads; the last one says that there are more."""
    found = [shorten(message) for message in islice(messages, MOST_MESSAGES + 1)]
    return [*found[:MOST_MESSAGES], MORE] if len(found) > MOST_MESSAGES else found


def shorten(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"


def _tell(error: ValidationError, root: Sequence[str]) -> str:
    place = format_field((*root, *map(str, error.instance_path)))
    return f"{place}: {error.message}" if place else str(error.message)
