"""What `--json` prints; docs/preview.md describes the shape, which only grows."""

from typing import Any

from cli.preview.evaluate import Sending, SyncPreview, TypePreview
from cli.preview.incoming import Incoming
from cli.preview.texts import is_json, read_body
from sluice.explain.filters import ConditionVerdict, FilterVerdict, Operand, find_decisive
from sluice.explain.mappings import Origin
from sluice.fields import MISSING


def describe_preview(syncs: SyncPreview, found: list[tuple[Incoming, list[TypePreview]]]) -> dict[str, Any]:
    return {
        "sync": syncs.slug,
        "source": syncs.spec["source"],
        "destination": syncs.spec["destination"],
        "kind": syncs.sync.declaration.kind,
        "retired": syncs.spec["retired"],
        "events": [_describe_event(syncs, incoming, types) for incoming, types in found],
    }


def _describe_event(syncs: SyncPreview, incoming: Incoming, types: list[TypePreview]) -> dict[str, Any]:
    return {
        "origin": incoming.origin,
        "message_id": incoming.message_id,
        "source": incoming.source,
        "verdict": incoming.verdict,
        "reasons": list(incoming.reasons),
        "violations": list(incoming.violations),
        "function_error": incoming.function_error or None,
        "parent_id": incoming.parent_id or None,
        "obstacles": syncs.find_obstacles(incoming),
        "event": incoming.event,
        "event_types": [_describe_type(syncs, one) for one in types],
    }


def _describe_type(syncs: SyncPreview, one: TypePreview) -> dict[str, Any]:
    verdict = one.verdict
    return {
        "type": one.type,
        "taken": one.taken,
        "why": one.why,
        "filter": None if verdict is None else describe_filter(verdict),
        "because": [] if verdict is None else [describe_filter(part) for part in find_decisive(verdict)],
        "mappings": None if one.origins is None else [describe_origin(origin) for origin in one.origins],
        **describe_sending(syncs, one.sending),
    }


def describe_sending(syncs: SyncPreview, sending: Sending | None) -> dict[str, Any]:
    """The payload as validated, or the dead letter; the requests with their secrets masked."""
    sending = sending or Sending()
    failure = sending.failure
    return {
        "payload": sending.payload,
        "failure": None if failure is None else {"reason": failure.reason, "detail": failure.detail},
        "requests": [
            {
                "method": request.method,
                "url": request.url,
                "headers": syncs.mask_headers(request),
                "body": read_body(request.body),
                "body_is_json": is_json(request.body),
            }
            for request in sending.requests
        ],
    }


def describe_filter(verdict: FilterVerdict) -> dict[str, Any]:
    """A group with its parts, or a condition; `missing` tells a field that is not there from null."""
    if not isinstance(verdict, ConditionVerdict):
        parts = [describe_filter(part) for part in verdict.parts]
        return {"matches": verdict.matches, "group": verdict.group, "parts": parts}
    return {
        "matches": verdict.matches,
        verdict.found.kind: verdict.found.text,
        "op": verdict.op,
        "case_insensitive": verdict.case_insensitive,
        "found": _describe_operand(verdict.found),
        "expected": None if verdict.expected is None else _describe_operand(verdict.expected),
    }


def describe_origin(origin: Origin) -> dict[str, Any]:
    """One output field: its value, where that came from and what happened on the way."""
    return {
        "field": origin.name,
        "from": origin.source,
        "steps": list(origin.steps),
        "value": None if origin.value is MISSING else origin.value,
        "left_out": origin.value is MISSING,
        "error": origin.error or None,
        "parts": [describe_origin(part) for part in origin.parts],
    }


def _describe_operand(operand: Operand) -> dict[str, Any]:
    missing = operand.value is MISSING
    told = {
        "from": operand.kind,
        "text": operand.text if operand.kind != "value" else None,
        "value": None if missing else operand.value,
        "missing": missing,
    }
    return {**told, "error": operand.error} if operand.error else told
