"""What Braze's answer means for each item: it names the objects it did not take by array and index."""

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.delivery.classify import classify_response
from sluice.destinations.braze.requests import ARRAYS, make_objects
from sluice.destinations.braze.settings import BrazeSettings
from sluice.destinations.declaration import Request, Response, Verdict
from sluice.errors import DeliveryError, GiveUp, RetryLater
from sluice.reasons import Reason

LONGEST_WINDOW = 86_400.0  # a rate limit's reset that is further away is no time of Braze's
_TOO_MANY = re.compile(r"\bmax\b.*\bexceeded\b", re.I | re.S)


@dataclass(slots=True)
class Refusals:
    """`named` are Braze's words by array and index, `of_all` those about no object that could be told."""

    message: str = ""
    named: dict[tuple[str, int], str] = field(default_factory=dict)
    of_all: list[str] = field(default_factory=list)


def judge(settings: BrazeSettings, request: Request, response: Response, now: float) -> Verdict:
    """Per item where Braze named objects, else for all of the request.

    In a fatal answer (400) nothing is taken: what it does not name is tried again without what it names.
    """
    error = classify_response(response, now)
    if error is not None and error.status == 429:
        return _wait_for_reset(error, response, now)
    if error is not None and error.reason is not Reason.REJECTED:
        return error
    refusals = read_refusals(response)
    status = f"HTTP {response.status}"
    if error is not None and _TOO_MANY.search(refusals.message) and len(request.entries) > 1:
        return GiveUp(Reason.PAYLOAD_TOO_LARGE, f"{status}: {refusals.message}", status=response.status)
    if refusals.of_all or (error is not None and not refusals.named):
        words = "; ".join(filter(None, [refusals.message, *refusals.of_all]))
        return GiveUp(Reason.REJECTED, f"{status}: {words}" if words else status, status=response.status)
    if not refusals.named:
        return None
    return _judge_items(settings, request, response, refusals, fatal=error is not None)


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
            verdicts.append(RetryLater(Reason.REJECTED, detail, status=status))
        else:
            verdicts.append(None)
    return verdicts


def _wait_for_reset(error: DeliveryError, response: Response, now: float) -> DeliveryError:
    """The rate limit's error with the time from `X-RateLimit-Reset` (UTC epoch seconds) where it has none."""
    if not isinstance(error, RetryLater) or error.after is not None:
        return error
    try:
        after = float(str(response.headers.get("x-ratelimit-reset"))) - now
    except ValueError:
        return error
    if not 0 <= after <= LONGEST_WINDOW:
        return error
    return RetryLater(error.reason, error.detail, status=error.status, after=after)


def _describe(error: Any) -> str:
    return error if isinstance(error, str) else orjson.dumps(error).decode()
