"""One event as the router wants it: identified, typed, timed, with what the batch and the request know of it.

Rules: the spec that Segment, RudderStack and Hightouch share. `timestamp` is the caller's time put right by
our clock: receivedAt − (sentAt − timestamp); docs/times.md has the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice.errors import EventBlocked
from sluice.ids import ID_FIELDS, is_blank, is_placeholder, settle_number, trim
from sluice.ingest.paths import TYPES
from sluice.packs import Event
from sluice.reasons import Reason
from sluice.times import DAY, format_time, has_happened, read_time

NOTES_KEY = "_sluice"  # where an event carries what ingest changed: {"notes": [text, …], "time": …}
TIME_REPLACED = "replaced"  # its `timestamp` is when it was received: the client's is not a possible time
TIME_MOVED = "moved"  # its `timestamp` was corrected by more than a day
_OBJECTS = ("context", "integrations", "properties", "traits")
_IDS, _ID_TYPES = ID_FIELDS[1:], (str, int, float)
_CLIENT_CHANNELS = ("web", "browser", "mobile", "client")
_EXCERPT = 64


@dataclass(slots=True, frozen=True)
class Surroundings:
    """What the events of one request have in common.

    `received_at` is epoch seconds, `received_text` the same as text; `context`, `integrations` and `sent_at`
    are the batch's own, `sent_epoch` is `sent_at` as epoch seconds where it is a time; `type` is the path's;
    `is_client` tells that the request comes from a browser or a device; `ip` and `user_agent` are the
    request's. `collect_ip` is the source's setting: client, always or never.
    """

    received_at: float
    received_text: str
    new_id: Callable[[], str]
    type: str = ""
    sent_at: object = None
    sent_epoch: float | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    integrations: Mapping[str, Any] = field(default_factory=dict)
    is_client: bool = False
    collect_ip: str = "client"
    ip: str = ""
    user_agent: str = ""


def normalise_event(raw: Mapping[str, Any], around: Surroundings) -> Event:
    """A new event, complete; `raw` is left as it was. Notes say what was replaced.

    Always returns: whether the event may pass is `check_event`'s to say.
    """
    event = dict(raw)
    event.pop("writeKey", None)
    event.pop(NOTES_KEY, None)
    notes: list[str] = []
    if event.get("type") not in TYPES:
        _set_type(event, around)
    _identify_message(event, around, notes)
    _settle_ids(event, notes)
    _settle_objects(event)
    _merge_shared(event, around)
    time = _set_times(event, around, notes)
    if notes:
        event[NOTES_KEY] = {"notes": notes, "time": time} if time else {"notes": notes}
    return event


def list_notes(event: object) -> list[str]:
    """What ingest noted on an event."""
    own = event.get(NOTES_KEY) if type(event) is dict else None
    notes = own.get("notes") if type(own) is dict else None
    return [str(note) for note in notes] if type(notes) is list else []


def check_event(event: Mapping[str, Any], *known: Reason) -> None:
    """Raises EventBlocked with every rule that the event breaks (seed 003, and the spec's ids per type).

    `known` are those that it breaks as far as is known already.
    """
    reasons = [*known] if _is_well_shaped(event) else [*known, Reason.INVALID_SHAPE]
    kind = event.get("type")
    if kind not in TYPES:
        is_missing = not kind or (type(kind) is str and is_blank(kind))
        reasons.append(Reason.MISSING_TYPE if is_missing else Reason.UNKNOWN_TYPE)
    if not _has(event, "userId") and not _has(event, "anonymousId"):
        reasons.append(Reason.MISSING_IDENTITY)
    if kind == "track":
        event_name = event.get("event")
        if event_name is not None and type(event_name) is not str:
            reasons.append(Reason.INVALID_SHAPE)
        elif not event_name or is_blank(event_name):
            reasons.append(Reason.MISSING_EVENT_NAME)
    elif kind == "group" and not _has(event, "groupId"):
        reasons.append(Reason.MISSING_GROUP_ID)
    elif kind == "alias" and not _has(event, "previousId"):
        reasons.append(Reason.MISSING_PREVIOUS_ID)
    if reasons:
        raise EventBlocked(*dict.fromkeys(reasons))


def _is_well_shaped(event: Mapping[str, Any]) -> bool:
    """Whether what should be an object is one, and ids are text or numbers; null is as good as nothing."""
    for name in _OBJECTS:
        value = event.get(name)
        if value is not None and type(value) is not dict:
            return False
    for name in _IDS:
        value = event.get(name)
        if value is not None and type(value) not in _ID_TYPES:
            return False
    return True


def _has(event: Mapping[str, Any], name: str) -> bool:
    """Whether an id is there: RudderStack and Segment send `""` and null for one that is not."""
    value = event.get(name)
    return not is_blank(value) if type(value) is str else value is not None


def _set_type(event: Event, around: Surroundings) -> None:
    """The type in lower case and without white space; the path's where the event names none."""
    kind = event.get("type")
    if type(kind) is str and (name := trim(kind).lower()) in TYPES:
        event["type"] = name
    elif around.type and (not kind or (type(kind) is str and is_blank(kind))):
        event["type"] = around.type


def _identify_message(event: Event, around: Surroundings, notes: list[str]) -> None:
    """A message id that identifies nothing is as good as missing: all events with it would be one."""
    found = event.get("messageId")
    if type(found) is str and not is_placeholder(found):
        return
    if type(found) is int or type(found) is float:
        number = str(settle_number(found))
        if not is_placeholder(number):
            event["messageId"] = number
            return
    event["messageId"] = around.new_id()
    if found is not None and found != "":
        notes.append(f"messageId replaced: {_excerpt(found)} identifies no message")


def _settle_ids(event: Event, notes: list[str]) -> None:
    """A number has one form as an id, and a blank text is not an id."""
    for name in _IDS:
        value = event.get(name)
        if type(value) is str:
            if value and is_placeholder(value):
                _settle_placeholder(event, name, value, notes)
        elif type(value) is float:
            event[name] = settle_number(value)


def _settle_placeholder(event: Event, name: str, value: str, notes: list[str]) -> None:
    if is_blank(value):
        del event[name]
        notes.append(f"{name} removed: {_excerpt(value)} is blank")
    else:
        notes.append(f"{name} kept: {_excerpt(value)} looks like a placeholder")


def _settle_objects(event: Event) -> None:
    """Gives the objects of an event the value that an empty or missing one has in the client's language."""
    for name in _OBJECTS:
        if name in event and type(value := event[name]) is not dict:
            settled = read_object(value)
            if settled is None:
                del event[name]
            else:
                event[name] = settled


def read_object(value: Any) -> Any:
    """What a client meant by the value of an object: PHP writes an empty one as `[]`, others none as `""`."""
    if type(value) is list and not value:
        return {}
    return None if type(value) is str and is_blank(value) else value


def _merge_shared(event: Event, around: Surroundings) -> None:
    """The batch's context and integrations lie under the event's own, whose keys win."""
    context = event.get("context")
    if context is None:
        context = event["context"] = dict(around.context)
    elif type(context) is not dict:
        return  # blocked as invalid_shape
    elif around.context:
        context = event["context"] = {**around.context, **context}
    if around.integrations:
        own = event.get("integrations")
        if own is None or type(own) is dict:
            event["integrations"] = {**around.integrations, **(own or {})}
    _stamp_client(event, context, around)


def _stamp_client(event: Event, context: dict[str, Any], around: Surroundings) -> None:
    client = around.is_client or _is_from_client(event, context)
    stamps = {}
    if around.ip and not context.get("ip") and _collects_ip(around.collect_ip, client):
        stamps["ip"] = around.ip
    if around.user_agent and not context.get("userAgent") and (client or around.collect_ip == "always"):
        stamps["userAgent"] = around.user_agent
    if stamps:
        event["context"] = {**context, **stamps}


def _collects_ip(setting: str, client: bool) -> bool:
    return setting == "always" or (setting == "client" and client)


def _is_from_client(event: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    """RudderStack's SDKs name their channel; other mobile SDKs describe their device."""
    channel = event.get("channel")
    return channel in _CLIENT_CHANNELS or (channel != "server" and type(context.get("device")) is dict)


def _set_times(event: Event, around: Surroundings, notes: list[str]) -> str:
    """Sets `timestamp`, and says how: TIME_REPLACED, TIME_MOVED, or "" for the caller's own time.

    `originalTimestamp` stays as an SDK sent it, or holds what the client sent as `timestamp`.
    """
    event["receivedAt"] = around.received_text
    name, told = "timestamp", event.get("timestamp")
    original = event.get("originalTimestamp")
    epoch = read_time(told)
    if epoch is None and _is_missing(told):
        name, told = "originalTimestamp", original
        epoch = read_time(told)
    sent = _find_sent(event, around, notes)
    if epoch is None and _is_missing(told):
        event["timestamp"] = event["originalTimestamp"] = around.received_text
        return ""
    if _is_missing(original):
        event["originalTimestamp"] = told
    moment = None if epoch is None else _place(epoch, sent, around.received_at)
    if epoch is None or moment is None:
        event["timestamp"] = around.received_text
        why = "is not a time" if epoch is None else "is before 1970 or after its receipt"
        notes.append(f"{name} replaced: {_excerpt(told)} {why}")
        return TIME_REPLACED
    event["timestamp"] = format_time(moment)
    if abs(moment - epoch) > DAY:
        notes.append(f"{name} moved by more than a day: it was {_excerpt(told)}")
        return TIME_MOVED
    return ""


def _place(told: float, sent: float | None, received: float) -> float | None:
    """When it happened by our clock: the client's time, corrected by when it sent. None if neither can be.

    A correction that ends after the receipt, or before 1970, says that the client's clock is broken: then
    its time stands as sent.
    """
    if sent is None:
        return told if has_happened(told, received) else None
    corrected = received - (sent - told)
    if 0 <= corrected <= received:
        return corrected
    return told if 0 <= told <= received else None


def _find_sent(event: Event, around: Surroundings, notes: list[str]) -> float | None:
    """When the client sent it by its own clock; None where it does not say: nothing to correct."""
    sent_at = event.get("sentAt")
    sent = read_time(sent_at)
    if sent is not None:
        return sent
    if _is_missing(sent_at):
        sent_at, sent = around.sent_at, around.sent_epoch
        if sent is None and _is_missing(sent_at):
            event.pop("sentAt", None)
            return None
        event["sentAt"] = sent_at
    if sent is None:
        event["sentAt"] = around.received_text
        notes.append(f"sentAt replaced: {_excerpt(sent_at)} is not a time")
    return sent


def _is_missing(value: object) -> bool:
    return is_blank(value) if type(value) is str else value is None


def _excerpt(value: object) -> str:
    if isinstance(value, (str, int, float)):
        text = repr(value) if isinstance(value, (int, float)) else repr(value[:_EXCERPT])
        return text[: _EXCERPT + 8]
    return f"a {type(value).__name__}"
