"""Which schemas look at the value at each place of an event, and what they cost it together.

A place is a set of schemas that look at the same value, each as often as the engine comes to it. From a place
there is a step into each field and item. Places are made when they are first asked for.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluice.contracts.price import (
    count_errors,
    count_schema_positions,
    price_item,
    price_longest,
    price_names,
    price_schema,
)
from sluice.contracts.shape import Schema, Step, UnknownReference, find_reference, list_branches, list_inner

type Key = frozenset[tuple[int, int]]
_TOLD_BRANCHES = frozenset({"allOf", "then", "else", "dependencies"})
ANY = None
"""The step to a field that no schema names, or to an item behind the named ones."""


@dataclass(slots=True, eq=False)
class Place:
    """`steps` each value here costs, `positions` of regexes each of its characters, `errors` it can have.

    `longest` is what the steps come to at the value that costs most, however long it is.
    """

    path: tuple[str, ...]
    schemas: Mapping[int, int]
    steps: int
    positions: int
    errors: int
    has_names: bool
    longest: int


class Places:
    """The places of one document, whose references all lead somewhere and never in a circle at one value.

    With `is_told` only what errors come from is followed: branches that are only tried are left out.
    """

    def __init__(self, document: Schema, *, is_told: bool = False, most: int = 1 << 30) -> None:
        """`most` ends the counting of a place's schemas, so that no document takes long."""
        self._document, self._is_told, self._most = document, is_told, most
        self._schemas: dict[int, Schema] = {}
        self._prices: dict[int, tuple[int, int, int, int]] = {}
        self._places: dict[Key, Place] = {}
        self._names: dict[int, tuple[set[str], int]] = {}
        self._next: dict[tuple[int, str, str | int | None], Place] = {}
        self.root = self._make(Counter([self._know(document)]), (), 0, 0)

    def step(self, place: Place, kind: str, name: str | int | None) -> Place:
        """The place of a field (`key`) or an item (`item`) of a value at `place`."""
        found = self._next.get((id(place), kind, name))
        if found is None:
            found = self._next[id(place), kind, name] = self._enter(place, kind, name)
        return found

    def list_steps(self, place: Place) -> Iterator[tuple[str, str | int | None]]:
        """All steps that lead to different places; ANY once for fields and once for items."""
        steps: set[Step] = {("key", ANY), ("item", ANY)}
        for key in place.schemas:
            steps |= {step for _, step, _ in list_inner(self._schemas[key])}
        yield from sorted(steps, key=str)

    def walk(self, most: int) -> Iterator[Place | None]:
        """Every place, nearest first; None and no more where there are more than `most`."""
        waiting, seen = deque([self.root]), {id(self.root)}
        while waiting:
            place = waiting.popleft()
            yield place
            for kind, name in self.list_steps(place):
                inner = self.step(place, kind, name)
                if (inner.schemas or inner.steps) and id(inner) not in seen:
                    if len(seen) >= most:
                        yield None
                        return
                    seen.add(id(inner))
                    waiting.append(inner)

    def find_name(self, place: Place, kind: str, name: str | int) -> str | int | None:
        """The step to take for a field or item of an event: clients choose names, so others are ANY."""
        names, items = self._find_names(place)
        return name if (name in names if kind == "key" else int(name) < items) else ANY

    def _find_names(self, place: Place) -> tuple[set[str], int]:
        """The fields that schemas of a place name, and how many items. Kept: events ask for each value."""
        if id(place) not in self._names:
            names, items = set[str](), 0
            for key in place.schemas:
                schema = self._schemas[key]
                named, listed = schema.get("properties"), schema.get("items")
                names |= named.keys() if isinstance(named, dict) else set()
                items = max(items, len(listed) if isinstance(listed, list) else 0)
            self._names[id(place)] = names, items
        return self._names[id(place)]

    def find_dearest(self, place: Place, price: Callable[[Schema], int]) -> Schema:
        """The schema of the place that has the largest share of what it costs."""
        return max(
            (self._schemas[key] for key in place.schemas),
            key=lambda schema: price(schema) * place.schemas[id(schema)],
            default=self._document,
        )

    def _know(self, schema: Any) -> int:
        if isinstance(schema, dict):
            self._schemas[id(schema)] = schema
        return id(schema)

    def _enter(self, place: Place, kind: str, name: str | int | None) -> Place:
        inner: Counter[int] = Counter()
        steps = positions = 0
        for key, times in place.schemas.items():
            schema = self._schemas[key]
            for part in self._list_at(schema, kind, name):
                if isinstance(part, dict):
                    inner[self._know(part)] += times
            if "$ref" not in schema:
                own = price_names(schema) if kind == "key" else (price_item(schema), 0)
                steps += times * own[0]
                positions += times * own[1]
        step = f".{name}" if kind == "key" and name is not ANY else ".*" if kind == "key" else "[]"
        return self._make(inner, (*place.path, step), steps, positions)

    def _make(self, start: Counter[int], path: tuple[str, ...], steps: int, positions: int) -> Place:
        key = frozenset([*start.items(), (-1, steps), (-2, positions)])
        if key not in self._places:
            schemas, errors, longer = self._close(start), 0, 0
            for schema, times in schemas.items():
                own = self._price(schema)
                steps, positions, errors, longer = (
                    steps + times * own[0],
                    positions + times * own[1],
                    errors + times * own[2],
                    longer + times * own[3],
                )
            has_names = any("propertyNames" in self._schemas[schema] for schema in schemas)
            self._places[key] = Place(path, schemas, steps, positions, errors, has_names, steps + longer)
        return self._places[key]

    def _price(self, key: int) -> tuple[int, int, int, int]:
        if key not in self._prices:
            schema = self._schemas[key]
            own = price_schema(schema), count_schema_positions(schema), count_errors(schema)
            self._prices[key] = (*own, price_longest(schema))
        return self._prices[key]

    def _close(self, start: Counter[int]) -> Counter[int]:
        """With the schemas that look at the same value by `$ref`, `allOf` and the like."""
        found: Counter[int] = Counter()
        waiting, total = list(start.items()), 0
        while waiting and total <= self._most:
            key, times = waiting.pop()
            found[key] += times
            total += times
            for part in self._list_same(self._schemas[key]):
                if isinstance(part, dict):
                    waiting.append((self._know(part), times))
        return found

    def _list_same(self, schema: Schema) -> list[Any]:
        if "$ref" in schema:
            try:
                return [find_reference(self._document, schema["$ref"])[1]]
            except (UnknownReference, AttributeError):
                return []
        parts = [
            part for place, part in list_branches(schema) if not self._is_told or place[0] in _TOLD_BRANCHES
        ]
        return [*parts, schema["not"]] if "not" in schema and not self._is_told else parts

    def _list_at(self, schema: Schema, kind: str, name: str | int | None) -> Iterator[Any]:
        """What of a schema looks at one field or item; where a pattern matches names, any may match."""
        if "$ref" in schema:
            return
        if kind == "key" and "propertyNames" in schema:
            yield schema["propertyNames"]
        is_named = False
        for place, (what, at), part in list_inner(schema):
            if what != kind or (place[0] == "contains" and self._is_told):
                continue
            if at is not None and at == name:
                is_named = True
                yield part
            elif at is None and not (is_named and place[0] in ("additionalProperties", "additionalItems")):
                yield part
