"""`context.ip` and `context.userAgent`: of browsers and devices, of a server where the source says so."""

import base64

import orjson
import pytest

from tests.builders import make_batch, make_event

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
IP = "203.0.113.9"

CLIENTS = {
    "a browser by its user agent": {"user_agent": BROWSER},
    "a browser by its origin": {"headers": {"origin": "https://shop.example"}},
    "a device": {"body": make_batch(make_event(context={"device": {"id": "d-1"}}), context={"ip": None})},
    "a device, told by the batch": {"body": make_batch(context={"device": {"id": "d-1"}})},
    "RudderStack's web channel": {"body": make_batch(make_event(channel="web"))},
    "RudderStack's mobile channel": {"body": make_batch(make_event(channel="mobile"))},
    "a pixel": {"method": "GET", "path": "/pixel/v1/page", "query": "userId=u", "body": b""},
    "a data pixel": {
        "method": "GET",
        "path": "/v1/pixel/track",
        "query": {"data": base64.b64encode(orjson.dumps(make_event())).decode()},
        "body": b"",
    },
}
SERVERS = {
    "Python": {"user_agent": "python-requests/2.32"},
    "Node, whose fetch sends sec-fetch-mode": {"user_agent": "node", "headers": {"sec-fetch-mode": "cors"}},
    "nothing told": {"user_agent": ""},
    "RudderStack's server channel": {"body": make_batch(make_event(channel="server"))},
    "a server that tells of a device": {
        "body": make_batch(make_event(channel="server", context={"device": {"id": "d-1"}}))
    },
    "a device that is not an object": {"body": make_batch(make_event(context={"device": "phone"}))},
}


def stamp(world, **request):
    world.send(**{"body": make_batch(), "ip": IP, **request})
    context = world.events[0]["context"]
    return context.get("ip"), context.get("userAgent")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_is_stamped(world, client):
    request = {"user_agent": "app/1.0", **CLIENTS[client]}
    assert stamp(world, **request) == (IP, request["user_agent"])


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_is_not_stamped(world, server):
    assert stamp(world, **SERVERS[server]) == (None, None)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_is_stamped_where_the_source_says_always(world, server):
    world.collect_ip = "always"
    assert stamp(world, **SERVERS[server])[0] == IP


@pytest.mark.parametrize("client", CLIENTS)
def test_no_address_is_collected_where_the_source_says_never(world, client):
    world.collect_ip = "never"
    assert stamp(world, **CLIENTS[client])[0] is None


def test_where_the_source_says_never_no_address_is_stored_anywhere(world):
    world.collect_ip = "never"
    stamp(world, user_agent=BROWSER)
    assert IP not in world.bodies[0]


def test_what_an_event_says_of_its_client_stays(world):
    event = make_event(context={"ip": "192.0.2.1", "userAgent": "own"})
    assert stamp(world, body=make_batch(event), user_agent=BROWSER) == ("192.0.2.1", "own")


def test_what_the_batch_says_of_its_client_stays(world):
    body = make_batch(context={"ip": "192.0.2.1", "userAgent": "own"})
    assert stamp(world, body=body, user_agent=BROWSER) == ("192.0.2.1", "own")


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_address_is_a_missing_one(world, nothing):
    event = make_event(context={"ip": nothing, "userAgent": nothing})
    assert stamp(world, body=make_batch(event), user_agent=BROWSER) == (IP, BROWSER)


def test_the_pack_says_who_sent_the_request(world):
    world.send(ip=IP, user_agent="app/1.0")
    assert world.packs[0].client == {"ip": IP, "user_agent": "app/1.0"}


def test_a_long_user_agent_is_cut(world):
    assert len(stamp(world, user_agent="Mozilla/5.0 " + "x" * 9999)[1]) == 512


@pytest.mark.parametrize("odd", ["\ud800", "\ufffe", "\uffff"])
def test_a_user_agent_holds_nothing_that_cannot_be_stored(world, odd):
    assert stamp(world, user_agent="Mozilla/5.0 " + odd)[1] == "Mozilla/5.0 \ufffd"
