"""Everything wrong with the JSON Schemas of a contract: each mistake at its place, most with what to do.

What passes here is compiled by the router without an error, and costs an event a bounded time.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sluice.contracts.cost import find_cost_faults
from sluice.contracts.document import COMPONENT_REF, COMPONENTS, build_document
from sluice.contracts.shape import Place, Schema, UnknownReference, find_reference, flatten, list_inner, walk
from sluice.contracts.standard import DATA_KEYS, admit
from sluice.contracts.validator import build_meta_validator, build_validator
from sluice.workspace.contracts import Contract, ContractEvent
from sluice.workspace.problems import Fault, offer
from sluice.workspace.schema_words import find_dialect_faults, find_pattern_faults, find_word_faults

_TYPES = "array, boolean, integer, null, number, object, string"


def list_schemas(contract: Contract) -> list[tuple[Place, Schema]]:
    """Every schema of a contract with its place: of components, then of events."""
    return [
        *((("components", slug), schema) for slug, schema in contract.components.items()),
        *((("events", n, "schema"), event.json_schema) for n, event in enumerate(contract.events)),
    ]


class SchemaFinder:
    """The mistakes of one contract's schemas; of a component once, however many events refer to it."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._places: dict[int, Place] = {}
        self._roots = list_schemas(contract)

    def find(self) -> Iterator[Fault]:
        told: set[tuple[Place, str]] = set()
        for fault in self._find_all():
            if fault[:2] not in told:
                told.add(fault[:2])
                yield fault

    def _find_all(self) -> Iterator[Fault]:
        is_sound = True
        for root, schema in self._roots:
            for fault in self._find_written(root, schema):
                is_sound = False
                yield fault
        for n, event in enumerate(self._contract.events):
            for fault in self._find_references(("events", n, "schema"), event.json_schema):
                is_sound = False
                yield fault
        for slug, schema in self._contract.components.items():
            for fault in self._find_references(("components", slug), schema):
                is_sound = False
                yield fault
        if is_sound:  # what else seems wrong may follow from that
            for n, event in enumerate(self._contract.events):
                yield from self._find_whole(n, event)

    def _find_written(self, root: Place, schema: Schema) -> Iterator[Fault]:
        """What is wrong in the text of one schema."""
        yield from find_dialect_faults(root, schema)
        for error in build_meta_validator().iter_errors(schema):
            if error.kind.name != "format":  # regexes and references are looked at below
                yield (*root, *error.instance_path), *_explain(error)
        for place, part in walk(schema, root):
            self._places[id(part)] = place
            yield from find_word_faults(place, part, is_root=place == root)
            yield from find_pattern_faults(place, part)

    def _find_references(self, root: Place, schema: Schema) -> Iterator[Fault]:
        components = self._contract.components
        is_component = root[0] == "components"
        document = build_document({} if is_component else schema, components)
        definitions = schema.get("definitions")
        if not is_component and isinstance(definitions, dict) and COMPONENTS in definitions:
            hint = "give the definition another name"
            yield (*root, "definitions", COMPONENTS), "this is where the contract's components are", hint
            return
        for place, part in walk(schema, root):
            reference = part.get("$ref")
            if isinstance(reference, str):
                for message, hint in _check_reference(
                    reference, document, components, is_component=is_component
                ):
                    yield (*place, "$ref"), message, hint

    def _find_whole(self, n: int, event: ContractEvent) -> Iterator[Fault]:
        """What shows only with the components in their places."""
        place: Place = ("events", n, "schema")
        document = build_document(event.json_schema, self._contract.components)
        for part, message, hint in find_cost_faults(document):
            yield self._places.get(id(part), place), message, hint
            return
        try:
            build_validator(document)
        except ValueError as error:
            yield place, f"the schema is refused: {str(error).partition('\n')[0]}", "write draft 7"
            return
        yield from self._find_undeclared_requirements(place, document, event)

    def _find_undeclared_requirements(
        self, place: Place, document: Schema, event: ContractEvent
    ) -> Iterator[Fault]:
        contract = self._contract
        includes = event.include_built_in_context
        admitted = admit(
            DATA_KEYS[event.type],
            contract.schema_version_path,
            scope=event.scope or contract.scope,
            include_built_in_context=contract.include_built_in_context if includes is None else includes,
        )
        waiting: list[list[Any]] = [[document, admitted]]
        seen: set[frozenset[int]] = set()
        while waiting:
            schemas = flatten(waiting.pop(0), document)
            key = frozenset(map(id, schemas))
            if key in seen:
                continue
            seen.add(key)
            by_step: dict[Any, list[Any]] = {}
            for schema in schemas:
                for _, step, inner in list_inner(schema):
                    by_step.setdefault(step, []).append(inner)
            if not _takes_any(schemas):
                named = {step[1] for step in by_step if step[0] == "key"}
                for schema in schemas:
                    for at, name in _list_required(schema):
                        if name not in named:
                            where = (*self._places.get(id(schema), place), *at)
                            hint = f"add {name!r} to `properties`, or take it out here"
                            yield where, f"{name!r} is required, and not declared", hint
            waiting += by_step.values()


def _check_reference(
    reference: str, document: Schema, components: Schema, *, is_component: bool
) -> Iterator[tuple[str, str]]:
    if not reference.startswith("#"):
        yield (
            f"$ref to {reference!r:.80} leaves the workspace",
            f"write the schema under `components`: {COMPONENT_REF}…",
        )
        return
    if is_component and not reference.startswith(COMPONENT_REF):
        yield (
            f"a component refers to components only, not to {reference!r:.80}",
            f"write {COMPONENT_REF}<slug>",
        )
        return
    try:
        _, found = find_reference(document, reference)
    except UnknownReference:
        slug = reference.removeprefix(COMPONENT_REF).partition("/")[0]
        if reference.startswith(COMPONENT_REF) and slug not in components:
            yield f"there is no component {slug}", offer(slug, sorted(components), "there are")
        else:
            yield (
                f"there is nothing at {reference!r:.80}",
                "a $ref is a path from the schema's top: #/definitions/…",
            )
    else:
        if not isinstance(found, dict | bool):
            yield (
                f"at {reference!r:.80} there is no schema",
                "a $ref is a path from the schema's top: #/definitions/…",
            )


def _takes_any(schemas: Iterable[Schema]) -> bool:
    """Whether fields that are not named are declared as well."""
    return any(
        schema.get("patternProperties") or schema.get("additionalProperties", False) is not False
        for schema in schemas
    )


def _list_required(schema: Schema) -> Iterator[tuple[Place, str]]:
    for n, name in enumerate(schema.get("required", [])):
        yield ("required", n), name
    for field, names in schema.get("dependencies", {}).items():
        if isinstance(names, list):
            for n, name in enumerate(names):
                yield ("dependencies", field, n), name


def _explain(error: Any) -> tuple[str, str]:
    last = error.instance_path[-1] if error.instance_path else ""
    if error.schema_path[-2:] == ["type", "anyOf"] or (last == "type" and error.kind.name == "anyOf"):
        return "this is not a type of JSON Schema", f"write one of: {_TYPES}; or a list of them"
    message = error.message.replace("the value", "this", 1)
    if "exclusive" in str(last):
        return message, "draft 7 has a number here: draft 4 had true and false"
    return f"not draft 7: {message}", "docs/contracts.md names what JSON Schema says of it"
