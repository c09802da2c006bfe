"""Which events a contract lets pass, what it leaves out, what it says."""

from copy import deepcopy

import pytest

from tests.unit.contracts.builders_contract import (
    make_check,
    make_contract,
    make_schema_check,
    make_track,
)

ALLOW, BLOCK, OMIT = "ALLOW_EVENT", "BLOCK_EVENT", "OMIT_FIELDS"
CLOSED = {"properties": {"a": {}}}


def check_properties(schema, properties, **over):
    return make_schema_check(schema, **over)(make_track("t", properties=properties))


def omit(schema, properties, **over):
    """The properties that go on."""
    outcome = check_properties(schema, properties, **over)
    return properties if outcome is None else outcome.event["properties"]


def test_an_event_that_keeps_its_contract_has_no_outcome():
    event = make_track(properties={"order_id": "A-1", "total": 5})
    assert make_check(make_contract())(event) is None


def test_a_violation_is_told_with_all_that_the_warehouse_needs():
    outcome = make_check(make_contract())(make_track(properties={"total": -1, "extra": 1}))
    assert outcome.reasons == ["schema_violation"]
    assert outcome.violations == {
        "event_name": "Order Completed",
        "event_type": "track",
        "schema_version": "default",
        "has_undeclared_schema": False,
        "has_undeclared_fields": True,
        "has_schema_violated": True,
        "messages": [
            "properties.extra: undeclared field",
            'properties: "order_id" is a required property',
            "properties.total: the value is less than the minimum of 0",
        ],
    }


@pytest.mark.parametrize("name", ["order completed", "Order Completed ", "Order  Completed", ""])
def test_names_are_exact_with_case_and_blanks(name):
    outcome = make_check(make_contract())(make_track(name, properties={"order_id": "A-1"}))
    assert outcome.violations["has_undeclared_schema"]


@pytest.mark.parametrize(("action", "reasons"), [(None, []), (ALLOW, []), (BLOCK, ["undeclared_event"])])
def test_an_undeclared_event_passes_unless_the_contract_blocks_it(action, reasons):
    over = {"on_undeclared_schema": action} if action else {}
    event = make_track("Else")
    outcome = make_check(make_contract(**over))(event)
    assert (outcome.reasons, outcome.event is event) == (reasons, True)
    assert outcome.violations["messages"] == ["track 'Else' is not declared"]


def test_an_empty_contract_that_blocks_blocks_everything():
    check = make_check(make_contract(on_undeclared_schema=BLOCK, events=[]))
    assert check({"type": "page"}).reasons == check(make_track()).reasons == ["undeclared_event"]


@pytest.mark.parametrize(
    ("action", "reasons", "kept"),
    [
        (None, [], {"a": 1}),
        (OMIT, [], {"a": 1}),
        (ALLOW, [], {"a": 1, "b": 2}),
        (BLOCK, ["undeclared_field"], {"a": 1, "b": 2}),
    ],
)
@pytest.mark.parametrize("level", ["contract", "event"])
def test_an_undeclared_field_is_left_out_unless_something_else_is_said(level, action, reasons, kept):
    own = {"on_undeclared_fields": action} if action else {}
    event = {"type": "track", "name": "t", "schema": CLOSED}
    other = {"on_undeclared_fields": ALLOW} if level == "event" and action else {}
    contract = make_contract({**event, **own}, **other) if level == "event" else make_contract(event, **own)
    outcome = make_check(contract)(make_track("t", properties={"a": 1, "b": 2}))
    assert (outcome.reasons, outcome.event["properties"]) == (reasons, kept)
    assert outcome.violations["has_undeclared_fields"]
    assert not outcome.violations["has_schema_violated"]


@pytest.mark.parametrize(
    ("action", "reasons"), [(None, ["schema_violation"]), (BLOCK, ["schema_violation"]), (ALLOW, [])]
)
@pytest.mark.parametrize("level", ["contract", "event"])
def test_a_broken_schema_blocks_the_event_unless_it_is_allowed(level, action, reasons):
    own = {"on_schema_violation": action} if action else {}
    event = {"type": "track", "name": "t", "schema": {"required": ["a"]}}
    contract = make_contract({**event, **own}) if level == "event" else make_contract(event, **own)
    outcome = make_check(contract)(make_track("t", properties={}))
    assert (outcome.reasons, outcome.violations["has_schema_violated"]) == (reasons, True)


def test_a_blocked_event_is_kept_as_it_came():
    event = make_track("t", properties={"b": 1})
    outcome = make_schema_check({**CLOSED, "required": ["a"]})(event)
    assert outcome.event is event


def test_both_reasons_are_told_where_both_block():
    outcome = check_properties({**CLOSED, "required": ["a"]}, {"b": 1}, on_undeclared_fields=BLOCK)
    assert outcome.reasons == ["undeclared_field", "schema_violation"]


def test_the_event_that_came_is_never_changed():
    event = make_track("t", properties={"a": {"x": [1]}, "b": 1})
    before = deepcopy(event)
    outcome = make_schema_check({"properties": {"a": {"properties": {}}}})(event)
    assert event == before
    assert outcome.event == {**before, "properties": {"a": {}}}


NESTED = {
    "a field of a field": ({"properties": {"a": CLOSED}}, {"a": {"a": 1, "b": 2}}, {"a": {"a": 1}}),
    "a field of an item": (
        {"properties": {"l": {"items": CLOSED}}},
        {"l": [{"a": 1, "b": 2}, {"b": 3}, 4]},
        {"l": [{"a": 1}, {}, 4]},
    ),
    "items by place": (
        {"properties": {"l": {"items": [CLOSED, {}], "additionalItems": CLOSED}}},
        {"l": [{"b": 1}, {"b": 1}, {"b": 1}]},
        {"l": [{}, {"b": 1}, {}]},
    ),
    "any branch of anyOf": (
        {"anyOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {}}}]},
        {"a": 2, "b": 2, "c": 2},
        {"a": 2, "b": 2},
    ),
    "any branch of oneOf": (
        {
            "properties": {"kind": {}},
            "oneOf": [
                {"properties": {"kind": {"const": "x"}, "x": {}}},
                {"properties": {"kind": {"const": "y"}, "y": {}}},
            ],
        },
        {"kind": "x", "x": 1, "y": 2, "z": 3},
        {"kind": "x", "x": 1, "y": 2},
    ),
    "all of allOf": (
        {"allOf": [CLOSED, {"properties": {"b": {}}}]},
        {"a": 1, "b": 2, "c": 3},
        {"a": 1, "b": 2},
    ),
    "if, then and else": (
        {
            "if": {"properties": {"a": {}}},
            "then": {"properties": {"b": {}}},
            "else": {"properties": {"c": {}}},
        },
        {"a": 1, "b": 2, "c": 3, "d": 4},
        {"a": 1, "b": 2, "c": 3},
    ),
    "what must not be is not declared by that": (
        {"properties": {"a": {}}, "not": {"properties": {"b": {"const": 1}}, "required": ["b"]}},
        {"a": 1, "b": 2},
        {"a": 1},
    ),
    "a pattern of names": (
        {"patternProperties": {"^x_": {"properties": {"a": {}}}}},
        {"x_1": {"a": 1, "b": 2}, "y": 1},
        {"x_1": {"a": 1}},
    ),
    "additionalProperties: true takes all": (
        {**CLOSED, "additionalProperties": True},
        {"a": 1, "b": {"c": 1}},
        {"a": 1, "b": {"c": 1}},
    ),
    "additionalProperties with a schema": (
        {"additionalProperties": CLOSED},
        {"x": {"a": 1, "b": 2}, "y": 3},
        {"x": {"a": 1}, "y": 3},
    ),
    "additionalProperties: false": ({**CLOSED, "additionalProperties": False}, {"a": 1, "b": 2}, {"a": 1}),
    "a closed branch of anyOf": (
        {"anyOf": [{**CLOSED, "additionalProperties": False}]},
        {"a": 1, "b": 2},
        {"a": 1},
    ),
    "an object of which nothing is named is open": (
        {"properties": {"a": {"type": "object"}, "b": {}}},
        {"a": {"x": 1}, "b": {"y": 1}},
        {"a": {"x": 1}, "b": {"y": 1}},
    ),
    "an object with no fields": ({"properties": {}}, {"a": 1}, {}),
    "a tree that refers to itself": (
        {"properties": {"name": {}, "children": {"items": {"$ref": "#"}}}},
        {"name": 1, "x": 1, "children": [{"name": 2, "x": 2, "children": [{"x": 3}]}]},
        {"name": 1, "children": [{"name": 2, "children": [{}]}]},
    ),
}


@pytest.mark.parametrize(("schema", "given", "kept"), NESTED.values(), ids=NESTED)
def test_undeclared_fields_are_left_out_at_every_depth(schema, given, kept):
    assert omit(schema, given) == kept


def test_fields_are_left_out_behind_a_component():
    schema = {
        "properties": {"products": {"type": "array", "items": {"$ref": "#/definitions/components/product"}}}
    }
    product = {"properties": {"id": {}, "maker": {"$ref": "#/definitions/components/maker"}}}
    over = {"components": {"product": product, "maker": {"properties": {"name": {}}}}}
    given = {"products": [{"id": 1, "x": 2, "maker": {"name": 3, "y": 4}}]}
    assert omit(schema, given, **over) == {"products": [{"id": 1, "maker": {"name": 3}}]}


def test_a_field_that_additional_properties_refuses_is_an_undeclared_field_only():
    outcome = check_properties(
        {**CLOSED, "additionalProperties": False}, {"a": 1, "b": 2}, on_undeclared_fields=ALLOW
    )
    assert (outcome.reasons, outcome.violations["has_schema_violated"]) == ([], False)


def test_a_declared_field_that_a_branch_refuses_breaks_the_schema():
    schema = {"allOf": [{**CLOSED, "additionalProperties": False}, {"properties": {"b": {}}}]}
    assert check_properties(schema, {"a": 1, "b": 2}).reasons == ["schema_violation"]


@pytest.mark.parametrize("kind", ["identify", "group"])
def test_the_data_of_identify_and_group_are_traits(kind):
    check = make_check(make_contract({"type": kind, "schema": CLOSED}))
    outcome = check({"type": kind, "traits": {"a": 1, "b": 2}, "properties": {"c": 3}})
    assert outcome.event == {"type": kind, "traits": {"a": 1}, "properties": {"c": 3}}


@pytest.mark.parametrize("given", [{}, {"properties": None}, {"properties": {}}])
def test_an_event_without_data_has_none_of_the_required_fields(given):
    assert make_check(make_contract())(make_track(**given)).reasons == ["schema_violation"]


def test_a_page_has_a_definition_of_its_name_or_that_of_all_pages():
    check = make_check(
        make_contract({"type": "page", "name": "Home", "schema": {"required": ["a"]}}, {"type": "page"})
    )
    assert check({"type": "page", "name": "Home"}).reasons == ["schema_violation"]
    assert check({"type": "page", "name": "Other"}) is None
    assert check({"type": "page"}) is None
    assert check({"type": "screen"}).violations["has_undeclared_schema"]


VERSIONS = [
    {"type": "track", "name": "t", "schema": {"required": ["old"]}},
    {"type": "track", "name": "t", "version": "v2", "schema": {"required": ["new"]}},
]


@pytest.mark.parametrize(
    ("context", "version", "missing"),
    [
        ({}, "default", "old"),
        ({"htevents": {}}, "default", "old"),
        ({"htevents": {"schemaVersion": None}}, "default", "old"),
        ({"htevents": {"schemaVersion": ""}}, "default", "old"),
        ({"htevents": {"schemaVersion": "default"}}, "default", "old"),
        ({"htevents": {"schemaVersion": "v2"}}, "v2", "new"),
    ],
)
def test_the_event_says_which_version_it_has(context, version, missing):
    outcome = make_check(make_contract(*VERSIONS))(make_track("t", context=context))
    assert outcome.violations["schema_version"] == version
    assert outcome.violations["messages"] == [f'properties: "{missing}" is a required property']


def test_a_version_that_is_not_declared_is_an_undeclared_event():
    check = make_check(make_contract(*VERSIONS, on_undeclared_schema=BLOCK))
    outcome = check(make_track("t", context={"htevents": {"schemaVersion": "v3"}}))
    assert outcome.reasons == ["undeclared_event"]
    assert outcome.violations["schema_version"] == "v3"
    assert outcome.violations["messages"] == [
        "version 'v3' of track 't' is not declared; there are: default, v2"
    ]


@pytest.mark.parametrize("path", ["properties.schema", ["properties", "schema"]])
@pytest.mark.parametrize("given", ["2", 2])
def test_the_path_of_the_version_can_be_another(path, given):
    events = [{**VERSIONS[0]}, {**VERSIONS[1], "version": "2", "schema": {"properties": {"new": {}}}}]
    check = make_check(make_contract(*events, schema_version_path=path))
    assert check(make_track("t", properties={"schema": given, "new": 1})) is None


WHOLE = {
    "type": "track",
    "name": "t",
    "scope": "payload",
    "schema": {"properties": {"properties": CLOSED}, "required": ["userId"]},
}
SENT = make_track(
    "t",
    context={
        "ip": "198.51.100.7",
        "library": {"name": "x"},
        "mine": 1,
        "consent": {"categoryPreferences": {"C1": True}},
        "htevents": {"schemaVersion": "default", "x": 1},
    },
    timestamp="2026-11-22T00:00:00.000Z",
    properties={"a": 1, "b": 2},
    mine=1,
)


def test_over_the_whole_payload_what_every_event_has_needs_no_declaration():
    outcome = make_check(make_contract(WHOLE))(SENT)
    kept = {key: value for key, value in SENT["context"].items() if key != "mine"}
    context = {**kept, "htevents": {"schemaVersion": "default"}}
    expected = {key: value for key, value in SENT.items() if key != "mine"}
    assert outcome.event == {**expected, "properties": {"a": 1}, "context": context}


def test_without_the_built_in_context_only_consent_and_version_are_left_of_it():
    outcome = make_check(make_contract({**WHOLE, "include_built_in_context": False}))(SENT)
    assert outcome.event["context"] == {
        "consent": SENT["context"]["consent"],
        "htevents": {"schemaVersion": "default"},
    }


def test_a_closed_payload_takes_what_every_event_has():
    schema = {
        "properties": {
            "properties": CLOSED,
            "context": {"properties": {"mine": {}}, "additionalProperties": False},
        },
        "additionalProperties": False,
    }
    event = {**SENT, "properties": {"a": 1}}
    outcome = make_check(make_contract({**WHOLE, "schema": schema}))(event)
    assert outcome.violations["has_schema_violated"] is False
    assert outcome.violations["messages"] == [
        "context.htevents.x: undeclared field",
        "mine: undeclared field",
    ]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date-time", "2026-11-22T00:00:00Z", "yesterday"),
        ("date", "2026-11-22", "22.11.2026"),
        ("email", "a@example.com", "a"),
        ("uri", "https://example.com/", "example"),
        ("ipv4", "198.51.100.7", "1.2.3"),
        ("ipv6", "2001:db8::1", "1.2.3.4"),
        ("hostname", "example.com", "-"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ("duration", "P1DT2H", "1 day"),
    ],
)
def test_formats_are_asserted(name, good, bad):
    schema = {"properties": {"a": {"format": name}}}
    assert check_properties(schema, {"a": good}) is None
    assert check_properties(schema, {"a": bad}).reasons == ["schema_violation"]


def test_of_two_contracts_the_one_that_declares_the_event_rules():
    orders = make_contract()
    pages = make_contract({"type": "page", "schema": {"required": ["path"]}}, on_undeclared_schema=BLOCK)
    check = make_check(orders, pages)
    assert check(make_track(properties={"order_id": "A-1"})) is None
    assert check({"type": "page"}).reasons == ["schema_violation"]
    assert check(make_track("Else")).reasons == ["undeclared_event"]


def test_many_violations_are_told_as_some_and_more():
    outcome = check_properties({"properties": {}}, {f"f{n}": n for n in range(1000)})
    assert len(outcome.violations["messages"]) == 21
    assert outcome.violations["messages"][-1] == "and more"
    assert len(outcome.undeclared) == 1000


def test_messages_do_not_quote_what_the_client_sent():
    outcome = check_properties({"properties": {"a": {"maxLength": 3}}}, {"a": "maria@example.com" * 500})
    assert "maria" not in str(outcome.violations)


def test_long_names_do_not_make_long_messages():
    outcome = check_properties({"properties": {}}, {"x" * 50_000: 1})
    assert len(outcome.violations["messages"][0]) == 300


def test_a_regex_takes_linear_time():
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}}
    assert check_properties(schema, {"a": "a" * 90_000 + "!"}).reasons == ["schema_violation"]


def test_without_a_path_to_the_version_every_event_has_none():
    check = make_check(make_contract(VERSIONS[0], schema_version_path=[]))
    assert check(make_track("t", properties={"old": 1})) is None
