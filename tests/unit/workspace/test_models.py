"""The definition of the workspace's files: what is taken, what is refused, what is filled in."""

import pytest
from pydantic import ValidationError

from sluice.workspace.models import Destination, Source, Sync

SYNC = {"source": "web", "destination": "crm", "event_types": [{"type": "custom_event"}]}
DIGEST = "ab" * 32


def test_a_sync_has_defaults_for_what_it_does_not_say():
    sync = Sync.model_validate(SYNC)
    assert (sync.concurrency, sync.max_concurrency, sync.timeout, sync.retired) == (8, 10, 60, False)
    assert sync.retry.model_dump(by_alias=True) == {"for": 14_400, "first": 5, "max": 900, "attempts": None}


def test_an_empty_source_is_one():
    source = Source.model_validate({})
    assert (source.keys, source.collect_ip, source.dedup) == ([], "client", "request")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("4h", 14_400), ("2d", 172_800), ("1 h", 3600), (60, 60)]
)
def test_a_duration_may_have_a_unit(text, seconds):
    assert Sync.model_validate({**SYNC, "retry": {"for": text}}).retry.window == seconds


@pytest.mark.parametrize("wrong", ["4 hours", "h", "-1h", "1.5h", "soon", -1, 8 * 86_400, None, []])
def test_a_duration_that_is_none_is_refused(wrong):
    with pytest.raises(ValidationError):
        Sync.model_validate({**SYNC, "retry": {"for": wrong}})


@pytest.mark.parametrize(
    "over",
    [
        {"event_types": []},
        {"event_types": [{"type": "Not A Name"}]},
        {"event_types": [{}]},
        {"event_types": {"type": "a"}},
        {"surprise": 1},
        {"batch_size": 0},
        {"concurrency": 0},
        {"max_concurrency": 1},
        {"max_concurrency": 1001},
        {"timeout": "16m"},
        {"timeout": 5},
        {"rate_limit": 0},
        {"rate_limit": 1e-9},
        {"rate_limit": float("inf")},
        {"rate_limit": "fast"},
        {"paused": True},
        {"retry": {"forever": True}},
        {"retry": {"attempts": 0}},
        {"source": None},
        {"source": ["web"]},
    ],
)
def test_a_sync_with_a_mistake_is_refused(over):
    with pytest.raises(ValidationError):
        Sync.model_validate({**SYNC, **over})


@pytest.mark.parametrize(
    "over",
    [
        {"keys": [{"id": "k1"}]},
        {"keys": [{"id": "k1", "sha256": "wk_test"}]},
        {"keys": [{"id": "k1", "sha256": DIGEST.upper()}]},
        {"keys": [{"id": "k1", "sha256": DIGEST + "\n"}]},
        {"keys": [{"id": "", "sha256": DIGEST}]},
        {"keys": [{"id": "k1", "sha256": DIGEST, "key": "wk_test"}]},
        {"keys": None},
        {"collect_ip": "sometimes"},
        {"dedup": True},
        {"quota": {}},
        {"quota": {"events_per_minute": None}},
        {"quota": {"events_per_minute": 0}},
        {"quota": {"events_per_minute": -5}},
        {"quota": {"events_per_minute": 1.5}},
        {"quota": {"events_per_minute": "100"}},
        {"quota": {"bytes_per_minute": True}},
        {"quota": {"events_per_minute": 10, "requests_per_minute": 10}},
        {"quota": 100},
    ],
)
def test_a_source_with_a_mistake_is_refused(over):
    with pytest.raises(ValidationError):
        Source.model_validate(over)


def test_a_destination_needs_a_kind():
    with pytest.raises(ValidationError):
        Destination.model_validate({"settings": {}})
