"""Who the client is and how it reached us, where a CDN or another proxy stands in front of the API.

Each proxy adds the address of whoever connected to it at the right end of `X-Forwarded-For`; API Gateway
adds its own peer too. So with N trusted proxies the client is the N-th entry left of that peer. What stands
further left came with the request, and anybody can write it.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import quote

_BRACKETED = re.compile(r"\[([^\]]+)\](?::[0-9]+)?")
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]+")
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?\.?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.I
)
_PREFIX = re.compile(r"(?:/[\w.~%!$&'()*+;=:@-]+)*/?", re.ASCII)


def find_client_address(headers: Mapping[str, str], peer: str, hops: int) -> str:
    """The client's address, seen through `hops` trusted proxies; `peer` is who connected to the gateway.

    Also `peer` where the list is too short or its entry is not an address: never one that the client forged.
    """
    if not hops:
        return peer
    seen = _split(headers.get("x-forwarded-for", ""))
    if seen and _read_address(seen[-1]) == _read_address(peer):
        seen.pop()  # the gateway's own entry
    return (_read_address(seen[-hops]) if len(seen) >= hops else "") or peer


def find_base(headers: Mapping[str, str], prefix: str, hops: int) -> tuple[str, str]:
    """Scheme, and host with path prefix, as the client reached us; an implausible host is left out.

    `prefix` is the one of the path that arrived. `X-Forwarded-Host` and `X-Forwarded-Prefix` count where
    proxies are trusted; `X-Forwarded-Proto` always, because API Gateway itself writes it.
    """
    host, stripped, scheme = headers.get("host", ""), "", headers.get("x-forwarded-proto", "")
    if hops:
        forwarded = _last(headers.get("x-forwarded-host", ""))
        host = forwarded if _HOST.fullmatch(forwarded) else host
        stripped = headers.get("x-forwarded-prefix", "").strip()
        stripped = stripped.rstrip("/") if _PREFIX.fullmatch(stripped) else ""
        scheme = headers.get("cloudfront-forwarded-proto") or scheme  # CloudFront's word for its own client
    scheme = "http" if _last(scheme).lower() == "http" else "https"
    return scheme, (host if _HOST.fullmatch(host) else "") + stripped + quote(prefix, safe="/%:@!$&'()*+,;=~")


def _read_address(text: str) -> str:
    """An address in its usual form, without brackets and port; "" for anything else."""
    text = text.strip().strip('"')
    if match := _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text):
        text = match[1]
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if address.version == 4:
        return str(address)
    return "" if address.scope_id else str(address.ipv4_mapped or address)


def _split(values: str) -> list[str]:
    return [value.strip() for value in values.split(",") if value.strip()]


def _last(values: str) -> str:
    """The entry that the proxy nearest to us wrote."""
    return values.rpartition(",")[2].strip()
