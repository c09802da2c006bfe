"""Syncs that would get an event and must not: consent, and the client's `integrations`."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import orjson

from sluice.packs import Event
from sluice.routing.decide import KNOWN_DECISIONS, Decide, Decision, describe_routes

type Deny = Callable[[Event], Mapping[str, str]]
"""By slug, the syncs that must not get the event, and the reason."""


def skip_denied(decide: Decide, deny: Deny) -> Decide:
    """The same decisions without the routes to denied syncs; the archive line then has `skipped`."""

    def decide_allowed(event: Event) -> Decision:
        decision = decide(event)
        if decision.routes and (denied := deny(event)):
            skipped = tuple((sync, denied[sync]) for sync, _ in decision.routes if sync in denied)
            if skipped:
                return describe_skipped(decision.routes, tuple(dict.fromkeys(skipped)))
        return decision

    return decide_allowed


@lru_cache(maxsize=KNOWN_DECISIONS)
def describe_skipped(routes: tuple[tuple[str, str], ...], skipped: tuple[tuple[str, str], ...]) -> Decision:
    """The decision for the routes but those to the skipped syncs; `skipped` are (sync, reason)."""
    syncs = {sync for sync, _ in skipped}
    kept = describe_routes(tuple(route for route in routes if route[0] not in syncs))
    listed = orjson.dumps([{"sync": sync, "reason": reason} for sync, reason in skipped])
    return Decision(kept.routes, kept.verdict_json + b',"skipped":' + listed, skipped)
