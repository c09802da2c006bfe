"""The client's address and URL behind proxies, whatever stands in their headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.ingest.proxies import find_client_address
from tests.builders import make_event
from tests.unit.ingest.world import World

EDGE = "130.176.0.9"  # a CDN's server, which connects to the gateway
CLIENT = "203.0.113.8"


def see(forwarded, hops, peer=EDGE):
    return find_client_address({"x-forwarded-for": forwarded}, peer, hops)


@pytest.mark.parametrize("forwarded", ["", CLIENT, f"192.0.2.66, {CLIENT}, {EDGE}", "nonsense"])
def test_without_trusted_proxies_the_client_is_whoever_connects(forwarded):
    assert see(forwarded, 0) == EDGE


@pytest.mark.parametrize(
    ("forwarded", "hops"),
    [
        (f"{CLIENT}, {EDGE}", 1),
        (f"{CLIENT},{EDGE}", 1),
        (f"192.0.2.66, {CLIENT}, {EDGE}", 1),
        (f"192.0.2.66, 192.0.2.67,, {CLIENT} ,\t{EDGE} ", 1),
        (f"{CLIENT}, 10.0.0.7, {EDGE}", 2),
        (f"192.0.2.66, {CLIENT}, 10.0.0.7, {EDGE}", 2),
        (f"192.0.2.66, {CLIENT}, 10.0.0.7, 10.0.0.8, {EDGE}", 3),
        (f"{CLIENT}", 1),
        (f"192.0.2.66, {CLIENT}", 1),
    ],
)
def test_each_trusted_proxy_is_one_entry_further_left(forwarded, hops):
    """The last two: a front door that does not add its own peer."""
    assert see(forwarded, hops) == CLIENT


@pytest.mark.parametrize(
    ("forwarded", "hops"),
    [("", 1), (EDGE, 1), (f"{CLIENT}, {EDGE}", 2), (f"a, {CLIENT}, {EDGE}", 3), (", ,", 1)],
)
def test_a_list_that_is_too_short_gives_no_address_that_only_the_client_names(forwarded, hops):
    assert see(forwarded, hops) == EDGE


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.8:52011", CLIENT),
        ("2001:db8::8", "2001:db8::8"),
        ("2001:DB8:0:0:0:0:0:8", "2001:db8::8"),
        ("[2001:db8::8]", "2001:db8::8"),
        ("[2001:db8::8]:52011", "2001:db8::8"),
        ('"[2001:db8::8]:52011"', "2001:db8::8"),
        ("::ffff:203.0.113.8", CLIENT),
    ],
)
def test_an_entry_is_read_in_every_form_that_proxies_write(entry, address):
    assert see(f"192.0.2.66, {entry}, {EDGE}", 1) == address


@pytest.mark.parametrize(
    "entry",
    [
        "unknown",
        "_hidden",
        "203.0.113",
        "203.0.113.8.9",
        "0xcb.0.113.8",
        "fe80::1%eth0",
        "[::1",
        "::1]:80",
        "٣.1.1.1",
    ],
)
def test_an_entry_that_is_not_an_address_counts_but_is_not_taken(entry):
    assert see(f"{CLIENT}, {entry}, {EDGE}", 1) == EDGE


def test_a_peer_with_ipv6_is_recognised_in_another_form():
    assert see(f"{CLIENT}, 2600:9000:0::1", 1, peer="2600:9000::1") == CLIENT


@given(st.text(st.characters(codec="latin-1"), max_size=60), st.integers(1, 3))
def test_what_a_client_writes_never_becomes_its_address(forged, hops):
    trusted = ["198.51.100.1", "198.51.100.2", "198.51.100.3"][:hops]
    assert see(", ".join([forged, *trusted, EDGE]), hops) == trusted[0]


def test_the_address_behind_a_proxy_is_the_one_of_the_event_and_of_its_pack():
    world = World(hops=1)
    world.send(
        {"batch": [make_event(channel="web")]},
        ip=EDGE,
        headers={"x-forwarded-for": f"6.6.6.6, {CLIENT}, {EDGE}"},
    )
    assert world.events[0]["context"]["ip"] == CLIENT
    assert world.packs[0].client["ip"] == CLIENT


def ask(hops=0, path="/v1/projects/wk_test/settings", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = World(hops=hops).send(
        method="GET", path=path, key=None, headers={"host": "api.example", **headers}
    )
    settings = answer.json["integrations"]["Segment.io"]
    return f"{settings['protocol']}://{settings['apiHost']}"


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({}, "https://api.example/v1"),
        ({"x_forwarded_proto": "https"}, "https://api.example/v1"),
        ({"x_forwarded_proto": "http", "host": "127.0.0.1:4566"}, "http://127.0.0.1:4566/v1"),
        ({"x_forwarded_proto": "ftp"}, "https://api.example/v1"),
        ({"host": "[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443/v1"),
        ({"x_forwarded_host": "evil.example", "x_forwarded_prefix": "/evil"}, "https://api.example/v1"),
        ({"cloudfront_forwarded_proto": "http"}, "https://api.example/v1"),
    ],
)
def test_settings_name_the_url_by_which_the_client_came(headers, url):
    assert ask(**headers) == url


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"x_forwarded_host": "events.example"}, "https://events.example/v1"),
        (
            {"x_forwarded_host": "events.example:8443", "x_forwarded_proto": "http"},
            "http://events.example:8443/v1",
        ),
        ({"x_forwarded_host": "evil.example, events.example"}, "https://events.example/v1"),
        ({"x_forwarded_host": "evil.example/x"}, "https://api.example/v1"),
        ({"x_forwarded_host": "a b"}, "https://api.example/v1"),
        ({"x_forwarded_prefix": "/cdn/"}, "https://api.example/cdn/v1"),
        ({"x_forwarded_prefix": "//evil.example"}, "https://api.example/v1"),
        ({"x_forwarded_prefix": "cdn?x"}, "https://api.example/v1"),
        ({"x_forwarded_proto": "https", "cloudfront_forwarded_proto": "http"}, "http://api.example/v1"),
    ],
)
def test_a_trusted_proxy_says_by_which_url_the_client_came(headers, url):
    assert ask(hops=1, **headers) == url


def test_the_prefix_in_the_settings_is_a_path_that_can_be_sent():
    assert ask(path="/a b/ü/v1/projects/wk_test/settings") == "https://api.example/a%20b/%C3%BC/v1"
