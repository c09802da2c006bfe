import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.destinations.addresses import find_host_fault, parse_target, refuse_address

REFUSED = [
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::127.0.0.1",
    "::169.254.169.254",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "3fff::1",
    "5f00::1",
    "::ffff:0:127.0.0.1",
    "nonsense",
    "1.2.3",
    "1.2.3.4.5",
]

ALLOWED = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "52.94.236.248",
    "99.255.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e",
    "::ffff:8.8.8.8",
]

METADATA = ["169.254.169.254", "169.254.170.2", "168.63.129.16", "fd00:ec2::254", "::ffff:169.254.169.254"]


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused(address):
    assert refuse_address(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_what_is_public_may_be_called(address):
    assert refuse_address(address) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "172.20.0.1", "fd12::1"])
def test_private_addresses_are_opened_for_a_local_stack(address):
    assert refuse_address(address, allow_private=True) is None


@pytest.mark.parametrize("address", [*METADATA, "224.0.0.1", "0.1.2.3", "::", "fe80::1", "64:ff9b::7f00:1"])
def test_metadata_and_multicast_are_never_opened(address):
    assert refuse_address(address, allow_private=True)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_passes_that_is_not_global(address):
    assert refuse_address(str(address)) or (address.is_global and not address.is_multicast)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_passes_that_is_not_global(address):
    assert refuse_address(str(address)) or (address.is_global and not address.is_multicast)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_what_it_maps(address):
    assert refuse_address(f"::ffff:{address}") == refuse_address(str(address))


@given(
    st.ip_addresses(v=4),
    st.sampled_from(["64:ff9b::/96", "::/96", "2002::/16", "2001::/32", "64:ff9b:1::/48"]),
    st.integers(0, 2**112 - 1),
)
def test_no_ipv4_address_hides_in_an_ipv6_one(address, prefix, noise):
    network = ip_network(prefix)
    shift = 80 if prefix == "2002::/16" else 0
    number = int(network.network_address) | int(address) << shift | noise & ((1 << shift) - 1)
    assert refuse_address(str(IPv6Address(number)))


@given(st.text())
def test_no_text_breaks_the_check(text):
    try:
        ip_address(text)
    except ValueError:
        assert refuse_address(text) or "%" in text


def test_a_url_is_taken_apart():
    target = parse_target("https://CRM.example:8443/a/b?c=d%20e&f")
    assert (target.scheme, target.host, target.port, target.path) == (
        "https",
        "crm.example",
        8443,
        "/a/b?c=d%20e&f",
    )
    assert parse_target("https://crm.example").path == "/"
    assert parse_target("https://crm.example?x=1").path == "/?x=1"
    assert parse_target("https://[2606:4700::1]/").host == "2606:4700::1"
    assert parse_target("https://1.2.3.4/").port == 443


def test_plain_http_is_for_local_stacks():
    with pytest.raises(ValueError, match="only https"):
        parse_target("http://crm.example/")
    assert parse_target("http://crm.example/", allow_http=True).port == 80


@given(st.text(st.characters(codec=None), max_size=60))
def test_a_url_is_parsed_or_refused(text):
    for url in (text, f"https://{text}", f"https://crm.example/{text}"):
        try:
            target = parse_target(url, allow_http=True)
        except ValueError:
            continue
        assert target.host
        assert target.path.startswith("/")
        assert target.path.isascii()
        assert not set(target.path) & set(" \r\n\t\\")


@given(st.ip_addresses())
def test_an_address_in_a_url_is_its_host(address: IPv4Address | IPv6Address):
    host = f"[{address}]" if address.version == 6 else str(address)
    assert ip_address(parse_target(f"https://{host}/").host) == address


NEVER_RESOLVED = {
    "crm..example.com": "two dots",
    ".crm.example.com": "begins with one",
    "crm.example.com.": "ends in a dot",
    "-crm.example.com": "hyphen",
    "crm-.example.com": "hyphen",
    "crm.exa!mple.com": "letters, digits and hyphens",
    "crm%2eexample.com": "letters, digits and hyphens",
    "a" * 64 + ".example.com": "64 characters",
    ".".join(["a" * 50] * 5) + ".com": "258 characters",
    "crm.invalid": ".invalid",
    "CRM.Invalid": ".invalid",
    "abc.onion": ".onion",
    "crm.alt": ".alt",
    "<your-host>": "placeholder",
    "{host}": "placeholder",
    "crm.{region}.example.com": "placeholder",
    "${HOST}": "placeholder",
    "crm": "no domain",
    "TODO": "no domain",
    "1.2.3.4.5": "not one",
    "256.1.1.1": "not one",
    "1.2.70000": "not one",
    "4294967296": "not one",
    "0x100000000": "not one",
    "1.2.3.08": "not one",
    "crm.example.123": "not one",
    "crm.0x1f": "not one",
    "xn--.example.com": "hyphen",
    "xn--zzzzzzzz99999999.example.com": "international name",
}


@pytest.mark.parametrize(("host", "fault"), NEVER_RESOLVED.items())
def test_a_host_that_can_never_resolve_is_refused_with_what_is_wrong(host, fault):
    with pytest.raises(ValueError, match=re.escape(fault)):
        parse_target(f"https://{host}/events")


@pytest.mark.parametrize(
    "host",
    [
        "crm.example",
        "crm.test",
        "crm.internal",
        "crm.local",
        "localhost",
        "a_b.example.com",
        "_dmarc.example.com",
        "a--b.example.com",
        "3m.com",
        "1.2.3.4.example.com",
        "xn--bcher-kva.example",
        "xn--80akhbyknj4f.xn--p1ai",
        "a" * 63 + ".example.com",
        "127.1",
        "1.2.3",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "your-server.de",
    ],
)
def test_a_host_that_may_resolve_is_left_to_dns(host):
    assert parse_target(f"https://{host}/").host == host


@given(st.from_regex(r"[a-z0-9._-]{1,70}", fullmatch=True))
def test_every_host_that_passes_is_one_that_python_resolves(host):
    if find_host_fault(host) is None:
        assert host.encode("idna").decode() == host


@given(st.from_regex(r"(0x[0-9a-f]{1,9}|[0-9]{1,11})(\.(0x[0-9a-f]{1,3}|[0-9]{1,4})){0,4}", fullmatch=True))
def test_numbers_are_a_host_where_they_are_an_address_to_a_resolver(host):
    try:
        socket.inet_aton(host)
    except OSError:
        assert find_host_fault(host)
    else:
        assert find_host_fault(host) is None
