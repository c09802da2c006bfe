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
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_PLACEHOLDER = re.compile("[<>{}$]")
MAX_HOST, MAX_LABEL = 253, 63
# Names under these are never in DNS (RFC 6761, 7686, 9476). `.test` and `.example` may be in a private one.
_NEVER_RESOLVED = frozenset({"invalid", "onion", "alt"})

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
        raise ValueError(
            "spaces, control, non-ASCII and backslash characters must be percent-encoded; "
            "an international host is written as xn--…"
        )
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
    elif fault := find_host_fault(host):
        raise ValueError(fault)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path)


def find_host_fault(host: str) -> str | None:
    """Why a URL's host, in lower case and without brackets, can never be resolved; None where it may be."""
    if not host:
        return "the host is missing: write https://HOST/PATH"
    if _PLACEHOLDER.search(host):
        return f"the host {host!r} is a placeholder: write the real name"
    if host.endswith("."):
        return f"the host {host!r} ends in a dot: leave it out"
    if len(host) > MAX_HOST:
        return f"the host has {len(host)} characters: DNS takes {MAX_HOST} at most"
    labels = host.split(".")
    if _is_number(labels[-1]):
        is_address = len(labels) <= 4 and all(map(_is_number, labels)) and _fits(labels)
        return None if is_address else f"the host {host!r} looks like an IPv4 address, but is not one"
    if len(labels) == 1 and host != "localhost":
        return f"the host {host!r} has no domain: write the full name, such as {host}.example.com"
    if labels[-1] in _NEVER_RESOLVED:
        return f"names under .{labels[-1]} never resolve: write the real name"
    return next(filter(None, map(_find_label_fault, labels)), None)


def _find_label_fault(label: str) -> str | None:
    if not label:
        return "the host has two dots in a row, or begins with one"
    if len(label) > MAX_LABEL:
        return f"{label[:20]!r}… in the host has {len(label)} characters: DNS takes {MAX_LABEL} between dots"
    if not _LABEL.fullmatch(label):
        return f"{label!r} in the host is not valid: use letters, digits and hyphens, no hyphen at either end"
    if label.startswith("xn--") and not _is_punycode(label[4:]):
        return f"{label!r} in the host is not a valid international name"
    return None


def _is_punycode(text: str) -> bool:
    """Whether `text` decodes to a name that is not plain ASCII: only such a name is written so."""
    try:
        name = text.encode().decode("punycode")
        return not name.isascii() and name.encode("punycode").decode() == text
    except UnicodeError:
        return False


def _is_number(label: str) -> bool:
    """As resolvers read it: decimal, octal or, after 0x, hexadecimal."""
    return bool(re.fullmatch(r"[0-9]+|0x[0-9a-f]+", label))


def _fits(parts: list[str]) -> bool:
    """Whether numbers are an IPv4 address in a form that resolvers take: the last one fills the rest."""
    try:
        numbers = [int(part, 16) if part[:2] == "0x" else _read_decimal(part) for part in parts]
    except ValueError:  # an 8 or 9 in an octal number
        return False
    return all(number < 256 for number in numbers[:-1]) and numbers[-1] < 256 ** (5 - len(numbers))


def _read_decimal(part: str) -> int:
    return int(part, 8 if part[0] == "0" else 10)


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
