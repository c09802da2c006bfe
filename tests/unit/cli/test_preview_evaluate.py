"""A preview never says anything else than what the router and delivery do."""

from hypothesis import given
from hypothesis import strategies as st

from cli.preview.evaluate import SyncPreview
from cli.preview.incoming import Incoming
from sluice.delivery.sync import compile_sync
from sluice.errors import MappingError
from sluice.routing.decide import compile_decisions
from sluice.workspace.models import Alarms, Retry
from tests.unit.test_filters import NOW, events, specs
from tests.unit.test_values import sources

RETRY = Retry().model_dump(by_alias=True)


def compile_types(event_types):
    """A compiled workspace with one sync of these event types."""
    sync = {"source": "web", "destination": "crm", "retired": False, "event_types": event_types}
    return {
        "sources": {"web": {}},
        "destinations": {"crm": {"kind": "http", "settings": {"url": "https://crm.example.com"}}},
        "syncs": {
            "all": {
                **sync,
                "retry": RETRY,
                "alarms": Alarms().model_dump(),
                "batch_size": None,
                "concurrency": 1,
            }
        },
    }


mappings = st.none() | st.dictionaries(st.sampled_from("xyz"), sources, max_size=3)
typed = st.lists(st.tuples(st.none() | specs, mappings), min_size=1, max_size=3).map(
    lambda pairs: [
        {"type": "custom_event" if n == 0 else f"type_{n}", "filter": spec, "mappings": mapping}
        for n, (spec, mapping) in enumerate(pairs)
    ]
)


@given(typed, events)
def test_the_types_that_take_an_event_are_the_routers(event_types, event):
    compiled = compile_types(event_types)
    types = SyncPreview(compiled, "all").preview(Incoming(event, "here"), NOW)
    decision = compile_decisions(compiled, lambda: NOW)["web"](event)
    assert [one.type for one in types if one.taken] == [name for _, name in decision.routes]
    for one in types:
        if one.verdict is not None:
            assert one.verdict.matches is one.taken
        assert (one.sending is not None) is one.taken


@given(typed, events)
def test_what_is_sent_is_what_delivery_maps(event_types, event):
    compiled = compile_types(event_types)
    mappers = compile_sync(compiled, "all").mappers
    previews = SyncPreview(compiled, "all").preview(Incoming(event, "here"), NOW)
    assert [one.type for one in previews] == [
        spec["type"] for spec in compiled["syncs"]["all"]["event_types"]
    ]
    for one in previews:
        if one.sending is None:
            continue
        try:
            payload = mappers[one.type](event)
        except MappingError as error:
            refused = error.reason, error.detail
            failure = one.sending.failure
            assert (failure.reason, failure.detail) == refused
            assert any(origin.error for origin in one.origins)
            continue
        assert repr(one.sending.payload) == repr(payload)
        for origin in one.origins or ():
            assert origin.error == ""
            assert repr(payload.get(origin.name, origin.value)) == repr(origin.value)
