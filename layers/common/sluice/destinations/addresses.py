"""Where a destination's URL may lead: what is refused before and after its name is resolved.

Names are no protection (`127.1`, `0x7f.1` and any name may resolve to a private address), so the rule stands
on the resolved address, and the connection goes to exactly the address that was checked.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

MAX_URL = 2048
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")

# What `is_global` takes for public although it reaches, or may reach, something else.
_DISGUISED: tuple[tuple[IPv4Network | IPv6Network, str], ...] = (
    (ip_network("168.63.129.16/32"), "a cloud's metadata address"),
    (ip_network("192.88.99.0/24"), "a 6to4 relay"),
    (ip_network("2002::/16"), "a 6to4 address"),
    (ip_network("2001::/32"), "a Teredo address"),
    (ip_network("3fff::/20"), "a documentation address"),
)
# All that is given out of IPv6; outside of it are NAT64, IPv4 in every disguise and whatever comes.
_GLOBAL_UNICAST = ip_network("2000::/3")
# What `AllowPrivateDestinations` opens, for a local stack or a VPC of one's own; metadata is never opened.
_PRIVATE = tuple(
    ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
_METADATA = ip_network("fd00:ec2::/32")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart once: `host` without brackets, `path` with its query, as the request line has it."""

    scheme: str
    host: str
    port: int
    path: str


@lru_cache(maxsize=256)
def parse_target(url: str, *, allow_http: bool = False) -> Target:
    """The parts of a destination's URL. Raises ValueError that says what is wrong with it."""
    if len(url) > MAX_URL:
        raise ValueError(f"longer than {MAX_URL} characters")
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        raise ValueError("spaces, control, non-ASCII and backslash characters must be percent-encoded")
    parts = urlsplit(url)  # raises ValueError for brackets that hold no IPv6 address
    if parts.scheme not in ({"https", "http"} if allow_http else {"https"}):
        raise ValueError("only https is allowed")
    if "@" in parts.netloc:
        raise ValueError("a user name or password in a URL is not allowed: use a header with a secret")
    if parts.fragment:
        raise ValueError("a fragment (#…) is never sent")
    host = parts.hostname or ""
    if "[" in parts.netloc:
        IPv6Address(host)  # no zone (%eth0), no IPvFuture
        if "%" in host:
            raise ValueError("an address with a zone is not allowed")
    elif not _HOST.fullmatch(host):
        raise ValueError("the host is no name or address")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path)


def refuse_address(text: str, *, allow_private: bool = False) -> str | None:
    """Why no call may go to a resolved address, or None for one that may be called."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return "no IP address"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if allow_private and _is_private(address):
        return None
    for network, name in _DISGUISED:
        if address in network:
            return name
    if address.is_multicast:
        return "a multicast address"
    if address.is_link_local:
        return "a link-local address"
    if not address.is_global or (address.version == 6 and address not in _GLOBAL_UNICAST):
        return "a private, mapped or reserved address"
    return None


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    return address not in _METADATA and any(address in network for network in _PRIVATE)
