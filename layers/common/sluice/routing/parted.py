"""What takes an event whose syncs do not all see the same of it; how they came to that is `per_sync.py`."""

from collections.abc import Mapping, Sequence

from sluice.packs import Event
from sluice.routing.decide import Decide, Decision, describe_routes
from sluice.routing.govern import Governed
from sluice.routing.skip import describe_skipped


def decide_parted(governed: Governed, decide: Decide) -> tuple[Decision, Mapping[str, Event]]:
    """What takes an event whose syncs do not all see the same, and the copies of those that see another."""
    decision = decide(governed.event)
    if governed.sync:
        return _pick([(governed.sync, decision)], ()), {}
    seen: list[tuple[str, Decision]] = []
    skipped: list[tuple[str, str]] = []
    changed: dict[str, Event] = {}
    others = dict.fromkeys(sync for sync, _ in (*decision.routes, *decision.skipped))
    seen += [(sync, decision) for sync in others if sync not in governed.copies]
    for sync, copy in governed.copies.items():
        if copy.event is not None:
            seen.append((sync, decide(copy.event)))
            if copy.event is not governed.event:
                changed[sync] = copy.event
        elif copy.reason:
            skipped.append((sync, copy.reason))
    return _pick(seen, skipped), changed


def _pick(seen: Sequence[tuple[str, Decision]], skipped: Sequence[tuple[str, str]]) -> Decision:
    """Of each sync what its own decision says, and the syncs that are skipped besides."""
    routes = tuple(route for sync, decision in seen for route in decision.routes if route[0] == sync)
    denied = [pair for sync, decision in seen for pair in decision.skipped if pair[0] == sync]
    told = (*denied, *skipped)
    return describe_skipped(routes, told) if told else describe_routes(routes)
