"""What events have by the event spec, so that a contract over the whole payload need not declare it."""

from collections.abc import Sequence
from typing import Any

FIELDS = (
    *("type", "event", "name", "category", "userId", "anonymousId", "groupId", "previousId"),
    *("messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "integrations"),
    *("channel", "version", "_metadata", "_sluice"),
)
"""Top-level fields of clients and of ingest. `context` and the data of the type are told apart."""

CONTEXT = (
    *("active", "app", "campaign", "clientIds", "consent", "device", "direct", "externalIds", "groupId"),
    *("ip", "library", "locale", "location", "network", "os", "page", "protocols", "referrer", "screen"),
    *("sessionId", "sessionStart", "timezone", "traits", "userAgent", "userAgentData"),
)
"""What SDKs put into `context`."""

ALWAYS = ("consent",)
"""Never left out of `context`: without it an event would be sent to whom its user refused."""

DATA_KEYS = {
    "track": "properties",
    "page": "properties",
    "screen": "properties",
    "alias": "properties",
    "identify": "traits",
    "group": "traits",
}
"""By event type: where the data is that contracts are about."""


def admit(key: str, path: Sequence[str], *, scope: str, include_built_in_context: bool) -> dict[str, Any]:
    """A schema that declares what needs no declaration; `path` is that of the schema's version.

    `scope` is `data` (what is in `key`) or `payload` (the whole event).
    """
    if scope == "data":
        return nest(path[1:]) if path[:1] == (key,) else {}
    context = dict.fromkeys(CONTEXT if include_built_in_context else ALWAYS, True)
    fields: dict[str, Any] = dict.fromkeys((*FIELDS, key), True)
    return merge({"properties": {**fields, "context": {"properties": context}}}, nest(path))


def nest(path: Sequence[str]) -> dict[str, Any]:
    """A schema that declares one field, at a path."""
    return {"properties": {path[0]: nest(path[1:]) or True}} if path else {}


def merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """A schema of nested `properties` that declares what either does."""
    fields = dict(first.get("properties", {}))
    for name, schema in second.get("properties", {}).items():
        known = fields.get(name, True)
        both = isinstance(known, dict) and isinstance(schema, dict)
        fields[name] = merge(known, schema) if both else fields.get(name, schema)
    return {"properties": fields} if fields else {}
