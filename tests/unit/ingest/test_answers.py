"""What a client is told, byte for byte where released SDKs depend on it."""

import pytest

from tests.builders import make_batch, make_event

ALLOWED = {
    "authorization",
    "*",
    "content-type",
    "x-write-key",
    "x-retry-count",
    "x-enable-debug",
    "x-ip-policy",
    "anonymousid",
    "sentat",
    "rsa-recovered",
    "rsa-retry-attempt",
    "rsa-retry-reason",
    "rsa-since-last-attempt",
    "rsa-since-first-attempt",
}

ANSWERS = {
    200: {},
    400: {"body": b"{"},
    401: {"key": "wk_wrong"},
    404: {"path": "/nowhere"},
    405: {"method": "PUT"},
    413: {"body": make_batch(*[{}] * 2501)},
}


def test_success_is_exactly_200_and_an_object(world):
    answer = world.send()
    assert (answer.status, answer.data) == (200, b'{"success":true}')
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", sorted(set(ANSWERS) - {200}))
def test_an_error_is_code_and_message(world, status):
    answer = world.send(**ANSWERS[status])
    assert answer.status == status
    assert {name: type(value) for name, value in answer.json.items()} == {"code": str, "message": str}


@pytest.mark.parametrize("status", ANSWERS)
def test_every_answer_may_be_read_across_origins(world, status):
    headers = world.send(**ANSWERS[status]).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Expose-Headers"] == "Retry-After"


@pytest.mark.parametrize("status", sorted(set(ANSWERS) - {200}))
def test_nothing_is_stored_of_a_request_that_is_refused(world, status):
    world.send(**ANSWERS[status])
    assert world.bodies == []


@pytest.mark.parametrize("status", ANSWERS)
def test_no_other_answer_asks_for_a_retry(world, status):
    assert "Retry-After" not in world.send(**ANSWERS[status]).headers


def test_events_that_could_not_be_stored_are_asked_for_again(world):
    world.full = True
    answer = world.send()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["code"] == "unavailable"


def test_one_pack_that_could_not_be_stored_fails_the_request(world):
    kept = world.store
    world.store = lambda bodies: kept(bodies) or [len(bodies) - 1]
    assert world.send(make_batch(*[make_event(properties={"x": "x" * 90_000})] * 4)).status == 503


def test_an_event_that_breaks_a_rule_is_no_error(world):
    assert world.send(make_batch({})).status == 200


@pytest.mark.parametrize(
    "path", ["/v1/batch", "/v1/t", "/", "/nowhere", "/pixel/v1/track", "/v1/projects/x/settings"]
)
def test_a_preflight_needs_neither_key_nor_endpoint(world, path):
    answer = world.send(b"", method="OPTIONS", path=path, key=None)
    assert (answer.status, answer.data) == (204, b"")


def test_a_preflight_allows_any_header_and_names_authorization_and_those_of_sdks(world):
    """`*` does not cover Authorization, and old browsers do not know it."""
    headers = world.send(b"", method="OPTIONS", key=None).headers
    allowed = {name.strip().lower() for name in headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed >= ALLOWED
    assert "POST" in headers["Access-Control-Allow-Methods"]
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert int(headers["Access-Control-Max-Age"]) > 0


def test_settings_name_our_own_host(world):
    """An answer without integrations makes the SDK send to its vendor."""
    answer = world.send(
        method="GET",
        path="/v1/projects/wk_test/settings",
        key=None,
        headers={"host": "events.example.com"},
    )
    assert answer.status == 200
    assert answer.json == {
        "integrations": {
            "Segment.io": {"apiKey": "wk_test", "apiHost": "events.example.com/v1", "protocol": "https"}
        },
        "metrics": {"sampleRate": 0},
    }


def test_settings_keep_the_prefix_of_the_path(world):
    answer = world.send(
        method="GET", path="/cdn/v1/projects/wk_test/settings", key=None, headers={"host": "a.example:8443"}
    )
    assert answer.json["integrations"]["Segment.io"]["apiHost"] == "a.example:8443/cdn/v1"


@pytest.mark.parametrize("host", ["evil.com/x", "a b", '"', "a\r\nb", "", "user@host"])
def test_settings_repeat_no_host_that_is_none(world, host):
    answer = world.send(method="GET", path="/v1/projects/wk_test/settings", key=None, headers={"host": host})
    assert answer.json["integrations"]["Segment.io"]["apiHost"] == "/v1"


def test_settings_survive_a_path_that_is_no_text(world):
    answer = world.send(method="GET", path="/\ud800/v1/projects/wk_test/settings", key=None)
    assert answer.json["integrations"]["Segment.io"]["apiHost"] == "/%EF%BF%BD/v1"


@pytest.mark.parametrize("path", ["/v1/projects/wk_wrong/settings", "/sourceConfig"])
def test_settings_need_a_key(world, path):
    assert world.send(method="GET", path=path, key=None).status == 401


@pytest.mark.parametrize("path", ["/sourceConfig", "/sourceConfig/"])
def test_source_config_lets_the_sdk_start(world, path):
    answer = world.send(method="GET", path=path, key=None, query={"writeKey": "wk_test", "p": "web"})
    assert answer.status == 200
    source = answer.json["source"]
    assert source.pop("id")
    assert source == {"enabled": True, "config": {}, "destinations": []}
