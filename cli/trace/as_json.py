"""What `sluice trace --json` prints; docs/trace.md describes the shape, which only grows."""

from dataclasses import asdict
from typing import Any

from cli.cost.prices import PriceTable
from cli.preview.as_json import describe_filter
from cli.status.queues import SyncNow
from cli.trace.decided import TypeDecision
from cli.trace.fate import Fate
from cli.trace.story import Arrival, Story
from sluice.times import format_time


def describe_story(story: Story, prices: PriceTable) -> dict[str, Any]:
    requests, transfer = story.scan.price(prices)
    return {
        "message_id": story.message_id,
        "stack": story.stack,
        "found": story.is_found,
        "told_at": format_time(story.told_at.timestamp()),
        "searched": {
            "since": format_time(story.range.since.timestamp()),
            "until": format_time(story.range.end.timestamp()),
            "objects": story.scan.objects,
            "bytes": story.scan.scanned,
            "requests_usd": requests,
            "transfer_usd": transfer,
            "prices_of": str(prices.date),
        },
        "arrivals": [_describe_arrival(arrival) for arrival in story.arrivals],
        "fates": [_describe_fate(fate) for fate in story.fates],
        "syncs_now": {sync: _describe_sync(now) for sync, now in story.now.items()},
        "unrouted": [
            {key: pack[key] for key in ("pack_id", "source", "reason", "detail", "died_at")}
            for pack in story.unrouted
        ],
    }


def _describe_arrival(arrival: Arrival) -> dict[str, Any]:
    line, explainer = arrival.line, arrival.explainer
    return {
        "received_at": arrival.received_at,
        "source": line["source"],
        "pack_id": line["pack_id"],
        "n": line["n"],
        "replay": arrival.replay,
        "verdict": arrival.verdict,
        "reasons": line["reasons"],
        "violations": line.get("violations"),
        "workspace": explainer.decided,
        "explained_by": explainer.origin,
        "explained_exactly": explainer.is_exact,
        "decisions": [_describe_decision(decision) for decision in arrival.decisions],
        "event": line["event"],
    }


def _describe_decision(decision: TypeDecision) -> dict[str, Any]:
    return {
        "sync": decision.sync,
        "destination": decision.destination or None,
        "event_type": decision.type,
        "taken": decision.taken,
        "why": decision.why,
        "filter_matches": decision.filter_matches,
        "failed": [describe_filter(condition) for condition in decision.failed],
    }


def _describe_fate(fate: Fate) -> dict[str, Any]:
    return {
        "sync": fate.sync,
        "event_type": fate.type,
        "replay": fate.replay,
        "state": fate.state.value,
        "since": fate.since,
        "next_at": fate.next_at,
        "reason": fate.reason,
        "attempts": list(fate.attempts),
        "letters": list(fate.letters),
    }


def _describe_sync(now: SyncNow) -> dict[str, Any]:
    return {
        "queue": now.queue.total,
        "dlq": now.dlq.total,
        "paused": now.paused,
        "breaker": None if now.breaker is None else asdict(now.breaker),
    }
