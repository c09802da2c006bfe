"""Whose request it is: where a write key may stand, in which order, and which keys are in force."""

import base64
import hashlib
import sys
from hmac import compare_digest

import pytest

from sluice.ingest.keys import KeyRing, digest_key
from tests.builders import make_batch, make_event, make_gateway_event


def make_basic(credentials: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


CARRIERS = {
    "basic": {"headers": make_basic("wk_test:")},
    "basic without a colon": {"headers": make_basic("wk_test")},
    "basic with a password": {"headers": make_basic("wk_test:secret")},
    "the password of basic": {"headers": make_basic(":wk_test")},
    "bearer": {"headers": {"authorization": "Bearer wk_test"}},
    "basic in lower case": {"headers": {"authorization": "basic d2tfdGVzdDo="}},
    "basic without padding": {"headers": {"authorization": "Basic d2tfdGVzdDo"}},
    "header": {"headers": {"X-Write-Key": "wk_test"}},
    "header, key first": {"headers": {"x-write-key": "wk_test:masked"}},
    "header, key last": {"headers": {"x-write-key": "id:wk_test"}},
    "basic with a password that is not UTF-8": {"headers": {"authorization": "Basic d2tfdGVzdDpjYWbp"}},
    "basic behind another one": {"headers": {"authorization": "Basic c3RhZ2U6c2VjcmV0, Basic d2tfdGVzdDo="}},
    "basic before another one": {"headers": {"authorization": "Basic d2tfdGVzdDo=,Basic c3RhZ2U6c2VjcmV0"}},
    "bearer behind basic": {"headers": {"authorization": "Basic c3RhZ2U6c2VjcmV0, Bearer wk_test"}},
    "bearer with a colon": {"headers": {"authorization": "Bearer wk_test:"}},
    "the first of two headers": {"headers": {"x-write-key": "wk_test, wk_wrong"}},
    "the second of two headers": {"headers": {"x-write-key": "wk_wrong,wk_test"}},
    "query": {"query": {"writeKey": "wk_test"}},
    "query, first of two": {"query": "writeKey=wk_test&writeKey=wk_wrong"},
    "query, second of two": {"query": "writeKey=wk_wrong&writeKey=wk_test"},
    "query with a colon": {"query": {"writeKey": "wk_test:"}},
    "body with white space": {"body": make_batch(writeKey=" wk_test\n")},
    "event with white space": {"body": make_batch(make_event(writeKey="wk_test\u200b"))},
    "body": {"body": make_batch(writeKey="wk_test")},
    "event": {"body": make_batch(make_event(writeKey="wk_test"))},
    "second event": {"body": make_batch(make_event(), make_event(writeKey="wk_test"))},
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_key_is_found_in(world, carrier):
    answer = world.send(**{"body": make_batch(), "key": None, **CARRIERS[carrier]})
    assert answer.status == 200
    assert world.packs[0].source == "web"
    assert world.blocked == {}


ORDER = [
    {"headers": make_basic("wk_shop:")},
    {"headers": {"x-write-key": "wk_shop"}},
    {"query": {"writeKey": "wk_shop"}},
    {"body": make_batch(make_event(writeKey="wk_wrong"), writeKey="wk_shop")},
]


@pytest.mark.parametrize("first", range(4))
def test_the_first_carrier_in_order_decides(world, first):
    """All places after `first` hold a key that does not exist."""
    wrong = [
        {"headers": make_basic("wk_wrong:")},
        {"headers": {"x-write-key": "wk_wrong"}},
        {"query": {"writeKey": "wk_wrong"}},
        {"body": make_batch(make_event(writeKey="wk_wrong"), writeKey="wk_wrong")},
    ]
    request = {"key": None, "headers": {}}
    for place in [*wrong[first + 1 :], ORDER[first]]:
        headers = {**request["headers"], **place.get("headers", {})}
        request |= {**place, "headers": headers}
    assert world.send(**{"body": make_batch(), **request}).status == 200
    assert world.packs[0].source == "shop"


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer token"},
        {"authorization": "Basic"},
        {"authorization": "Basic ***"},
        {"authorization": "Basic Og=="},
        {"authorization": "Basic \xff"},
        {"authorization": ""},
        {"x-write-key": " "},
    ],
)
def test_a_carrier_that_holds_no_key_is_passed_over(world, headers):
    assert world.send(make_batch(writeKey="wk_test"), key=None, headers=headers).status == 200


@pytest.mark.parametrize("key", ["wk_wrong", "wk_tes", "wk_testt", "WK_TEST", "wk_te st", "web", ""])
def test_any_other_key_is_refused(world, key):
    answer = world.send(make_batch(writeKey=key), key=None)
    assert answer.status == 401
    assert answer.json["code"] == "invalid_write_key"


@pytest.mark.parametrize("key", [None, 1, True, ["wk_test"], {"wk_test": 1}, "\ud800"])
def test_a_key_that_is_no_text_is_no_key(world, key):
    body = '{"batch":[{}],"writeKey":"\\ud800"}' if key == "\ud800" else make_batch(writeKey=key)
    assert world.send(body, key=None).status == 401


def test_the_digest_of_a_key_opens_nothing(world):
    assert world.send(key=digest_key("wk_test")).status == 401


def test_a_source_may_have_several_keys(world):
    world.send(key="wk_shop")
    world.send(key="wk_two")
    assert [pack.source for pack in world.packs] == ["shop", "shop"]


def test_a_revoked_key_is_refused(world):
    world.revoked = {"wk_shop"}
    assert world.send(key="wk_shop").status == 401


def test_a_revoked_key_leaves_the_others_of_its_source_in_force(world):
    world.revoked = {"wk_shop"}
    assert world.send(key="wk_two").status == 200


@pytest.mark.parametrize(
    "body", [b"\x1f\x8bnonsense", b"{", b'{"batch":[]}', b'{"batch":[{}]}', b'{"x":"writeKey"}']
)
@pytest.mark.parametrize("path", ["/v1/batch", "/v1/track"])
def test_with_a_wrong_key_in_a_header_and_none_in_the_body_a_request_is_401(world, body, path):
    assert world.send(body, path=path, key="wk_wrong").status == 401
    assert world.bodies == []


OTHER_PLACES = {
    "a site's own password": {"headers": make_basic("stage:secret")},
    "a site's own token": {"headers": {"authorization": "Bearer eyJhbGciOiJIUzI1NiJ9"}},
    "a revoked key": {"headers": make_basic("wk_revoked:")},
    "another header": {"headers": {"x-write-key": "wk_wrong"}},
    "the query": {"query": {"writeKey": "wk_wrong"}},
    "all of them": {
        "headers": {**make_basic("stage:secret"), "x-write-key": "wk_wrong"},
        "query": {"writeKey": "wk_wrong"},
    },
}
RIGHT = {
    "batch": {"body": make_batch(writeKey="wk_test")},
    "event": {"body": make_batch(make_event(writeKey="wk_test"))},
    "later event": {"body": make_batch(make_event(), make_event(writeKey="wk_test"))},
    "single event": {"body": make_event(writeKey="wk_test"), "path": "/v1/track"},
    "escaped": {"body": b'{"batch":[{"type":"page","userId":"u"}],"write\\u004bey":"wk_test"}'},
}


@pytest.mark.parametrize("wrong", OTHER_PLACES)
@pytest.mark.parametrize("right", RIGHT)
def test_what_stands_in_other_places_does_not_prevent_the_search(world, wrong, right):
    world.keys["web"].append("wk_revoked")
    world.revoked = {"wk_revoked"}
    assert world.send(**{"key": None, **OTHER_PLACES[wrong], **RIGHT[right]}).status == 200
    assert (world.packs[0].source, world.blocked) == ("web", {})


def test_a_right_key_in_the_query_is_found_behind_a_wrong_one_in_a_header(world):
    assert world.send(key="wk_wrong", query={"writeKey": "wk_test"}).status == 200


def test_the_settings_of_an_sdk_are_found_behind_a_sites_own_password(world):
    path, headers = "/v1/projects/wk_test/settings", make_basic("stage:secret")
    assert world.send(method="GET", path=path, key=None, headers=headers).status == 200


@pytest.mark.parametrize("own", ["nobody", "wk_shop", "wk_revoked", "WK_TEST", "undefined"])
def test_an_event_whose_own_key_opens_another_source_or_none_is_blocked_alone(world, own):
    world.keys["web"].append("wk_revoked")
    world.revoked = {"wk_revoked"}
    world.take(
        make_event(messageId="a", writeKey="wk_test"), make_event(messageId="b", writeKey=own), make_event()
    )
    assert world.blocked == {1: ["foreign_write_key"]}
    assert world.events[1]["messageId"] == "b"
    assert not any("writeKey" in body or own in body for body in world.bodies)


def test_a_single_event_is_blocked_for_its_own_key_too(world):
    world.send(make_event(writeKey="wk_shop"), path="/v1/track")
    assert world.blocked == {0: ["foreign_write_key"]}


def test_a_foreign_event_is_blocked_for_its_other_faults_too(world):
    world.take(make_event(writeKey="nobody", userId=None))
    assert world.blocked == {0: ["foreign_write_key", "missing_identity"]}


def test_the_first_event_with_a_key_that_works_decides_whose_the_request_is(world):
    events = [make_event(writeKey=key) for key in ("nobody", "wk_shop", "wk_test", "wk_two")]
    assert world.send(make_batch(*events), key=None).status == 200
    assert world.packs[0].source == "shop"
    assert world.blocked == {0: ["foreign_write_key"], 2: ["foreign_write_key"]}


@pytest.mark.parametrize("nothing", [None, "", " ", "\u200b", 0, False, [], {}])
def test_an_event_without_a_key_of_its_own_is_its_requests(world, nothing):
    world.take({**make_event(), "writeKey": nothing})
    assert world.blocked == {}


@pytest.mark.parametrize("wrong", [1, True, ["wk_test"], {"wk_test": 1}])
def test_a_key_of_an_event_that_is_not_text_belongs_to_no_source(world, wrong):
    world.take({**make_event(), "writeKey": wrong}, {**make_event(), "writeKey": " wk_test\n"})
    assert world.blocked == {0: ["foreign_write_key"]}


def test_another_key_of_the_same_source_is_its_own(world):
    world.send(make_batch(make_event(writeKey="wk_two")), key="wk_shop")
    assert world.blocked == {}


def test_foreign_events_are_counted_by_their_reason(world):
    outcome = world.serve(make_gateway_event(make_batch(make_event(writeKey="nobody"), make_event())))
    assert (outcome.accepted, outcome.blocked) == (1, {"foreign_write_key": 1})


def test_nothing_is_stored_for_a_wrong_key(world):
    world.send(key="wk_wrong")
    assert world.bodies == []


def test_a_digest_is_the_sha256_of_the_key():
    assert digest_key("wk_test") == hashlib.sha256(b"wk_test").hexdigest()


def count_comparisons(ring, key):
    calls = []
    sys.setprofile(lambda _frame, kind, called: calls.append(called) if kind == "c_call" else None)
    ring.find_source([key], frozenset())
    sys.setprofile(None)
    return calls.count(compare_digest)


@pytest.mark.parametrize("key", ["k1", "k2", "k3", "none"])
def test_every_key_is_compared_in_constant_time(key):
    """Whichever key matches, and whether one does, as many comparisons are made."""
    ring = KeyRing({"a": [digest_key("k1"), digest_key("k2")], "b": [digest_key("k3")]})
    assert count_comparisons(ring, key) == 3


PLACES = {
    "batch": make_batch(writeKey="wk_test"),
    "event": make_batch(make_event(writeKey="wk_test")),
    "both, and another's": make_batch(make_event(writeKey="wk_shop"), writeKey="wk_test"),
    "a blocked event": make_batch(make_event(writeKey="wk_test", userId=None)),
    "an event that is too large": make_batch(make_event(writeKey="wk_test", properties={"x": "x" * 99_000})),
    "no text": make_batch(make_event(writeKey={"wk_test": "wk_test"}), writeKey="wk_test"),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_key_is_stored_from(world, place):
    world.send(PLACES[place], key=None)
    assert world.bodies
    assert not any("writeKey" in body or "wk_" in body for body in world.bodies)


def test_no_key_of_a_pixel_is_stored(world):
    world.send(method="GET", path="/pixel/v1/track", key=None, query="writeKey=wk_test&userId=1&event=e")
    assert "wk_test" not in world.bodies[0]
