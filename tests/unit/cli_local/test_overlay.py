"""What local development changes in a compiled workspace, and how its keys are told from real ones."""

import hashlib
from typing import Any

import pytest

from cli.local.overlay import (
    development_keys,
    find_secrets,
    is_development_key_digest,
    overlay_workspace,
    redirect_url,
)

SINK = "http://127.0.0.1:4570"


def make_workspace() -> dict[str, Any]:
    crm = {
        "url": "https://crm.example.com/events?v=2",
        "headers": {"Authorization": {"secret": "ssm:token", "format": "Bearer {}"}, "X-Plain": "1"},
    }
    return {
        "sources": {"web": {"keys": [{"id": "k1", "sha256": "0" * 64, "revoked": False}]}},
        "destinations": {
            "crm": {"kind": "http", "settings": crm},
            "rudder": {"kind": "rudderstack", "settings": {"data_plane_url": "https://rudder.example.com"}},
            "own": {"kind": "http", "settings": {"url": "http://localhost:9000/in"}},
            "sandbox": {"kind": "sandbox", "settings": {}},
        },
    }


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def test_each_source_gets_its_development_key_besides_its_own() -> None:
    changed = overlay_workspace(SINK)(make_workspace())

    own, added = changed["sources"]["web"]["keys"]
    assert own["id"] == "k1"
    assert added["sha256"] == digest(development_keys(["web"])["web"])
    assert added["revoked"] is False


def test_the_workspace_given_stays_as_it_was() -> None:
    workspace = make_workspace()
    overlay_workspace(SINK)(workspace)

    assert workspace == make_workspace()


def test_destinations_lead_to_the_sink_and_loopback_stays() -> None:
    destinations = overlay_workspace(SINK)(make_workspace())["destinations"]

    assert destinations["crm"]["settings"]["url"] == f"{SINK}/crm/events?v=2"
    assert destinations["rudder"]["settings"]["data_plane_url"] == f"{SINK}/rudder"
    assert destinations["own"]["settings"]["url"] == "http://localhost:9000/in"
    assert destinations["sandbox"] == make_workspace()["destinations"]["sandbox"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "api.localhost", "[::1]"])
def test_loopback_addresses_are_not_redirected(host: str) -> None:
    assert redirect_url(f"http://{host}:8080/x", SINK) == f"http://{host}:8080/x"


@pytest.mark.parametrize("host", ["10.0.0.1", "crm.example.com", "localhost.example.com", "[2001:db8::1]"])
def test_every_other_address_is_redirected(host: str) -> None:
    assert redirect_url(f"https://{host}/x", f"{SINK}/crm") == f"{SINK}/crm/x"


def test_development_keys_are_known_by_their_digest_alone() -> None:
    keys = development_keys([f"source-{number}" for number in range(300)])

    assert len(set(keys.values())) == 300
    assert all(is_development_key_digest(digest(key)) for key in keys.values())
    assert is_development_key_digest(digest(keys["source-1"]).upper())
    assert not is_development_key_digest(digest("a key of one's own"))


def test_a_source_keeps_its_development_key_when_others_come() -> None:
    assert development_keys(["web"])["web"] == development_keys(["app", "backend", "web"])["web"]


def test_secrets_are_found_wherever_they_stand_in_the_settings() -> None:
    assert find_secrets(make_workspace()) == [("crm", "ssm:token")]
    workspace = {"destinations": {"hook": {"settings": {"url": "https://a.example/{ssm:hook}?k={ssm:key}"}}}}
    assert find_secrets(workspace) == [("hook", "ssm:hook"), ("hook", "ssm:key")]
