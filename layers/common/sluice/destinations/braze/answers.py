"""What Braze's answer means for each item: it names the objects it did not take by array and index."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.delivery.classify import classify_response
from sluice.destinations.braze.requests import ARRAYS, make_objects
from sluice.destinations.braze.settings import BrazeSettings
from sluice.destinations.declaration import Request, Response, Verdict
from sluice.errors import DeliveryError, GiveUp, RefusedAlong
from sluice.reasons import Reason

UNKNOWN_URL = 404  # Braze has no lookup of what an item names: the endpoint is wrong


@dataclass(slots=True)
class Refusals:
    """`named` are Braze's words by array and index, `of_all` those about no object that could be told."""

    message: str = ""
    named: dict[tuple[str, int], str] = field(default_factory=dict)
    of_all: list[str] = field(default_factory=list)


def judge(settings: BrazeSettings, request: Request, response: Response, now: float) -> Verdict:
    """Per item where Braze named objects, else for all of the request.

    In a fatal answer (400) nothing is taken: what it does not name is sent again without what it names.
    """
    error = classify_response(response, now, of_account={UNKNOWN_URL})
    if error is not None and (error.reason is not Reason.REJECTED or response.status == UNKNOWN_URL):
        return error
    refusals = read_refusals(response)
    status = f"HTTP {response.status}"
    if refusals.of_all or (error is not None and not refusals.named):
        words = "; ".join(filter(None, [refusals.message, *refusals.of_all]))
        detail = f"{status}: {words}" if words else status
        # With a success some of the batch was taken: sending a part of it might repeat that.
        return GiveUp(Reason.REJECTED, detail, status=response.status, split=error is not None)
    if not refusals.named:
        return None
    verdicts = _judge_items(settings, request, response, refusals, fatal=error is not None)
    if error is not None and not any(isinstance(verdict, GiveUp) for verdict in verdicts):
        detail = f"{status}: {refusals.message}, for objects that were not sent"
        return GiveUp(Reason.REJECTED, detail, status=response.status)
    return verdicts


def read_refusals(response: Response) -> Refusals:
    """What the body says. Where it says nothing that can be read, the status alone decides."""
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        # Only a list of errors is that long.
        return Refusals() if response.complete else Refusals(of_all=["the answer is too long to read"])
    if not isinstance(body, dict):
        return Refusals()
    refusals = Refusals(str(body.get("message") or ""))
    errors = body.get("errors") or []
    for one in errors if isinstance(errors, list) else [errors]:
        match one:
            case {"input_array": str(array), "index": int(index)} if array in ARRAYS:
                words = f"{array}: {one.get('type') or refusals.message}"
                known = refusals.named.get((array, index))
                refusals.named[array, index] = f"{known}; {words}" if known else words
            case _:
                refusals.of_all.append(_describe(one))
    return refusals


def _judge_items(
    settings: BrazeSettings, request: Request, response: Response, refusals: Refusals, *, fatal: bool
) -> list[DeliveryError | None]:
    status = response.status
    verdicts: list[DeliveryError | None] = []
    seen = dict.fromkeys(ARRAYS, 0)
    for entry in request.entries:
        places = []
        for array, objects in make_objects(settings, entry).items():
            places += [(array, seen[array] + n) for n in range(len(objects))]
            seen[array] += len(objects)
        words = [refusals.named[place] for place in places if place in refusals.named]
        if words:
            if not fatal and len(words) < len(places):
                words.append("what else it holds was taken")
            verdicts.append(GiveUp(Reason.REJECTED, f"HTTP {status}: {'; '.join(words)}", status=status))
        elif fatal:
            detail = f"HTTP {status}: {refusals.message}, for other items"
            verdicts.append(RefusedAlong(Reason.REJECTED, detail, status=status))
        else:
            verdicts.append(None)
    return verdicts


def _describe(error: Any) -> str:
    return error if isinstance(error, str) else orjson.dumps(error).decode()
