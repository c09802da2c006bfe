"""What one invocation of the router did, for SQS, the metrics and the log line."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sluice.messages import Message
from sluice.outages import find_visibility
from sluice.routing.verdicts import Routed

POISON_WAIT = 1
LATE_WAIT = 120


@dataclass(slots=True)
class Report:
    """Counts are of finished packs only, so that redeliveries count nothing twice.

    `replayed` are the events of replays, whatever their verdict; the counts before it are of live events.
    `routed` are items of both. `failed` are the messages to be received again, with the seconds until then;
    `held` are ids of messages that AWS errors held up, `sent_again` says how many of them SQS took again.
    `put_back` counts sync packs that their queue refused, and that wait in the ingest queue. `unreadable`
    says why messages are not packs, `unknown_sources` which sources the workspace does not have (any more).
    """

    packs: int = 0
    accepted: int = 0
    duplicates: int = 0
    blocked_events: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    replayed: int = 0
    routed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    function_errors: Counter[str] = field(default_factory=Counter)
    failed: dict[str, int] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    sent_again: int = 0
    put_back: int = 0
    trouble: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    unknown_sources: set[str] = field(default_factory=set)

    @property
    def events(self) -> int:
        live = self.accepted + self.duplicates + self.blocked_events + self.dropped.total()
        return live + self.replayed

    def count(self, finished: Iterable[Routed]) -> None:
        for pack in finished:
            self.packs += 1
            if pack.replay is not None:
                self.replayed += len(pack.lines)
            else:
                self.accepted += pack.accepted
                self.duplicates += pack.duplicates
                self.blocked_events += pack.blocked_events
                self.blocked.update(pack.blocked)
                self.dropped.update(pack.dropped)
                self.violations.update(pack.violations)
                self.skipped.update(pack.skipped)
            self.function_errors.update(pack.function_errors)
            for sync, items in pack.items.items():
                self.routed[sync] += len(items)

    def list_counts(self) -> Iterator[tuple[str, str, str, int]]:
        """Metric, dimension, the dimension's value, and how many: what is counted one by one."""
        for metric, dimension, counts in (
            ("Blocked", "reason", self.blocked),
            ("Dropped", "reason", self.dropped),
            ("Skipped", "reason", self.skipped),
            ("Violations", "kind", self.violations),
            ("FunctionErrors", "function", self.function_errors),
            ("Routed", "sync", self.routed),
        ):
            yield from ((metric, dimension, value, number) for value, number in counts.items())

    def fail(self, message: Message, stage: str) -> None:
        """An AWS error at this stage: the pack is sent again later, or received again where SQS refuses."""
        self.failed[message.id] = find_visibility(message.receive_count)
        self.held.add(message.id)
        self.trouble[stage] += 1

    def fail_late(self, message: Message) -> None:
        """No time was left for it."""
        self.failed[message.id] = min(find_visibility(message.receive_count), LATE_WAIT)
        self.trouble["time"] += 1

    def release(self, message_ids: Iterable[str]) -> None:
        """The packs of these messages were sent again: the messages may be acknowledged."""
        for message_id in message_ids:
            del self.failed[message_id]
            self.sent_again += 1

    def fail_unreadable(self, message: Message, error: Exception) -> None:
        """No time heals it: soon again, so that it is in the dead-letter queue within a minute."""
        self.failed[message.id] = POISON_WAIT
        self.unreadable[message.id] = f"{type(error).__name__}: {error}"

    def as_partial_batch_response(self) -> dict[str, list[dict[str, str]]]:
        """What Lambda's SQS event source mapping asks for: all other messages are acknowledged."""
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in self.failed]}
