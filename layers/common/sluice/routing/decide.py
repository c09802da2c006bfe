"""Which event types of which syncs take an event. Compiled once from the workspace, then run per event."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from sluice.filters import Test, compile_filter
from sluice.packs import Event

CATCH_ALL = "custom_event"  # without a filter it takes what no other type of its sync matched
KNOWN_DECISIONS = 1024  # decisions kept; clients' events choose which occur


@dataclass(slots=True, frozen=True)
class Decision:
    """What takes an event: (sync, event type) pairs, and the archive line's fields that say so.

    `skipped` are the syncs that would have got it and must not, with the reason (`skip.py`).
    """

    routes: tuple[tuple[str, str], ...]
    verdict_json: bytes
    skipped: tuple[tuple[str, str], ...] = ()


type Decide = Callable[[Event], Decision]


def compile_decisions(workspace: Mapping[str, Any], now: Callable[[], float]) -> dict[str, Decide]:
    """By source: a function from an event to its decision; `now` gives epoch time. Retired syncs are out."""
    active = {slug: sync for slug, sync in workspace["syncs"].items() if not sync["retired"]}
    return {
        source: compile_source({slug: sync for slug, sync in active.items() if sync["source"] == source}, now)
        for source in workspace["sources"]
    }


def compile_source(syncs: Mapping[str, Mapping[str, Any]], now: Callable[[], float]) -> Decide:
    """The decision for events of one source. Every type with a filter is looked at on its own.

    Which types took an event is a set of bits, so that events that go the same way share one Decision.
    """
    routes: list[tuple[str, str]] = []
    compiled: list[tuple[list[tuple[Test, int]], int]] = []
    for slug, sync in syncs.items():
        tests: list[tuple[Test, int]] = []
        rest = 0
        for event_type in sync["event_types"]:
            bit = 1 << len(routes)
            routes.append((slug, event_type["type"]))
            if event_type["type"] == CATCH_ALL and event_type["filter"] is None:
                rest |= bit
            else:
                tests.append((compile_filter(event_type["filter"], now=now), bit))
        compiled.append((tests, rest))

    @lru_cache(maxsize=KNOWN_DECISIONS)
    def describe(bits: int) -> Decision:
        return describe_routes(tuple(route for at, route in enumerate(routes) if bits >> at & 1))

    def decide(event: Event) -> Decision:
        bits = 0
        for tests, rest in compiled:
            taken = 0
            for test, bit in tests:
                if test(event):
                    taken |= bit
            bits |= taken or rest
        return describe(bits)

    return decide


def describe_routes(routes: tuple[tuple[str, str], ...]) -> Decision:
    syncs = orjson.dumps([{"sync": sync, "type": name} for sync, name in routes])
    return Decision(routes, b'"verdict":"accepted","reasons":[],"syncs":' + syncs)


def restrict(decide: Decide, syncs: Collection[str]) -> Decide:
    """The same decisions, of which only the routes to these syncs are left: for a replay of some syncs."""
    known: dict[tuple[tuple[str, str], ...], Decision] = {}

    def decide_for_some(event: Event) -> Decision:
        routes = decide(event).routes
        if routes not in known:
            known[routes] = describe_routes(tuple(route for route in routes if route[0] in syncs))
        return known[routes]

    return decide_for_some


NOBODY = describe_routes(())


def decide_nobody(_event: Event) -> Decision:
    """For events whose source has left the workspace since ingest took them: archived, sent nowhere."""
    return NOBODY
