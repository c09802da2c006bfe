"""The `sandbox` destination: takes nothing anywhere, but fails, is slow or flaky as its settings say.

For demos, tests and drills. Nothing is random: which events fail follows from their names and message ids.
Event types: `custom_event`, `strict_event` (requires a field `id`), and any other name, without fields.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated
from zlib import crc32

import orjson
from pydantic import Field

from sluice.delivery.classify import classify_response, classify_status
from sluice.destinations.declaration import (
    CUSTOM_EVENT,
    Batch,
    Declaration,
    Entry,
    Outside,
    Request,
    Response,
    Send,
    Settings,
    Verdict,
)
from sluice.destinations.event_types import EventType, PayloadField
from sluice.errors import RetryLater
from sluice.reasons import Reason


class SandboxSettings(Settings):
    """Which events fail, how, and until when.

    An event fails if its name is in `fail_events`, or if its message id falls into the share `fail_rate` of
    all ids. It is answered `fail_status`, with `Retry-After: <retry_after>` where that is set. From attempt
    `take_from_attempt` on it is taken after all. Every request takes `delay` seconds.
    """

    fail_events: tuple[str, ...] = ()
    fail_rate: Annotated[float, Field(ge=0, le=1)] = 0
    fail_status: Annotated[int, Field(ge=300, le=599)] = 400
    take_from_attempt: Annotated[int, Field(ge=2)] | None = None
    retry_after: Annotated[int, Field(ge=0, le=86_400)] | None = None
    delay: Annotated[float, Field(ge=0, le=60)] = 0


def build(_settings: SandboxSettings, batch: Batch) -> Iterator[Request]:
    """Requests without a body: nobody reads it, and the dead letter holds the payload."""
    entries, size = batch.entries, batch.max_items
    for start in range(0, len(entries), size):
        yield Request("POST", "sandbox:", {}, b"", entries[start : start + size], batch.attempt)


def answer_status(settings: SandboxSettings, entry: Entry, attempt: int) -> int:
    """The HTTP status that the sandbox gives one item at one attempt."""
    if settings.take_from_attempt is not None and attempt >= settings.take_from_attempt:
        return 200
    item, _ = entry
    if item.event.get("event") in settings.fail_events:
        return settings.fail_status
    share = crc32(item.message_id.encode("utf-8", "replace")) / 2**32
    return settings.fail_status if share < settings.fail_rate else 200


def open_sender(settings: SandboxSettings, outside: Outside) -> Send:
    return partial(_send, settings, outside)


def _send(
    settings: SandboxSettings, outside: Outside, request: Request, _auth: Mapping[str, str], timeout: float
) -> Response:
    """200, the failing status where all items fail, or 207 with a status for each item."""
    if settings.delay:
        outside.sleep(min(settings.delay, timeout))
    if settings.delay > timeout:
        raise RetryLater(Reason.TIMEOUT, f"no answer within {timeout:g} s")
    statuses = [answer_status(settings, entry, request.attempt) for entry in request.entries]
    headers = {} if settings.retry_after is None else {"retry-after": str(settings.retry_after)}
    if len(set(statuses)) == 1:
        return Response(statuses[0], headers)
    return Response(207, headers, orjson.dumps({"statuses": statuses}))


def judge(_settings: SandboxSettings, _request: Request, response: Response, now: float) -> Verdict:
    """Per item where the sandbox answered per item."""
    if response.status != 207:
        return classify_response(response, now)
    return [classify_status(status, response, now) for status in orjson.loads(response.body)["statuses"]]


DECLARATION = Declaration(
    kind="sandbox",
    settings=SandboxSettings,
    event_types={
        CUSTOM_EVENT: EventType("What no other type takes"),
        "strict_event": EventType(
            "An event that must have an id", required={"id": PayloadField("any", "Anything that is filled")}
        ),
    },
    any_event_type=True,
    build=build,
    judge=judge,
    open_sender=open_sender,
)
