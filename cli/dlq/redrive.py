"""Letters go back to where they came from: send first, delete after.

A crash in between sends a letter twice and loses none. A single-event letter goes back as a sync pack, with
the attempts and the window of a new event; a whole pack goes back as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from cli.dlq.messages import DeadMessage, read_message
from cli.dlq.queues import Dlq
from cli.dlq.selection import Selection
from cli.dlq.sweep import Sweep
from cli.pacing import Advance, Pacer
from cli.suppressed import FindSuppressed
from sluice.adapters.sqs import Queues
from sluice.delivery.dead_letters import clean_text
from sluice.packs import Event, Replay, SyncPack, cut, dump_item, dump_sync_pack

REDRIVE = "redrive"
BATCH = 100  # letters at once: a pack of them is delivered in as few requests as it was before


@dataclass(slots=True)
class Outcome:
    """Messages: `received` = `sent` + `kept` + `failed`.

    `kept` did not match, died while the redrive ran, hold no event, or (`suppressed`) one that must not go;
    `failed` SQS refused to take back. Of `sent`, `twice` could not be deleted: they are in both queues.
    `events` are the single events among `sent`, which had died one by one.
    """

    received: int = 0
    sent: int = 0
    kept: int = 0
    failed: int = 0
    twice: int = 0
    suppressed: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message body on its way back, and the letters that are in it."""

    body: str
    group: str
    letters: list[DeadMessage]


def redrive(
    queues: Queues,
    dlq: Dlq,
    selection: Selection,
    *,
    before: float,
    pacer: Pacer,
    advance: Advance,
    find_suppressed: FindSuppressed,
    outcome: Outcome,
    dry_run: bool = False,
) -> None:
    """Sends back the letters that match and were in the queue `before` (epoch seconds), so that what dies
    again meanwhile is not sent back for ever. A dry run counts them as sent and touches nothing.

    `outcome` adds up after each batch, so also where an interruption ends the redrive.
    """
    with Sweep(queues, dlq.url) as sweep:
        for received in sweep.receive(pacer.limit(BATCH)):
            messages = [read_message(dlq, message) for message in received]
            matching = [
                message
                for message in messages
                if message.received.sent_at < before
                and selection.matches(message)
                and (message.letter is None or message.events)
            ]
            chosen = _leave_out(matching, find_suppressed)
            sent, twice, events = (len(chosen), 0, 0) if dry_run else _send_back(queues, dlq, sweep, chosen)
            outcome.received += len(messages)
            outcome.sent += sent
            outcome.kept += len(messages) - len(chosen)
            outcome.failed += len(chosen) - sent
            outcome.twice += twice
            outcome.events += events
            outcome.suppressed += len(matching) - len(chosen)
            advance(len(messages))
            if not dry_run:
                pacer.wait(sum(len(message.events) or 1 for message in chosen))


def send_edited(queues: Queues, dlq: Dlq, message: DeadMessage, event: Event) -> Outcome:
    """Sends a single-event letter back with another event in it, then deletes it.

    Nothing is `received` where the letter is no longer in its queue: someone else has sent it, or has it.
    """
    outcome = Outcome()
    with Sweep(queues, dlq.url) as sweep:
        for batch in sweep.receive(BATCH):
            for received in batch:
                if received.id == message.received.id and message.letter is not None:
                    letter = {**message.letter, "event": event}
                    edited = DeadMessage(received, message.lines, letter, [event])
                    outcome.received = 1
                    outcome.sent, outcome.twice, outcome.events = _send_back(queues, dlq, sweep, [edited])
                    outcome.failed = 1 - outcome.sent
                    return outcome
    return outcome


def _leave_out(messages: Sequence[DeadMessage], find_suppressed: FindSuppressed) -> list[DeadMessage]:
    """Those without an event of a suppressed user: behind the router nobody else looks for these."""
    events = [
        (at, event) for at, message in enumerate(messages) if message.is_routed for event in message.events
    ]
    stopped = {events[n][0] for n in find_suppressed([event for _, event in events])}
    return [message for at, message in enumerate(messages) if at not in stopped]


def _send_back(queues: Queues, dlq: Dlq, sweep: Sweep, chosen: Sequence[DeadMessage]) -> tuple[int, int, int]:
    """How many went back, how many of these could not be deleted, and how many are single events."""
    parcels = make_parcels(dlq, chosen)
    if not parcels:
        return 0, 0, 0
    unsent = set(
        queues.send(dlq.home_url, [p.body for p in parcels], groups=[parcel.group for parcel in parcels])
    )
    letters = [letter for at, p in enumerate(parcels) if at not in unsent for letter in p.letters]
    sent = [letter.received for letter in letters]
    events = sum(letter.letter is not None for letter in letters)
    return len(sent), len(sweep.delete(sent)) if sent else 0, events


def make_parcels(dlq: Dlq, messages: Sequence[DeadMessage]) -> list[Parcel]:
    """Whole packs as they are, each alone; letters together in packs of 240 KiB, those of a replay apart.

    A letter of a live event goes back as a replay named `redrive`: events that just came in overtake it, and
    its age, which may be days, is not the sync's latency.
    """
    parcels = [
        Parcel(message.received.body, _find_group(message), [message])
        for message in messages
        if message.letter is None
    ]
    piles: dict[str, list[DeadMessage]] = {}
    for message in messages:
        if message.letter is not None:
            piles.setdefault(message.letter.get("replay") or REDRIVE, []).append(message)
    for replay, letters in piles.items():
        items = [_dump_letter_item(message) for message in letters]
        for part in cut([len(item) for item in items]):
            first_seen = min(str((message.letter or {})["first_seen"]) for message in letters[part])
            origin = letters[part][
                0
            ].received.id  # so that a second redrive of an event is not a copy of the first
            pack = SyncPack(dlq.sync, [], attempt=1, first_seen=first_seen, replay=replay, origin=origin)
            parcels.append(Parcel(clean_text(dump_sync_pack(pack, items[part])), pack.group, letters[part]))
    return parcels


def _dump_letter_item(message: DeadMessage) -> bytes:
    letter = message.letter or {}
    return dump_item(letter["event_type"], orjson.dumps(letter["event"]))


def _find_group(message: DeadMessage) -> str:
    """A pack of a replay keeps its message group."""
    try:
        told = orjson.loads(message.received.body).get("replay")
    except (orjson.JSONDecodeError, AttributeError):
        return ""
    run = told.get("id") if isinstance(told, dict) else told
    return Replay(run).group if isinstance(run, str) and run else ""
