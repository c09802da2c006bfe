"""Which fields of a value a schema declares, at every depth: found, and left out.

A field is declared where any schema that looks at its object names it, by `properties` or by a pattern that
matches, or takes it by `additionalProperties`: whichever branch of `anyOf` or `oneOf` holds, what the schema
names is never left out. An object that nothing names a field of is open: all in it is declared.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sluice.contracts.shape import Schema, flatten
from sluice.contracts.validator import build_validator

type Path = tuple[str, ...]
type Matches = Callable[[str], bool]


@dataclass(slots=True, eq=False)
class Node:
    """What is declared of one value. `fields` are the named ones, None for one that is open all through.

    A field that is not named is `find_field`'s; items are those of `positions`, then `rest`.
    """

    is_closed: bool = False
    fields: dict[str, "Node | None"] = field(default_factory=dict)
    find_field: Callable[[str], "tuple[bool, Node | None]"] | None = None
    positions: Sequence["Node | None"] = ()
    rest: "Node | None" = None
    names: frozenset[str] = frozenset()
    deep: tuple[tuple[str, "Node"], ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether every field in the value is declared. Runs per event."""
        if type(value) is dict:
            if not value.keys() <= self.names:
                if self.find_field is not None:
                    return all(self._holds_field(name, inner) for name, inner in value.items())
                if self.is_closed:
                    return False
            for name, node in self.deep:
                inner = value.get(name)
                if (type(inner) is dict or type(inner) is list) and not node.holds(inner):
                    return False
        elif type(value) is list:
            for n, item in enumerate(value):
                inside = self._item(n)
                if inside is not None and not inside.holds(item):
                    return False
        return True

    def find(self, value: Any, path: Path = ()) -> Iterator[Path]:
        """The paths of the undeclared fields; what is inside of one is not looked at."""
        if type(value) is dict:
            for name, inner in value.items():
                is_known, node = self._field(name)
                if not is_known:
                    yield (*path, name)
                elif node is not None:
                    yield from node.find(inner, (*path, name))
        elif type(value) is list:
            for n, item in enumerate(value):
                node = self._item(n)
                if node is not None:
                    yield from node.find(item, (*path, str(n)))

    def prune(self, value: Any) -> Any:
        """A value without the undeclared fields; shares with the given one what is as it was."""
        if type(value) is dict:
            kept = {}
            for name, inner in value.items():
                is_known, node = self._field(name)
                if is_known:
                    kept[name] = inner if node is None else node.prune(inner)
            return kept
        if type(value) is list:
            return [
                item if (node := self._item(n)) is None else node.prune(item) for n, item in enumerate(value)
            ]
        return value

    def _holds_field(self, name: str, value: Any) -> bool:
        is_known, node = self._field(name)
        return is_known and (node is None or node.holds(value))

    def _field(self, name: str) -> "tuple[bool, Node | None]":
        if name in self.fields:
            return True, self.fields[name]
        if self.find_field is not None:
            return self.find_field(name)
        return not self.is_closed, None

    def _item(self, n: int) -> "Node | None":
        return self.positions[n] if n < len(self.positions) else self.rest


class _Joined(Node):
    """What several nodes declare of one value together; made for one value, so it costs them no more."""

    __slots__ = ("_nodes",)

    def __init__(self, nodes: Sequence[Node]) -> None:
        super().__init__(is_closed=any(node.is_closed for node in nodes))
        self._nodes = nodes

    def holds(self, value: Any) -> bool:
        if type(value) is dict:
            return all(self._holds_field(name, inner) for name, inner in value.items())
        if type(value) is list:
            return all((node := self._item(n)) is None or node.holds(item) for n, item in enumerate(value))
        return True

    def _field(self, name: str) -> tuple[bool, Node | None]:
        inner: list[Node | None] = []
        for node in self._nodes:
            if name in node.fields:
                inner.append(node.fields[name])
            elif node.find_field is not None:
                is_known, found = node.find_field(name)
                inner += [found] if is_known else []
        return bool(inner) or not self.is_closed, _join(inner)

    def _item(self, n: int) -> Node | None:
        return _join([node._item(n) for node in self._nodes])


def _join(nodes: Iterable[Node | None]) -> Node | None:
    telling = [node for node in nodes if node is not None]
    return telling[0] if len(telling) == 1 else _Joined(telling) if telling else None


def compile_declared(document: Schema, *admitted: Schema) -> Node:
    """What a document declares, and what is admitted besides. Takes any schema; `$ref` may go round."""
    return _Compiler(document).compile([document, *(schema for schema in admitted if schema)]) or Node()


class _Compiler:
    """Builds each node once, so that a schema that refers to itself ends."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._nodes: dict[frozenset[int], Node | None] = {}

    def compile(self, schemas: Iterable[Any]) -> Node | None:
        """The node of a value that all of these schemas look at; None where none tells of its inside."""
        found = flatten(schemas, self._document)
        key = frozenset(map(id, found))
        if key in self._nodes:
            return self._nodes[key]
        if not any(_TELLING & schema.keys() for schema in found):
            self._nodes[key] = None
            return None
        node = self._nodes[key] = Node()
        self._fill_fields(node, found)
        self._fill_items(node, found)
        return node

    def _fill_fields(self, node: Node, schemas: Sequence[Schema]) -> None:
        parts = [_Fields.read(schema) for schema in schemas]
        node.is_closed = any(part.is_closing for part in parts)
        names = dict.fromkeys(name for part in parts for name in part.named)
        node.fields = {name: self._compile_field(name, parts) for name in names}
        node.names = frozenset(node.fields)
        node.deep = tuple((name, inner) for name, inner in node.fields.items() if inner is not None)
        if any(part.patterns or part.additional is not False for part in parts):
            node.find_field = self._find_unnamed(parts)

    def _compile_field(self, name: str, parts: Iterable["_Fields"]) -> Node | None:
        return self.compile([schema for part in parts for schema in part.find(name)])

    def _find_unnamed(self, parts: Sequence["_Fields"]) -> "Callable[[str], tuple[bool, Node | None]]":
        """Clients choose the names, and so which patterns match: each schema has a node by itself."""
        nodes = {id(schema): self.compile([schema]) for part in parts for schema in part.list_unnamed()}

        def find(name: str) -> tuple[bool, Node | None]:
            schemas = [schema for part in parts for schema in part.find(name)]
            return bool(schemas), _join([nodes[id(schema)] for schema in schemas])

        return find

    def _fill_items(self, node: Node, schemas: Sequence[Schema]) -> None:
        longest = max((len(s["items"]) for s in schemas if isinstance(s.get("items"), list)), default=0)
        node.positions = [self.compile(_list_items(schemas, n)) for n in range(longest)]
        node.rest = self.compile(_list_items(schemas, longest))


_TELLING = {"properties", "patternProperties", "additionalProperties", "items", "additionalItems", "contains"}


@dataclass(slots=True)
class _Fields:
    """What one schema says of an object's fields; `additional` is False where it says or takes nothing."""

    named: dict[str, Any]
    patterns: list[tuple[Matches, Any]]
    additional: Any
    is_closing: bool

    @classmethod
    def read(cls, schema: Schema) -> "_Fields":
        named, patterns = schema.get("properties"), schema.get("patternProperties")
        additional = schema.get("additionalProperties", None)
        return cls(
            named if isinstance(named, dict) else {},
            [(_compile_match(p), s) for p, s in patterns.items()] if isinstance(patterns, dict) else [],
            False if additional is None else additional,
            is_closing=named is not None or patterns is not None or additional is False,
        )

    def list_unnamed(self) -> list[Any]:
        """The schemas that a field may have which is not compiled by its name."""
        return [*(schema for _, schema in self.patterns), self.additional, *self.named.values()]

    def find(self, name: str) -> list[Any]:
        """The schemas of a field: by name and by pattern, else what all others have."""
        found = [self.named[name]] if name in self.named else []
        found += [schema for matches, schema in self.patterns if matches(name)]
        return found or ([self.additional] if self.additional is not False else [])


def _compile_match(pattern: str) -> Matches:
    """By the validator's own engine: two engines differ in what they match."""
    try:
        return build_validator({"pattern": pattern}).is_valid
    except ValueError:  # said by sluice check
        return lambda _: True


def _list_items(schemas: Iterable[Schema], n: int) -> list[Any]:
    found = []
    for schema in schemas:
        items = schema.get("items")
        if isinstance(items, list):
            found.append(items[n] if n < len(items) else schema.get("additionalItems"))
        else:
            found.append(items)
        found.append(schema.get("contains"))
    return found
