import pytest

from sluice.routing.decide import compile_decisions
from tests.unit.routing.world import ORDERS, TRACK, make_event, make_sync, make_type, make_workspace


def decide(event, **syncs):
    return compile_decisions(make_workspace(**syncs), lambda: 0.0)["web"](event).routes


def test_every_type_whose_filter_matches_takes_the_event():
    sync = make_sync("S", make_type("purchase", ORDERS), make_type("any_track", TRACK))
    assert decide(make_event(), s=sync) == (("s", "purchase"), ("s", "any_track"))


def test_every_sync_decides_on_its_own():
    one, two = make_sync("One", make_type("purchase", ORDERS)), make_sync("Two", make_type("track", TRACK))
    assert decide(make_event(event="Signed Up"), one=one, two=two) == (("two", "track"),)


@pytest.mark.parametrize(
    ("event", "taken_as"), [("Order Completed", "purchase"), ("Signed Up", "custom_event")]
)
def test_custom_event_without_a_filter_takes_what_no_other_type_matched(event, taken_as):
    sync = make_sync("S", make_type("custom_event"), make_type("purchase", ORDERS))
    assert decide(make_event(event=event), s=sync) == (("s", taken_as),)


def test_custom_event_with_a_filter_is_a_type_like_any_other():
    sync = make_sync("S", make_type("custom_event", TRACK), make_type("purchase", ORDERS))
    assert decide(make_event(), s=sync) == (("s", "custom_event"), ("s", "purchase"))
    assert decide(make_event(type="page"), s=sync) == (("s", "purchase"),)


def test_another_type_without_a_filter_takes_everything():
    sync = make_sync("S", make_type("message"), make_type("custom_event"))
    assert decide(make_event(), s=sync) == (("s", "message"),)


def test_a_retired_sync_takes_nothing():
    assert decide(make_event(), s=make_sync("S", retired=True)) == ()


def test_a_sync_takes_only_its_own_source():
    assert decide(make_event(), s=make_sync("S", source="app")) == ()


def test_a_decision_says_the_same_to_the_archive():
    decided = compile_decisions(make_workspace(s=make_sync("S", make_type("purchase", ORDERS))), lambda: 0.0)[
        "web"
    ]
    assert decided(make_event()).verdict_json == (
        b'"verdict":"accepted","reasons":[],"syncs":[{"sync":"s","type":"purchase"}]'
    )
