"""From what came back of a batch to what became of each of its events."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import orjson

from sluice.errors import EventBlocked
from sluice.ids import is_placeholder, write_id
from sluice.ingest.measure import count_brackets, has_refused, is_deeper, replace_refused
from sluice.ingest.normalise import NOTES_KEY, check_event
from sluice.packs import Event
from sluice.reasons import Reason
from sluice.times import find_receipt, format_time, has_happened, read_time
from sluice.transforms.outcomes import Outcome
from sluice.transforms.protocol import Answer

MAX_RETURNED = 100  # for one event
_OURS = ("receivedAt", NOTES_KEY)
_OBJECTS = ("context", "integrations", "properties", "traits")
_ENVELOPE = (
    *("type", "event", "userId", "anonymousId", "groupId", "previousId"),
    *("messageId", "timestamp", "writeKey", *_OURS),
)
_NONE: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class EventLimits:
    """As at ingest: bytes of an event as compact JSON, and how deep it may be nested."""

    bytes: int = 96 * 1024
    depth: int = 64


@dataclass(slots=True)
class Item:
    """One event on its way through a function; `data` is its JSON."""

    pack: int
    event: Event
    data: bytes


def collect_outcomes(
    function: str, items: Sequence[Item], answer: Answer, limits: EventLimits
) -> list[Outcome]:
    """An outcome for each item, in order. What is wrong with one is told of that one only."""
    returned: list[list[bytes]] = [[] for _ in items]
    for line, parent in zip(answer.events, answer.parents, strict=True):
        returned[parent].append(line)
    outcomes = []
    for item, lines in zip(items, returned, strict=True):
        if len(lines) == 1 and not lines[0]:
            outcomes.append(Outcome((item.event,)))
        else:
            outcomes.append(collect_outcome(function, item, lines, limits))
    for place, error in answer.errors.items():
        outcomes[place] = Outcome(error=f"{function}: {error}", function=function)
    return outcomes


def collect_outcome(function: str, item: Item, returned: Sequence[bytes], limits: EventLimits) -> Outcome:
    """What became of one event, from the JSON of the events that it became."""
    if not returned:
        return Outcome(function=function)
    if len(returned) > MAX_RETURNED:
        error = f"{function}: returned {len(returned)} events for one, more than {MAX_RETURNED}"
        return Outcome(error=error, function=function)
    taken: set[object] = set()
    events = []
    try:
        for n, line in enumerate(returned):
            events.append(finish_event(function, item, n, line, taken, limits))
            taken.add(events[-1]["messageId"])
        return Outcome(events)
    except orjson.JSONDecodeError as broken:
        error = f"{function}: its process gave an event that is not JSON: {broken}"
    except EventBlocked as blocked:
        error = f"{function}: returned an event that is not valid: {', '.join(blocked.reasons)}"
    return Outcome(error=error, function=function)


def finish_event(
    function: str, item: Item, n: int, line: bytes, taken: Collection[object], limits: EventLimits
) -> Event:
    """The n-th event made of an item: valid, measured, with its own id; the item's event if it is equal.

    Raises EventBlocked. What only Sluice knows is put back. `taken` are the ids of those before it.
    """
    if not n and not line:
        return item.event
    made = orjson.loads(line or item.data)
    if type(made) is not dict:
        raise EventBlocked(Reason.INVALID_SHAPE)
    data = line or item.data
    if n or not _has_same_envelope(item.event, made):
        corrected = [_identify(function, item.event, n, made, taken), _put_back(item.event, made)]
        check_event(made)
        data = orjson.dumps(made) if any(corrected) else data
    if count_brackets(data) > limits.depth and is_deeper(made, limits.depth):
        raise EventBlocked(Reason.INVALID_SHAPE)
    if len(data) > limits.bytes:
        raise EventBlocked(Reason.EVENT_TOO_LARGE)
    if has_refused(data):
        data = replace_refused(data)
        made = orjson.loads(data)
    # Fields in another order are as long as before; for Python 1 equals true.
    is_equal = len(data) == len(item.data) and made == item.event
    return item.event if is_equal and _write_sorted(made) == _write_sorted(item.event) else made


def _write_sorted(event: Event) -> bytes:
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)


def derive_id(message_id: str, function: str, n: int) -> str:
    """The message id of the n-th event that a function made of one: the same whenever it is tried again.

    A UUID of version 8 (RFC 9562), since destinations may ask for one.
    """
    digest = bytearray(hashlib.sha256(f"{message_id}\n{function}\n{n}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _has_same_envelope(parent: Event, made: Event) -> bool:
    """Whether nothing that is checked was changed, as with most events; most of the checks' time is saved."""
    for name in _OBJECTS:
        if type(made.get(name, _NONE)) is not dict:
            return False
    return all(made.get(name) == parent.get(name) for name in _ENVELOPE) and not _lost_choice(parent, made)


def _lost_choice(parent: Event, made: Event) -> bool:
    """Whether the user's consent or the client's `integrations` was left out: who refused would get it."""
    if made.get("integrations") is None and parent.get("integrations") is not None:
        return True
    context = parent.get("context")
    if not context or "consent" not in context:
        return False
    own = made.get("context")
    return own is None or (type(own) is dict and "consent" not in own)


def _identify(function: str, parent: Event, n: int, made: Event, taken: Collection[object]) -> bool:
    """Whether it got another id. A function's own choice stays; the parent's is the first event's."""
    message_id, own = made.get("messageId"), parent["messageId"]
    told = write_id(message_id)
    if is_placeholder(told) or (n and told == own) or told in taken:
        told = derive_id(own, function, n) if n else own
    made["messageId"] = told
    return told is not message_id


def _put_back(parent: Event, made: Event) -> bool:
    """Whether something was put back: when it was received, what ingest noted, a time that is invalid now, to
    whom it must not go."""
    changed = made.pop("writeKey", None) is not None
    for name in _OURS:
        if made.get(name) != parent.get(name):
            changed = True
            if name in parent:
                made[name] = parent[name]
            else:
                del made[name]
    if (timestamp := _read_timestamp(parent, made)) is not None and timestamp != made.get("timestamp"):
        made["timestamp"], changed = timestamp, True
    if made.get("context") is None and parent.get("context") is not None:
        made["context"], changed = {}, True
    if _lost_choice(parent, made):
        _put_choice_back(parent, made)
        changed = True
    return changed


def _read_timestamp(parent: Event, made: Event) -> object:
    """The event's time: the function's own, which may be in any form, or the one that it had before."""
    told, received = made.get("timestamp"), find_receipt(parent)
    if told == parent.get("timestamp"):
        return told
    epoch = read_time(told)
    if epoch is None or (received is not None and not has_happened(epoch, received)):
        return parent.get("timestamp")
    return format_time(epoch)


def _put_choice_back(parent: Event, made: Event) -> None:
    if made.get("integrations") is None and "integrations" in parent:
        made["integrations"] = parent["integrations"]
    context = parent.get("context")
    if context and "consent" in context and type(made["context"]) is dict:
        made["context"] = {"consent": context["consent"], **made["context"]}
