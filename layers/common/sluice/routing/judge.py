"""Verdicts, lines and items of a pack about which rules had something to say; `judge_pack` is for all others.

Where there is something to say, a line has besides `judge_pack`'s keys: `violations`, `function_error`, and
`original`, the event as received (after privacy) where something else goes on.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from sluice.packs import Event, IngestPack
from sluice.quoted import escape
from sluice.reasons import Reason
from sluice.routing.decide import Decide
from sluice.routing.govern import Governed
from sluice.routing.parted import decide_parted
from sluice.routing.verdicts import Routed, add_accepted, dump_head, dump_line, judge_pack

KINDS = {
    "has_undeclared_schema": Reason.UNDECLARED_EVENT,
    "has_undeclared_fields": Reason.UNDECLARED_FIELD,
    "has_schema_violated": Reason.SCHEMA_VIOLATION,
}
"""By flag of a violation the word that metrics have for it; an event may have several."""


def judge_governed(pack: IngestPack, told: list[Governed], decide: Decide, workspace: str) -> Routed:
    """As `judge_pack`, of what `govern` made of the pack: there may be more lines than events."""
    routed = judge_pack(replace(pack, events=[], blocked={}), decide, frozenset(), workspace)  # what all have
    dumps, items = orjson.dumps, routed.items
    head = dump_head(pack, workspace)
    for governed in told:
        if governed.is_plain:
            add_accepted(routed, head, governed.n, governed.event, decide(governed.event))
            continue
        raw = dumps(governed.event)
        if governed.verdict == "accepted":
            changed: Mapping[str, Event] = {}
            if governed.copies or governed.sync:
                decision, changed = decide_parted(governed, decide)
            else:
                decision = decide(governed.event)
            verdict = decision.verdict_json
            if decision.skipped:
                routed.skipped.update(reason for _, reason in decision.skipped)
            if decision.routes:
                as_sent = escape(raw), len(raw)
                copies = {sync: (escape(own := dumps(event)), len(own)) for sync, event in changed.items()}
                for sync, event_type in decision.routes:
                    items.setdefault(sync, []).append((event_type, *copies.get(sync, as_sent)))
        else:
            verdict = dumps({"verdict": governed.verdict, "reasons": [*governed.reasons], "syncs": []})[1:-1]
        count(routed, governed)
        if governed.verdict == "blocked" or governed.violations:
            routed.refused.append(len(routed.lines))
        own = head if governed.parent_id is None else dump_head(pack, workspace, governed.parent_id)
        verdict += dump_extra(governed)
        routed.lines.append(dump_line(own, governed.n, governed.event, verdict, raw))
    return routed


def count(routed: Routed, governed: Governed) -> None:
    """Counts verdicts by event, reasons and kinds of violation one by one."""
    match governed.verdict:
        case "accepted":
            routed.accepted += 1
        case "duplicate":
            routed.duplicates += 1
        case "blocked":
            routed.blocked_events += 1
            routed.blocked.update(governed.reasons)
        case "dropped":
            routed.dropped.update(governed.reasons)
    if governed.function_error or governed.copies:
        routed.function_errors.update(error.partition(":")[0] for error in list_errors(governed))
    if governed.violations:
        routed.violations.update(kind for flag, kind in KINDS.items() if governed.violations[flag])


def list_errors(governed: Governed) -> list[str]:
    """What functions said that failed over the event: those of its source, or of syncs, one a sync."""
    told = [governed.function_error, *(copy.error for copy in governed.copies.values())]
    return [error for error in told if error]


def dump_extra(governed: Governed) -> bytes:
    """The keys that a line has only where there is something to say, with a comma before them."""
    extra: dict[str, Any] = {}
    if governed.violations:
        extra["violations"] = governed.violations
    if (governed.function_error or governed.copies) and (errors := list_errors(governed)):
        extra["function_error"] = "; ".join(dict.fromkeys(errors))
    if governed.original is not None:
        extra["original"] = governed.original
    return b"," + orjson.dumps(extra)[1:-1] if extra else b""
