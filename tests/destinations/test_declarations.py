"""What every destination keeps, whatever it is: run over the whole registry."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sluice.destinations import KINDS, load_declaration
from sluice.destinations.declaration import Batch, Outside, SecretRef, Settings
from sluice.errors import WorkspaceError
from sluice.filters import compile_filter
from sluice.packs import Item
from sluice.workspace.event_types import find_faults, resolve_filter, resolve_mappings
from sluice.workspace.mapping_errors import find_mapping_errors
from sluice.workspace.models import EventType
from tests.fakes.vendor import FakeVendor

NEEDS = {  # settings that a kind cannot do without
    "braze": {"instance": "fra-01", "api_key": {"secret": "ssm:key"}},
    "http": {"url": "https://crm.example/"},
    "rudderstack": {"data_plane_url": "https://rudder.example/", "write_key": {"secret": "ssm:key"}},
    "slack": {"token": {"secret": "ssm:token"}, "channel": "#events"},
}

EVENT_TYPES = [(kind, name) for kind in KINDS for name in load_declaration(kind).event_types]


def make_settings(kind, **over):
    return load_declaration(kind).settings.model_validate({**NEEDS.get(kind, {}), **over})


def make_batch(kind, count, *, max_items=1):
    [event_type, *_] = load_declaration(kind).event_types
    entries = [
        (Item(event_type, {"messageId": f"m-{n}"}), {"id": n, "text": "é\ud7ff" * (n % 3)})
        for n in range(count)
    ]
    return Batch("crm", 1, max_items, entries)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_declares_itself(kind):
    declaration = load_declaration(kind)
    assert declaration.kind == kind
    assert issubclass(declaration.settings, Settings)
    assert declaration.event_types
    assert declaration.settings.__doc__


@pytest.mark.parametrize(("kind", "name"), EVENT_TYPES)
def test_an_event_type_and_its_fields_are_described(kind, name):
    declared = load_declaration(kind).event_types[name]
    assert declared.description
    assert all(field.description for field in declared.fields.values())
    assert {field for group in declared.needed for field in group} <= set(declared.fields)


@pytest.mark.parametrize(("kind", "name"), EVENT_TYPES)
def test_the_defaults_of_an_event_type_pass_the_check_of_a_workspace(kind, name):
    declaration = load_declaration(kind)
    declared = declaration.event_types[name]
    event_type = EventType(type=name)
    assert list(find_faults(event_type, declaration)) == []
    compile_filter(resolve_filter(event_type, declared))
    assert find_mapping_errors(resolve_mappings(event_type, declared) or {}) == []


@pytest.mark.parametrize("kind", KINDS)
def test_settings_survive_the_compiled_workspace(kind):
    settings = make_settings(kind)
    dumped = orjson.dumps(settings.model_dump(mode="json"))
    assert load_declaration(kind).settings.model_validate(orjson.loads(dumped)) == settings


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_setting_is_refused(kind):
    with pytest.raises(ValidationError):
        make_settings(kind, unheard_of=1)


@pytest.mark.parametrize("kind", KINDS)
@given(count=st.integers(0, 25), size=st.integers(1, 8))
def test_every_item_is_in_exactly_one_request(kind, count, size):
    batch = make_batch(kind, count, max_items=size)
    requests = list(load_declaration(kind).build(make_settings(kind, batch_size=size), batch))
    assert [entry for request in requests for entry in request.entries] == batch.entries
    assert all(1 <= len(request.entries) <= size for request in requests)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sender_answers(kind):
    vendor = FakeVendor()
    declaration, settings = load_declaration(kind), make_settings(kind)
    send = declaration.open_sender(settings, Outside(vendor, lambda _seconds: None))
    [request] = declaration.build(settings, make_batch(kind, 1))
    response = send(request, {}, 1.0)
    assert response.status == 200
    assert declaration.judge is None or declaration.judge(settings, request, response, 0.0) is None


def test_a_kind_that_does_not_exist_is_said_with_those_that_do():
    with pytest.raises(WorkspaceError) as caught:
        load_declaration("carrier_pigeon")
    assert "http" in caught.value.hint


@pytest.mark.parametrize(
    "reference",
    [
        {"secret": "token"},
        {"secret": "env:TOKEN"},
        {"secret": "ssm:"},
        {"secret": "ssm:/other/path"},
        {"secret": "ssm:../../other"},
        {"secret": "ssm:a/../b"},
        {"secret": "ssm:a b"},
        {"secret": "ssm:token", "format": "Bearer"},
        {"secret": "ssm:token", "format": "{} {}"},
        {"secret": "ssm:token", "format": "a\r\nb: {}"},
        {"secret": "ssm:token", "value": "s3cr3t"},
    ],
)
def test_a_reference_that_is_none_is_refused(reference):
    with pytest.raises(ValidationError):
        SecretRef.model_validate(reference)


@pytest.mark.parametrize("secret", ["ssm:token", "secretsmanager:token", "ssm:oauth/client-id", "ssm:a.b_c"])
def test_a_reference_names_a_store_and_a_secret(secret):
    assert SecretRef(secret=secret).format == "{}"


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.9])
def test_message_ids_spread_evenly_over_the_sandbox(rate):
    """Asked as delivery asks: a batch goes out, and the sandbox answers for each item."""
    settings = make_settings("sandbox", fail_rate=rate, fail_status=503)
    declaration = load_declaration("sandbox")
    send = declaration.open_sender(settings, Outside(FakeVendor(), lambda _seconds: None))
    [request] = declaration.build(settings, make_batch("sandbox", 4000, max_items=4000))
    verdicts = declaration.judge(settings, request, send(request, {}, 1.0), 0.0)
    failed = sum(verdict is not None for verdict in verdicts) / len(verdicts)
    assert (len(verdicts), rate - 0.03 < failed < rate + 0.03) == (4000, True)
