"""What a schema can cost an event, found before any event comes: nobody's schema stops the router.

Validation follows every `$ref`. Two things make that explode, and are refused: definitions that multiply, and
a schema that refers to itself twice for the same field or item, which doubles the work at every level of an
event. A schema that refers to itself once, such as a tree's, costs what the event has.

What is left costs each value of an event the steps of the schemas that look at it, and each character of
a text the positions of its regexes. Both have a limit, so an event costs a bounded number of steps per KB.
Values that an event has once, because only fields with a name lead there, share a larger limit per event.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sluice.contracts.occurrences import count_occurrences
from sluice.contracts.places import Place, Places
from sluice.contracts.price import count_schema_positions, price_schema
from sluice.contracts.shape import (
    Schema,
    Step,
    UnknownReference,
    find_reference,
    list_branches,
    list_inner,
    list_others,
)

LARGEST = 5_000
"""Schemas that one value may meet at most, references followed, what refers to itself counted once."""
MOST_STEPS = 800
"""Steps that one value may cost (`sluice.contracts.price`): 16 ms per KB of values of two bytes each."""
MOST_STEPS_ONCE = 10_000
"""Steps that all values above MOST_STEPS may cost together, in places that an event has once."""
MOST_POSITIONS = 500
"""Positions of regexes that one text may be matched with: 12 ms per KB at worst."""
_CHEAPER = "use fewer branches; in const, enum, minimum and multipleOf fewer numbers and objects"


def find_cost_faults(document: Schema) -> Iterator[tuple[Schema, str, str]]:
    """Schema, message and hint. All references of the document lead somewhere."""
    graph = _Graph(document)
    for schema in graph.schemas.values():
        if graph.is_circle_in_place(schema):
            message = "the schema refers to itself without a field or an item in between"
            yield schema, message, "take the $ref out: it says nothing"
            return
    if fault := graph.find_doubling():
        yield (
            fault,
            "the schema refers to itself in two ways for the same field or item",
            "each level of an event would double the work: write one $ref to it, outside of anyOf and oneOf",
        )
        return
    if graph.measure(document) > LARGEST:
        message = f"with its references the schema is made of more than {LARGEST:,} schemas"
        yield document, message, "refer to fewer components, or to the same ones in fewer places"
        return
    for schema in graph.schemas.values():
        if graph.leads_into_branch(schema):
            hint = "write the branch under `definitions`, and refer to it from both places"
            yield schema, f"$ref to {schema['$ref']!r:.80} leads into a branch of anyOf or oneOf", hint
            return
    yield from _find_expensive_places(document)


def _find_expensive_places(document: Schema) -> Iterator[tuple[Schema, str, str]]:
    places = Places(document, most=MOST_STEPS_ONCE)
    known: list[Place] = []
    for place in places.walk(LARGEST):
        if place is None:
            message = f"the schema tells more than {LARGEST:,} places of an event apart"
            yield document, message, "refer to fewer components that refer to themselves"
            return
        known.append(place)
    counts = count_occurrences(places, known)
    for place in known:
        if place.steps > MOST_STEPS and id(place) not in counts:
            message = f"each value at {_name(place)} costs more than {MOST_STEPS:,} steps"
            yield _blame(places, place), f"the schema is too expensive: {message}", _CHEAPER
            return
        if place.positions > MOST_POSITIONS:
            schema = places.find_dearest(place, count_schema_positions)
            message = f"the regexes for {_name(place)} have more than {MOST_POSITIONS} positions"
            hint = "use smaller repetitions, such as + with maxLength in place of {1,1000}"
            yield schema, f"{message}, repetitions written out", hint
            return
    dear = [place for place in known if place.steps > MOST_STEPS]
    if sum(place.longest * counts[id(place)] for place in dear) > MOST_STEPS_ONCE:
        dear.sort(key=lambda place: place.longest * counts[id(place)], reverse=True)
        yield _blame(places, dear[0]), _describe_sum(dear, counts), _CHEAPER


def _describe_sum(dear: Sequence[Place], counts: Mapping[int, int]) -> str:
    """`dear` are the places that cost too much together, the most expensive one first."""
    most = f"more than {MOST_STEPS_ONCE:,} steps"
    if dear[0].longest * counts[id(dear[0])] > MOST_STEPS_ONCE:
        ways = counts[id(dear[0])]
        also = f" and {ways - 1} more with the same schema cost" if ways > 1 else " costs"
        return f"the schema is too expensive: {_name(dear[0])}{also} {most} in an event"
    named = ", ".join(map(_name, dear[:3])) + (" …" if len(dear) > 3 else "")
    return f"the schema is too expensive: {named} cost {most} together in an event"


def _name(place: Place) -> str:
    return "".join(place.path).removeprefix(".") or "the top"


def _blame(places: Places, place: Place) -> Schema:
    """The schema with the largest share of what the place costs."""
    return places.find_dearest(place, price_schema)


class _Graph:
    """Schemas by identity, with edges to those that look at the same value, and to those inside of it."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self.schemas: dict[int, Schema] = {}
        self.same: dict[int, list[int]] = {}
        self.inner: dict[int, list[tuple[Step, int]]] = {}
        waiting: list[Any] = [document]
        while waiting:
            schema = waiting.pop()
            if not isinstance(schema, dict) or id(schema) in self.schemas:
                continue
            self.schemas[id(schema)] = schema
            same = [*self._follow(schema), *(part for _, part in list_branches(schema))]
            same += [part for at, part in list_others(schema) if at[0] != "definitions"]
            inner = [(step, part) for _, step, part in list_inner(schema)]
            self.same[id(schema)] = [id(part) for part in same if isinstance(part, dict)]
            self.inner[id(schema)] = [(step, id(part)) for step, part in inner if isinstance(part, dict)]
            waiting += [*same, *(part for _, part in inner)]
        self._reach = self._find_reach()

    def _follow(self, schema: Schema) -> list[Any]:
        try:
            reference = schema.get("$ref")
            return [find_reference(self._document, reference)[1]] if isinstance(reference, str) else []
        except UnknownReference:
            return []

    def leads_into_branch(self, schema: Schema) -> bool:
        """Whether a `$ref` refers to a part of `anyOf` or `oneOf`, which messages look at as a whole."""
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not {"anyOf", "oneOf"} & set(reference.split("/")):
            return False
        value: Any = self._document
        for part in find_reference(self._document, reference)[0]:
            if part in ("anyOf", "oneOf") and isinstance(value[part], list):
                return True
            value = value[part]
        return False

    def _find_reach(self) -> dict[int, int]:
        """By schema the number of its circle, -1 for one that is in none (Tarjan, without recursion)."""
        edges = {key: [*self.same[key], *(to for _, to in self.inner[key])] for key in self.schemas}
        index: dict[int, int] = {}
        low: dict[int, int] = {}
        circle: dict[int, int] = {}
        stack: list[int] = []
        for start in self.schemas:
            if start in index:
                continue
            work = [(start, iter(edges[start]))]
            index[start] = low[start] = len(index)
            stack.append(start)
            while work:
                key, rest = work[-1]
                for to in rest:
                    if to not in index:
                        index[to] = low[to] = len(index)
                        stack.append(to)
                        work.append((to, iter(edges[to])))
                        break
                    if to not in circle:
                        low[key] = min(low[key], index[to])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[key])
                    if low[key] == index[key]:
                        members: list[int] = []
                        while not members or members[-1] != key:
                            members.append(stack.pop())
                        is_circle = len(members) > 1 or key in edges[key]
                        for member in members:
                            circle[member] = index[key] if is_circle else -1
        return circle

    def is_circle_in_place(self, schema: Schema) -> bool:
        start = id(schema)
        if self._reach[start] < 0:
            return False
        waiting, seen = list(self.same[start]), set[int]()
        while waiting:
            key = waiting.pop()
            if key == start:
                return True
            if key not in seen:
                seen.add(key)
                waiting += self.same[key]
        return False

    def find_doubling(self) -> Schema | None:
        """A schema in a circle from which two ways lead, for one field or item, back into circles."""
        circular = self._find_circular()
        for start in self.schemas:
            if self._reach[start] < 0:
                continue
            taken: dict[str, dict[Any, int]] = {"key": {}, "item": {}}
            waiting, steps = [start], 0
            while waiting:
                steps += 1
                if steps > LARGEST:
                    return self.schemas[start]
                key = waiting.pop()
                for (kind, name), to in self.inner[key]:
                    if to in circular:
                        taken[kind][name] = taken[kind].get(name, 0) + 1
                waiting += self.same[key]
            for names in taken.values():
                anywhere = names.pop(None, 0)
                if max(names.values(), default=0) + anywhere > 1:
                    return self.schemas[start]
        return None

    def _find_circular(self) -> set[int]:
        """The schemas from which a circle can be reached."""
        found = {key for key, circle in self._reach.items() if circle >= 0}
        before = -1
        while before != len(found):
            before = len(found)
            found |= {
                key
                for key in self.schemas
                if any(to in found for to in (*self.same[key], *(to for _, to in self.inner[key])))
            }
        return found

    def measure(self, document: Schema) -> int:
        """How many schemas the document is, references written out and circles once, up to LARGEST."""
        sizes: dict[int, int] = {}
        waiting: list[tuple[int, bool]] = [(id(document), False)]
        entered: set[int] = set()
        while waiting:
            key, is_done = waiting.pop()
            edges = [*self.same[key], *(to for _, to in self.inner[key])]
            if is_done:
                sizes[key] = min(1 + sum(sizes.get(to, 0) for to in edges), LARGEST + 1)
            elif key not in entered:
                entered.add(key)
                waiting.append((key, True))
                waiting += [(to, False) for to in edges]
        return sizes[id(document)]
