"""A sync's event types beside what their destination declares: defaults, overrides, mistakes."""

import pytest
from pydantic import ValidationError

from sluice.destinations import load_declaration
from sluice.workspace.compile import Workspace, compile_workspace, find_problems
from sluice.workspace.models import Destination, EventType, Source, Sync

DECLARED = load_declaration("rudderstack").event_types["track"]
SETTINGS = {
    "rudderstack": {"data_plane_url": "https://rudder.example", "write_key": {"secret": "ssm:key"}},
    "sandbox": {},
}
BY_HAND = {"event": {"field": "event"}, "userId": {"field": "userId"}}


def make_workspace(kind="rudderstack", **event_type):
    types = [{"type": "track", **event_type}]
    return Workspace(
        sources={"web": Source()},
        destinations={"cdp": Destination(kind=kind, settings=SETTINGS[kind])},
        syncs={
            "web-to-cdp": Sync.model_validate({"source": "web", "destination": "cdp", "event_types": types})
        },
    )


def compile_type(**event_type):
    workspace = make_workspace(**event_type)
    assert find_problems(workspace) == []
    [compiled] = compile_workspace(workspace)["syncs"]["web-to-cdp"]["event_types"]
    return compiled


@pytest.mark.parametrize("given", [{}, {"mappings": None}, {"mappings": "defaults"}])
def test_what_a_sync_leaves_out_is_the_destinations_default(given):
    compiled = compile_type(**given)
    assert compiled == {"type": "track", "filter": DECLARED.filter, "mappings": DECLARED.mappings}


def test_a_destination_without_defaults_gets_the_whole_of_every_event():
    compiled = compile_type(kind="sandbox")
    assert compiled == {"type": "track", "filter": None, "mappings": None}


def test_a_filter_of_ones_own_replaces_the_default_whole():
    own = {"field": "event", "op": "equals", "value": "Order Completed"}
    assert compile_type(filter=own)["filter"] == own


def test_mappings_of_ones_own_replace_the_defaults_whole():
    assert compile_type(mappings=BY_HAND)["mappings"] == BY_HAND


def test_mappings_that_extend_the_defaults_replace_them_key_by_key():
    own = {
        "extends": "defaults",
        "event": {"value": "Bought"},
        "context": "omit",
        "integrations.All": {"value": True},
    }
    expected = {**DECLARED.mappings, "event": {"value": "Bought"}, "integrations.All": {"value": True}}
    del expected["context"]
    assert compile_type(mappings=own)["mappings"] == expected


def test_an_output_field_may_be_named_extends():
    own = {**BY_HAND, "extends": {"field": "a"}}
    assert compile_type(mappings=own)["mappings"] == own


FAULTS = {
    "an event type that does not exist": (
        {"type": "trak"},
        (("type",), "rudderstack has no event type trak", "did you mean track? it has: track, identify"),
    ),
    "a required field": (
        {"mappings": {"userId": {"field": "userId"}}},
        (
            ("mappings",),
            "the required 'event' of the event type is not mapped",
            "event (string): The event's name",
        ),
    ),
    "a required field whose name is misspelt": (
        {"mappings": {"evnt": {"field": "event"}, "userId": {"field": "userId"}}},
        (
            ("mappings",),
            "the required 'event' of the event type is not mapped",
            "'evnt' is filled: did you mean event? event (string): The event's name",
        ),
    ),
    "one of several": (
        {"mappings": {"event": {"field": "event"}}},
        (
            ("mappings",),
            "the required 'userId' or 'anonymousId' of the event type is not mapped",
            "userId (string): The user's id; this or anonymousId; "
            "anonymousId (string): The id of a visitor who is not known yet; this or userId",
        ),
    ),
    "a required field that is left out": (
        {"mappings": {"extends": "defaults", "event": "omit"}},
        (
            ("mappings",),
            "the required 'event' of the event type is not mapped",
            "event (string): The event's name",
        ),
    ),
    "a static value of a wrong type": (
        {"mappings": {**BY_HAND, "event": {"value": 7}}},
        (("mappings", "event", "value"), "'event' takes string, not 7", "The event's name"),
    ),
    "a required field that is always null": (
        {"mappings": {**BY_HAND, "event": {"value": None}}},
        (("mappings", "event", "value"), "the required 'event' has no value here", "The event's name"),
    ),
    "a required field that is always blank": (
        {"mappings": {"extends": "defaults", "event": {"value": " "}}},
        (("mappings", "event", "value"), "the required 'event' has no value here", "The event's name"),
    ),
    "nothing to leave out": (
        {"mappings": {"extends": "defaults", "contxt": "omit"}},
        (
            ("mappings", "contxt"),
            "the default mappings have no 'contxt' to leave out",
            f"did you mean context? they fill: {', '.join(DECLARED.mappings)}",
        ),
    ),
    "nothing to extend": (
        {"mappings": {"extends": "defalts"}},
        (("mappings", "extends"), "'defalts' is nothing to extend", "write `extends: defaults`"),
    ),
    "no defaults": (
        {"kind": "sandbox", "mappings": "defaults"},
        (("mappings",), "track has no default mappings", "write a source for every field"),
    ),
    "no defaults to extend": (
        {"kind": "sandbox", "mappings": {"extends": "defaults"}},
        (("mappings", "extends"), "track has no default mappings", "write a source for every field"),
    ),
    "a field inside of one that the defaults fill": (
        {"mappings": {"extends": "defaults", "properties.plan": {"value": "pro"}}},
        (
            ("mappings", "properties.plan"),
            "'properties.plan' claims a place that another field fills",
            "keep one of them; an object is written anew as a whole, with `...` for what it is made of",
        ),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_mistake_is_found_and_located(name):
    given, (place, message, hint) = FAULTS[name]
    [problem] = find_problems(make_workspace(**given))
    assert problem.place == ("event_types", 0, *place)
    assert (problem.message, problem.hint) == (message, hint)


def test_what_a_spread_fills_is_known_of_an_event_only():
    assert find_problems(make_workspace(mappings={"...": {"field": "properties"}})) == []


@pytest.mark.parametrize("mappings", ["defalts", [], 7])
def test_mappings_that_are_none_are_refused_in_one_sentence(mappings):
    with pytest.raises(ValidationError) as caught:
        EventType.model_validate({"type": "track", "mappings": mappings})
    [error] = caught.value.errors()
    assert "write `defaults`" in error["msg"]
