"""What is said of an event that breaks its schema: messages with a field's path each, for a bounded price.

The engine finds all errors at once and copies into each the value that is wrong, one inside the other too: a
schema of two lines and an event of 90 KB can be 10 GB. So it is counted first what that could come to, from
the values and from the schemas that look at each. Where it is too much there is the first error only.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from jsonschema_rs import Draft7Validator, ValidationError

from sluice.contracts.hidden import MESSAGES, hide_branches
from sluice.contracts.places import Places
from sluice.contracts.shape import Schema
from sluice.contracts.validator import build_validator
from sluice.fields import format_field

MOST_MESSAGES = 20
LONGEST_MESSAGE = 300
MORE = "and more"
FIRST_ONLY = "and more, perhaps: the event is too large to tell all"
MOST_COPIED, COPIED_PER_VALUE = 2_000, 2
"""Values that the errors of an event may hold copies of: so many, or so many for each of its values."""
_ERROR = 5  # what an error costs besides, in copied values of about a microsecond each


class Teller:
    """The messages of one schema. Never raises; what it knows of the schema it finds out when first asked."""

    def __init__(self, validator: Draft7Validator, document: Schema) -> None:
        self._validator, self._document = validator, document
        self._places: Places | None = None

    def tell(self, value: Any, root: Sequence[str]) -> list[str]:
        """At most MOST_MESSAGES of a value that is not valid; `root` is where it is in the event."""
        places = self._open()
        if self._are_few(places, value):
            return limit(_tell(error, root) for error in self._validator.iter_errors(value))
        try:
            self._validator.validate(value)
        except ValidationError as error:
            return [*limit([_tell(error, root)]), FIRST_ONLY]
        return [FIRST_ONLY]

    def _open(self) -> Places:
        """From here on errors of `anyOf` and `oneOf` are without those of their branches."""
        if self._places is None:
            document = hide_branches(self._document)
            self._validator = build_validator(document)
            self._places = Places(document, is_told=True)
        return self._places

    def _are_few(self, places: Places, value: Any) -> bool:
        """Whether the errors would hold few values: an error copies the value and all that is in it."""
        sizes = _measure(value)
        most = max(MOST_COPIED, COPIED_PER_VALUE * sizes.get(id(value), 1))
        copied, waiting = 0, [(value, places.root)]
        while waiting and copied <= most:
            outer, place = waiting.pop()
            copied += place.errors * (sizes.get(id(outer), 1) + _ERROR)
            for kind, name, inner in _list_inner(outer):
                at = places.step(place, kind, places.find_name(place, kind, name))
                if at.schemas:
                    waiting.append((inner, at))
                    if kind == "key" and place.has_names:  # an error of a name copies the object
                        copied += at.errors * (sizes[id(outer)] + _ERROR)
        return copied <= most


def limit(messages: Iterable[str]) -> list[str]:
    """As many messages as a person reads; the last one says that there are more."""
    found = [shorten(message) for message in islice(messages, MOST_MESSAGES + 1)]
    return [*found[:MOST_MESSAGES], MORE] if len(found) > MOST_MESSAGES else found


def shorten(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"


def _tell(error: ValidationError, root: Sequence[str]) -> str:
    place = format_field((*root, *map(str, error.instance_path)))
    message = _find_hidden(error) or error.message
    return f"{place}: {message}" if place else str(message)


def _find_hidden(error: ValidationError) -> str | None:
    """The message of a broken `anyOf` or `oneOf`, which `hide_branches` wrote as a `not`."""
    schema = error.kind.as_dict().get("schema") if error.kind.name == "not" else None
    return MESSAGES.get(schema.get("$comment", "")) if isinstance(schema, dict) else None


def _measure(value: Any) -> dict[int, int]:
    """How many values each object and list holds, itself included, by identity."""
    order, waiting = [], [value]
    while waiting:
        outer = waiting.pop()
        if type(outer) is dict or type(outer) is list:
            order.append(outer)
            waiting += outer.values() if type(outer) is dict else outer
    sizes: dict[int, int] = {}
    for outer in reversed(order):
        inner = outer.values() if type(outer) is dict else outer
        sizes[id(outer)] = 1 + sum(sizes.get(id(one), 1) for one in inner)
    return sizes


def _list_inner(value: Any) -> Iterator[tuple[str, str | int, Any]]:
    """Each field or item of a value: which of both, its name or index, and the value in it."""
    if type(value) is dict:
        for name, inner in value.items():
            yield "key", name, inner
    elif type(value) is list:
        for n, inner in enumerate(value):
            yield "item", n, inner
