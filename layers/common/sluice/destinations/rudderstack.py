"""The `rudderstack` destination (seed 004): Track and Identify calls to a RudderStack data plane, in batches.

RudderStack de-duplicates by message id, so every call has the event's own, whatever the mapping says of it.
One call that it cannot read makes it refuse the whole batch: delivery checks the fields before, and splits a
batch that was refused.
Limits and fields: https://www.rudderstack.com/docs/api/http-api/
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import orjson
from pydantic import Field

from sluice.delivery.classify import classify_response
from sluice.destinations.declaration import (
    USER_AGENT,
    BareSecret,
    BaseUrl,
    BasicUser,
    Batch,
    Declaration,
    Entry,
    Request,
    Response,
    SecretRef,
    Settings,
    Verdict,
)
from sluice.destinations.event_types import EventType, PayloadField
from sluice.packs import cut

MAX_BODY = 4_000_000
_FRAME = (b'{"batch":[', b"]}")
_HEADERS = {"Content-Type": "application/json", "User-Agent": USER_AGENT}


class RudderstackSettings(Settings):
    """`data_plane_url` is without `/v1/batch`; `write_key` is that of a source of the kind HTTP API."""

    data_plane_url: BaseUrl
    write_key: BareSecret
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 100


def build(settings: RudderstackSettings, batch: Batch) -> Iterator[Request]:
    url = settings.data_plane_url.rstrip("/") + "/v1/batch"
    calls = [orjson.dumps(make_call(entry)) for entry in batch.entries]
    room = MAX_BODY - sum(map(len, _FRAME))
    for part in cut([len(call) for call in calls], max_bytes=room, max_items=batch.max_items):
        body = b",".join(calls[part]).join(_FRAME)
        yield Request("POST", url, _HEADERS, body, batch.entries[part], batch.attempt)


def make_call(entry: Entry) -> dict[str, Any]:
    """The call of one item, without fields that are null: its type is the event type's name."""
    item, payload = entry
    call = {name: value for name, value in payload.items() if value is not None}
    if item.message_id and not call.get("messageId"):
        call["messageId"] = item.message_id
    return {**call, "type": item.type}


def judge(_settings: RudderstackSettings, _request: Request, response: Response, now: float) -> Verdict:
    """404 is about the source, which is disabled, or about the address."""
    return classify_response(response, now, of_account={404})


def auth(settings: RudderstackSettings) -> Mapping[str, SecretRef]:
    return {"Authorization": BasicUser(secret=settings.write_key.secret)}


_EVERY_CALL = {
    "userId": PayloadField("string", "The user's id; this or anonymousId"),
    "anonymousId": PayloadField("string", "The id of a visitor who is not known yet; this or userId"),
    "timestamp": PayloadField("timestamp", "When it happened; not given: when RudderStack gets it"),
    "messageId": PayloadField("string", "What RudderStack de-duplicates by; not given: the event's own"),
    "context": PayloadField("object", "Device, page, campaign, library, …"),
    "integrations": PayloadField("object", "Which of RudderStack's destinations get it; not given: all"),
}
_IDENTITY = ("userId", "anonymousId")
_EVERY_MAPPING = {
    "userId": {"field": "userId", "as": "string"},
    "anonymousId": {"field": "anonymousId", "as": "string"},
    "timestamp": {"field": "timestamp"},
    "messageId": {"field": "messageId", "as": "string"},
    "context": {"field": "context"},
}

DECLARATION = Declaration(
    kind="rudderstack",
    settings=RudderstackSettings,
    event_types={
        "track": EventType(
            "What a user did",
            required={"event": PayloadField("string", "The event's name")},
            optional={"properties": PayloadField("object", "Properties of the event"), **_EVERY_CALL},
            one_of=(_IDENTITY,),
            filter={"field": "type", "op": "equals", "value": "track"},
            mappings={
                "event": {"field": "event"},
                "properties": {"field": "properties"},
                **_EVERY_MAPPING,
            },
        ),
        "identify": EventType(
            "Who a user is",
            optional={"traits": PayloadField("object", "Properties of the user"), **_EVERY_CALL},
            one_of=(_IDENTITY,),
            filter={"field": "type", "op": "equals", "value": "identify"},
            mappings={
                "traits": {"field": "traits", "if_missing": {"field": "context.traits"}},
                **_EVERY_MAPPING,
            },
        ),
    },
    build=build,
    auth=auth,
    judge=judge,
)
