"""Which syncs do not get an event, and why."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.consent import ALL, VENDORS, compile_consent
from sluice.destinations import KINDS
from tests.builders import make_event

NEEDS = {"kind": "http", "consent_categories": ["C1", "C2"]}


def make_workspace(destinations=None, *, consent=None, **syncs):
    """A workspace in which each destination has a sync of its name, and `syncs` some more."""
    destinations = destinations or {"crm": {"kind": "http"}, "braze": {"kind": "braze"}}
    own = {name: {"source": "web", "destination": name, "retired": False} for name in destinations}
    return {
        "sources": {"web": {"consent": consent} if consent else {}, "app": {}},
        "destinations": destinations,
        "syncs": {**own, **syncs},
    }


def deny(event, workspace=None):
    return compile_consent(workspace or make_workspace(), "web")(event)


def decide(integrations, destination=None, slug="braze-eu"):
    workspace = make_workspace({slug: destination or {"kind": "braze"}})
    return deny(make_event(integrations=integrations), workspace).get(slug, "sent")


def ask(consent, *, required=False, needs=NEEDS):
    workspace = make_workspace({"ads": needs}, consent="required" if required else None)
    return deny(make_event(context={"consent": consent}), workspace).get("ads", "sent")


def test_a_source_that_no_sync_reads_has_nothing_to_ask():
    retired = {"source": "app", "destination": "crm", "retired": True}
    assert compile_consent(make_workspace(old=retired), "app") is None
    assert compile_consent(make_workspace(), "gone") is None


def test_an_event_that_says_nothing_goes_everywhere():
    assert deny(make_event()) == {}


def test_a_destination_that_is_switched_off_gets_nothing_by_any_of_its_syncs():
    workspace = make_workspace(more={"source": "web", "destination": "braze", "retired": False})
    event = make_event(integrations={"Braze": False})
    assert deny(event, workspace) == {"braze": "integration_disabled", "more": "integration_disabled"}


def test_syncs_of_other_sources_and_retired_ones_are_not_spoken_of():
    other = {"source": "app", "destination": "crm", "retired": False}
    retired = {"source": "web", "destination": "crm", "retired": True}
    workspace = make_workspace({"crm": {"kind": "http"}}, other=other, old=retired)
    assert deny(make_event(integrations={"All": False}), workspace) == {"crm": "integration_disabled"}


OFF, SENT = "integration_disabled", "sent"


@pytest.mark.parametrize("value", [False, 0, 0.0, "", "false", " FALSE "], ids=repr)
def test_off_is(value):
    assert decide({"Braze": value}) == decide({"All": value}) == OFF


@pytest.mark.parametrize("value", [True, 1, -1, "true", "0 or so", {}, {"a": False}, [], [0], 0.5], ids=repr)
def test_on_is(value):
    assert (
        decide({"All": False, "Braze": value}) == decide({"Braze": value}) == decide({"All": value}) == SENT
    )


@pytest.mark.parametrize("integrations", [None, {}, [], "x", 1, True, ["Braze"], [False]], ids=repr)
def test_integrations_that_name_nobody_switch_nobody_off(integrations):
    assert decide(integrations) == SENT


@pytest.mark.parametrize("name", ["braze", "BRAZE", " Braze", "Braze ", "Braze-EU", "all", "ALL"])
def test_a_name_counts_as_it_is_written(name):
    assert decide({name: False}) == SENT
    assert decide({"All": False, name: True}) == OFF


def test_the_operators_name_takes_the_place_of_the_others():
    named = {"kind": "braze", "integration": "Engagement (EU)"}
    assert decide({"Engagement (EU)": False}, named) == OFF
    assert decide({"Braze": False, "braze-eu": False}, named) == SENT
    assert decide({"All": False, "Braze": True}, named) == OFF


def test_a_destination_without_a_vendor_is_named_by_its_file():
    assert decide({"crm": False}, {"kind": "http"}, "crm") == OFF
    assert decide({"http": False, "Http": False}, {"kind": "http"}, "crm") == SENT


def test_every_kind_has_a_vendor_or_is_known_to_have_none():
    assert set(KINDS) - set(VENDORS) == {"http", "sandbox"}
    assert ALL not in VENDORS.values()


def test_a_destination_without_categories_needs_no_consent():
    for consent in (None, {}, {"categoryPreferences": {}}, "no"):
        assert ask(consent, needs={"kind": "http"}, required=True) == SENT


def test_every_category_is_needed():
    assert ask({"categoryPreferences": {"C1": True, "C2": True, "C3": False}}) == SENT
    for preferences in ({"C1": True}, {"C1": True, "C2": False}, {"c1": True, "c2": True}, {"C3": True}):
        assert ask({"categoryPreferences": preferences}) == "consent_denied"


@pytest.mark.parametrize("value", [1, "true", "yes", {}, [True], None, 1.0], ids=repr)
def test_only_true_is_a_consent(value):
    assert ask({"categoryPreferences": {"C1": True, "C2": value}}) == "consent_denied"


@pytest.mark.parametrize(
    "consent",
    [None, {}, [], "", {"categoryPreferences": None}, {"categoryPreferences": ""}, {"other": 1}],
    ids=repr,
)
def test_without_preferences_it_is_asked_only_where_the_source_requires_it(consent):
    assert (ask(consent), ask(consent, required=True)) == (SENT, "consent_denied")


@pytest.mark.parametrize("context", [None, [], "x", {}], ids=repr)
def test_without_a_context_it_is_the_same(context):
    event = {**make_event(), "context": context}
    assert deny(event, make_workspace({"ads": NEEDS})) == {}
    assert deny(event, make_workspace({"ads": NEEDS}, consent="required")) == {"ads": "consent_denied"}


@pytest.mark.parametrize("hostile", [True, "yes", ["C1", "C2"], 1], ids=repr)
def test_what_is_no_object_is_no_consent(hostile):
    assert ask(hostile) == ask({"categoryPreferences": hostile}) == "consent_denied"


def test_consent_is_looked_at_first():
    workspace = make_workspace({"ads": NEEDS, "crm": {"kind": "http"}})
    event = make_event(context={"consent": {"categoryPreferences": {}}}, integrations={"All": False})
    assert deny(event, workspace) == {"ads": "consent_denied", "crm": "integration_disabled"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda v: (
        st.lists(v, max_size=3)
        | st.dictionaries(
            st.sampled_from(["All", "Braze", "crm", "C1", "C2", "categoryPreferences", "consent"]),
            v,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_whatever_an_event_holds_it_is_decided_and_not_changed(integrations, context):
    workspace = make_workspace({"ads": NEEDS, "crm": {"kind": "http"}, "braze": {"kind": "braze"}})
    event = {"integrations": integrations, "context": context}
    before = copy.deepcopy(event)
    denied = deny(event, workspace)
    assert denied.keys() <= {"ads", "crm", "braze"}
    assert set(denied.values()) <= {"consent_denied", "integration_disabled"}
    assert repr(event) == repr(before)
