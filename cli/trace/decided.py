"""Which event types took an event, as the archive says, and why, as the workspace that decided says.

What happened is the archive line's `syncs`; the workspace only explains it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.trace.scan import Line
from sluice.explain.filters import ConditionVerdict, explain_filter, find_decisive
from sluice.packs import Event
from sluice.routing.decide import CATCH_ALL
from sluice.times import parse_time


@dataclass(frozen=True, slots=True)
class TypeDecision:
    """One event type of a sync. `failed` are the conditions that kept the event from it.

    `filter_matches` is None where no filter decided.
    """

    sync: str
    type: str
    taken: bool
    why: str
    destination: str = ""
    filter_matches: bool | None = None
    failed: tuple[ConditionVerdict, ...] = ()


def explain_line(line: Line, compiled: Mapping[str, Any] | None) -> list[TypeDecision]:
    """Every event type of the syncs that take from the line's source, in the workspace's order.

    Without a workspace, and for types that it does not have (any more), those that took the event.
    """
    routed = [(route["sync"], route["type"]) for route in line["syncs"]]
    syncs = {} if compiled is None else compiled["syncs"]
    moment = parse_time(line["received_at"]) or 0.0
    decisions: list[TypeDecision] = []
    for slug, sync in syncs.items():
        if sync["source"] == line["source"]:
            decisions += _explain_sync(slug, sync, line, routed, moment)
    known = {(decision.sync, decision.type) for decision in decisions}
    decisions += [
        TypeDecision(sync, name, taken=True, why="the archive says so")
        for sync, name in routed
        if (sync, name) not in known
    ]
    return decisions


def _explain_sync(
    slug: str, sync: Mapping[str, Any], line: Line, routed: list[tuple[str, str]], moment: float
) -> list[TypeDecision]:
    others = [name for of, name in routed if of == slug and name != CATCH_ALL]
    reasons = [pair["reason"] for pair in line.get("skipped", ()) if pair["sync"] == slug]
    own = sync.get("functions") or ()  # the line has the event as it was before them
    decisions = []
    for spec in sync["event_types"]:
        taken = (slug, spec["type"]) in routed
        why, matches, failed = _explain_type(spec, line["event"], moment, others, taken=taken)
        if not taken and sync["retired"]:
            why = "the sync is retired"
        elif not taken and reasons:
            why, matches, failed = f"skipped: {', '.join(reasons)}", None, []
        elif not taken and matches is not False and line.get("replay"):
            why = "the replay is for other syncs"
        elif not taken and matches is not False and not others and line.get("parent_id") is not None:
            why = "a function of another sync made it"
        elif own and matches is not None and taken is not matches:
            verb = "took" if taken else "did not take"
            why, matches, failed = f"it {verb} what {', '.join(own)} made of the event", None, []
        decisions.append(
            TypeDecision(slug, spec["type"], taken, why, sync["destination"], matches, tuple(failed))
        )
    return decisions


def _explain_type(
    spec: Mapping[str, Any], event: Event, moment: float, others: list[str], *, taken: bool
) -> tuple[str, bool | None, list[ConditionVerdict]]:
    """Why, whether its filter matches, and the conditions that failed."""
    if spec["filter"] is None:
        if spec["type"] != CATCH_ALL:
            return "it has no filter", None, []
        if taken:
            return "no other type took it", None, []
        return (f"another type took it: {', '.join(others)}" if others else "no filter"), None, []
    verdict = explain_filter(spec["filter"], event, now=lambda: moment)
    if verdict.matches:
        return "its filter matches", True, []
    return "its filter does not match", False, list(find_decisive(verdict))
