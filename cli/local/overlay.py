"""What local development changes in a compiled workspace: known write keys, and no call to a vendor."""

import hashlib
import ipaddress
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from sluice.destinations import load_declaration
from sluice.destinations.declaration import list_url_secrets

URL_SETTINGS = {"braze": "endpoint", "http": "url", "rudderstack": "data_plane_url", "slack": "api_url"}
"""The setting of each kind that says where its requests go."""
NAME_SETTINGS = {"braze": "instance"}
"""The setting that says the same by a name, where a kind has one: beside a URL it is not allowed."""

KEY_COUNT = 1024
KEY_ID = "local-development"


def overlay_workspace(sink_url: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Adds each source's development key and turns destinations that call a URL to the sink, in a copy."""

    def overlay(workspace: dict[str, Any]) -> dict[str, Any]:
        changed = deepcopy(workspace)
        for source, key in development_keys(changed["sources"]).items():
            digest = hashlib.sha256(key.encode()).hexdigest()
            changed["sources"][source]["keys"].append({"id": KEY_ID, "sha256": digest, "revoked": False})
        for name, destination in changed["destinations"].items():
            kind, settings = destination["kind"], destination["settings"]
            if setting := URL_SETTINGS.get(kind):
                url = settings.get(setting) or find_default(kind, setting)
                settings[setting] = redirect_url(url, f"{sink_url}/{name}")
                settings.pop(NAME_SETTINGS.get(kind), None)
        return changed

    return overlay


def find_default(kind: str, setting: str) -> str:
    """What a setting is where the workspace leaves it out; empty where it has no default."""
    default: str | None = load_declaration(kind).settings.model_fields[setting].default
    return default or ""


def redirect_url(url: str, sink: str) -> str:
    """`https://crm.example.com/events?a=b` becomes `<sink>/events?a=b`; loopback addresses stay."""
    parts = urllib.parse.urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return url
    return f"{sink}{parts.path}{'?' if parts.query else ''}{parts.query}"


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def development_keys(sources: Iterator[str] | dict[str, Any] | list[str]) -> dict[str, str]:
    """The write key of each source. It comes from the source's name, one of a fixed set known to everybody.

    Where two names meet on one number the later in the alphabet takes the next free one.
    """
    names = sorted(sources)
    if len(names) > KEY_COUNT:
        raise ValueError(f"no more than {KEY_COUNT} sources have a development key")
    keys: dict[int, str] = {}
    for name in names:
        number = zlib.crc32(name.encode()) % KEY_COUNT
        while number in keys:
            number = (number + 1) % KEY_COUNT
        keys[number] = name
    return {name: _key(number) for number, name in keys.items()}


def is_development_key_digest(digest: str) -> bool:
    """Whether a SHA-256 in hex is that of a development key, of whatever source."""
    return digest.lower() in _DIGESTS


def find_secrets(workspace: dict[str, Any]) -> list[tuple[str, str]]:
    """`(destination, reference)` of every secret the destinations name, such as `("crm", "ssm:token")`."""
    return [
        (name, reference)
        for name, destination in workspace["destinations"].items()
        for reference in _references(destination["settings"])
    ]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("secret"), str):
            yield value["secret"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
    elif isinstance(value, str) and "://" in value:
        yield from (secret.secret for secret in list_url_secrets(value).values())


def _key(number: int) -> str:
    return f"dev_{number:04d}_for_local_development_only"


_DIGESTS = frozenset(hashlib.sha256(_key(number).encode()).hexdigest() for number in range(KEY_COUNT))
