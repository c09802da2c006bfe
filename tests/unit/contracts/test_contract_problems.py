"""What `sluice check` says of contracts, and where."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.workspace_files import read_workspace
from sluice.contracts.validator import FORMATS, build_validator
from sluice.workspace.contract_errors import find_contract_warnings
from tests.unit.cli.folders import write_workspace
from tests.unit.contracts.builders_contract import find_problems, make_contract

TRACK = {"type": "track", "name": "t"}
REF = "#/definitions/components/"


def find_schema_problems(schema, **over):
    contract = make_contract({**TRACK, "schema": schema}, **over)
    return [(problem.place[3:], problem.message, problem.hint) for problem in find_problems(contract)]


def test_a_contract_without_mistakes_has_no_problems():
    assert find_problems(make_contract()) == []


SCHEMAS = {
    "another dialect": (
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        ("$schema",),
        "https://json-schema.org/draft/2020-12/schema is not draft 7 of JSON Schema",
    ),
    "no type": ({"type": "strng"}, ("type",), "this is not a type of JSON Schema"),
    "a number of draft 4": (
        {"minimum": 1, "exclusiveMinimum": True},
        ("exclusiveMinimum",),
        'this is not of type "number"',
    ),
    "no list": ({"required": "a"}, ("required",), 'not draft 7: this is not of type "array"'),
    "a word of a later draft": (
        {"properties": {"a": {"unevaluatedProperties": False}}},
        ("properties", "a", "unevaluatedProperties"),
        "'unevaluatedProperties' is not a keyword of draft 7, which would pass over it",
    ),
    "a misspelt word": ({"propertes": {}}, ("propertes",), "'propertes' is not a keyword of draft 7"),
    "required and not declared": (
        {"properties": {"a": {}}, "required": ["a", "b"]},
        ("required", 1),
        "'b' is required, and not declared",
    ),
    "required and not declared, inside": (
        {"properties": {"l": {"items": {"properties": {"a": {}}, "required": ["b"]}}}},
        ("properties", "l", "items", "required", 0),
        "'b' is required, and not declared",
    ),
    "needed and not declared": (
        {"properties": {"a": {}}, "dependencies": {"a": ["b"]}},
        ("dependencies", "a", 0),
        "'b' is required, and not declared",
    ),
    "a regex that looks ahead": (
        {"properties": {"a": {"pattern": "^(?!x)"}}},
        ("properties", "a", "pattern"),
        "the regex '^(?!x)' cannot be used",
    ),
    "a regex of names that refers back": (
        {"patternProperties": {r"(a)\1": {}}},
        ("patternProperties", r"(a)\1"),
        r"the regex '(a)\\1' cannot be used",
    ),
    "a huge regex": (
        {"pattern": "(a{1000}){1000}"},
        ("pattern",),
        "the regex '(a{1000}){1000}' cannot be used",
    ),
    "a reference to the internet": (
        {"$ref": "https://example.com/schema.json"},
        ("$ref",),
        "$ref to 'https://example.com/schema.json' leaves the workspace",
    ),
    "a reference to a file": ({"$ref": "other.json"}, ("$ref",), "$ref to 'other.json' leaves the workspace"),
    "a reference to nothing": (
        {"$ref": "#/definitions/x"},
        ("$ref",),
        "there is nothing at '#/definitions/x'",
    ),
    "an unknown component": (
        {"items": {"$ref": f"{REF}prodct"}},
        ("items", "$ref"),
        "there is no component prodct",
    ),
    "words beside a reference": (
        {"properties": {"a": {"$ref": f"{REF}product", "required": ["x"]}}},
        ("properties", "a", "$ref"),
        "beside $ref draft 7 passes over: required",
    ),
    "an id inside": (
        {"properties": {"a": {"$id": "https://example.com/a"}}},
        ("properties", "a", "$id"),
        "an $id inside of a schema moves what $ref means",
    ),
    "a definition in the components' place": (
        {"definitions": {"components": {}}},
        ("definitions", "components"),
        "this is where the contract's components are",
    ),
    "a circle in place": (
        {"allOf": [{"$ref": "#"}]},
        (),
        "the schema refers to itself without a field or an item in between",
    ),
    "two ways to itself for the same field": (
        {"anyOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]},
        (),
        "the schema refers to itself in two ways for the same field or item",
    ),
}


@pytest.mark.parametrize(("schema", "place", "message"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_mistake_of_a_schema_is_told_once_at_its_place(schema, place, message):
    found = find_schema_problems(schema, components={"product": {}})
    assert [(at, text) for at, text, _ in found] == [(place, message)]
    assert all(hint for _, _, hint in found)


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://example.com/a"},
        {"$schema": "https://json-schema.org/draft-07/schema"},
        {"x-owner": "shop", "example": 1, "examples": [1]},
        {"properties": {"a": {"$ref": f"{REF}product", "description": "a product"}}},
        {"definitions": {"own": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/own"}}},
        {"required": ["b"], "additionalProperties": True},
        {"required": ["x_1"], "patternProperties": {"^x_": {}}},
        {"allOf": [{"required": ["a"]}, {"properties": {"a": {}}}]},
        {"properties": {"children": {"items": {"$ref": "#"}}, "parent": {"$ref": "#"}}},
        {"properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}},
        {"properties": {"required": {"type": "string"}, "$schema": {}, "pattern": {}, "id": {}}},
    ],
    ids=str,
)
def test_what_is_draft_7_is_no_mistake(schema):
    assert find_schema_problems(schema, components={"product": {}}) == []


def test_definitions_that_multiply_are_refused():
    levels = {f"d{n}": {"allOf": [{"$ref": f"{REF}d{n + 1}"}, {"$ref": f"{REF}d{n + 1}"}]} for n in range(40)}
    [(_, message, _)] = find_schema_problems(
        {"$ref": f"{REF}d0"}, components={**levels, "d40": {"type": "object"}}
    )
    assert message == "with its references the schema is made of more than 5,000 schemas"


def test_over_the_payload_what_every_event_has_can_be_required():
    schema = {"properties": {"properties": {}}, "required": ["userId", "context", "properties"]}
    assert find_schema_problems(schema, scope="payload") == []
    [(place, *_)] = find_schema_problems({**schema, "required": ["mine"]}, scope="payload")
    assert place == ("required", 0)


COMPONENTS = {
    "a mistake in a component is told in the component": (
        {"product": {"type": "strng"}},
        ("components", "product", "type"),
    ),
    "a component refers to components only": (
        {"product": {"$ref": "#/definitions/x"}},
        ("components", "product", "$ref"),
    ),
    "a component that is not there": (
        {"product": {"items": {"$ref": f"{REF}x"}}},
        ("components", "product", "items", "$ref"),
    ),
    "a component in a circle": (
        {"product": {"$ref": f"{REF}other"}, "other": {"$ref": f"{REF}product"}},
        ("components", "product"),
    ),
}


@pytest.mark.parametrize(("components", "place"), COMPONENTS.values(), ids=COMPONENTS)
def test_a_mistake_in_a_component_is_told_there_and_once(components, place):
    events = [
        {**TRACK, "schema": {"$ref": f"{REF}product"}},
        {"type": "page", "schema": {"$ref": f"{REF}product"}},
    ]
    found = find_problems(make_contract(*events, components=components))
    assert [problem.place for problem in found][:1] == [place]


EVENTS = {
    "a track without a name": ([{"type": "track"}], (), (0,), "a track has a name"),
    "an identify with a name": (
        [{"type": "identify", "name": "x"}],
        (),
        (0, "name"),
        "identify events have no name",
    ),
    "twice": ([TRACK, TRACK], (), (1,), "track 't', version default, is event 1 of the file, too"),
    "an empty path of versions": (
        [{**TRACK, "version": "v2"}],
        [("schema_version_path", [])],
        (0, "version"),
        "no event can have the version 'v2': `schema_version_path` is empty",
    ),
    "a path through a text": (
        [{**TRACK, "version": "v2"}],
        [("schema_version_path", "messageId.version")],
        (0, "version"),
        "no event can have the version 'v2': `messageId` of an event is not an object, so nothing is at "
        "`schema_version_path`",
    ),
    "a path in other events' data": (
        [{**TRACK, "version": "v2"}],
        [("schema_version_path", "traits.version")],
        (0, "version"),
        "no event can have the version 'v2': `schema_version_path` is in traits, and track events have "
        "properties",
    ),
}


@pytest.mark.parametrize(("events", "over", "place", "message"), EVENTS.values(), ids=EVENTS)
def test_a_mistake_of_an_event_is_told(events, over, place, message):
    [problem] = find_problems(make_contract(*events, **dict(over)))
    assert (problem.part, problem.place, problem.message) == ("contracts/c0", ("events", *place), message)
    assert problem.hint


def test_contracts_of_one_source_share_no_event():
    [problem] = find_problems(make_contract(), make_contract())
    assert (problem.part, problem.place) == ("contracts/c1", ("events", 0, "name"))
    assert problem.message == "track 'Order Completed' is in the contract c0 too, and the source web has both"


def test_contracts_of_different_sources_may_share_events():
    assert find_problems(make_contract(), make_contract(), listed=["c0"]) == []


def test_a_contract_that_is_not_there_is_told_in_the_source():
    [problem] = find_problems(make_contract(), listed=["c00"])
    assert (problem.part, problem.place, problem.message) == (
        "sources/web",
        ("contracts", 0),
        "there is no contract c00",
    )
    assert problem.hint == "did you mean c0? there are: c0"


def test_a_contract_is_listed_once():
    [problem] = find_problems(make_contract(), listed=["c0", "c0"])
    assert problem.message == "the contract c0 is listed twice"


BROKEN = """\
on_undeclared_schema: BLOCK
events:
  - type: track
    name: Order Completed
    onSchemaViolation: ALLOW_EVENT
"""
REQUIRED = """\
events:
  - type: track
    name: Order Completed
    schema:
      properties:
        total: {type: number}
      required:
        - total
        - order_id
"""


def check_folder(root, text):
    files = {"contracts/shop.yaml": text, "sources/web.yaml": "contracts: [shop]\n"}
    folder = read_workspace(write_workspace(root, files))
    return [
        (error.file.removeprefix(f"{root}/"), error.line, error.message, error.hint)
        for error in folder.errors
    ]


def test_problems_have_file_and_line(tmp_path):
    assert check_folder(tmp_path, REQUIRED) == [
        (
            "contracts/shop.yaml",
            9,
            "events.0.schema.required.1: 'order_id' is required, and not declared",
            "add 'order_id' to `properties`, or take it out here",
        )
    ]


def test_hightouchs_own_spelling_is_understood_and_told(tmp_path):
    found = check_folder(tmp_path, BROKEN)
    assert [(line, message) for _, line, message, _ in found] == [
        (1, "on_undeclared_schema: Input should be 'ALLOW_EVENT' or 'BLOCK_EVENT'"),
        (5, "events.0.onSchemaViolation: there is no key 'onSchemaViolation' here"),
    ]
    assert found[1][3].startswith("did you mean on_schema_violation?")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_that_is_said_to_be_asserted_is(name):
    assert not build_validator({"format": name}).is_valid("[\\ {")


@pytest.mark.parametrize(
    ("name", "hint"), [("emial", "did you mean email?"), ("int32", "asserted are: date,")]
)
def test_a_format_that_nobody_asserts_is_a_warning(name, hint):
    contract = make_contract(
        {**TRACK, "schema": {"properties": {"a": {"format": name}, "b": {"format": "uuid"}}}},
        components={"c": {"properties": {"format": {"items": {"format": name}}}}},
    )
    assert find_problems(contract) == []
    found = list(find_contract_warnings(contract))
    assert [place for place, _, _ in found] == [
        ("components", "c", "properties", "format", "items", "format"),
        ("events", 0, "schema", "properties", "a", "format"),
    ]
    assert {message for _, message, _ in found} == {
        f"{name!r} is not a format that is asserted: every text passes"
    }
    assert found[0][2].startswith(hint)


def test_check_warns_at_the_line_of_the_format_and_goes_on(tmp_path):
    text = "events:\n  - type: identify\n    schema:\n      properties:\n        id: {format: guid}\n"
    workspace = write_workspace(tmp_path, {"contracts/shop.yaml": text})
    told = CliRunner().invoke(app, ["check", "-w", str(workspace), "--json"])
    assert told.exit_code == 0
    [problem] = [p for p in json.loads(told.stdout) if p["file"].endswith("shop.yaml")]
    assert (problem["kind"], problem["line"], problem["hint"]) == ("warning", 5, "did you mean uuid?")
