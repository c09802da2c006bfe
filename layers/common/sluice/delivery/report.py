"""What one invocation did, for its metrics and for Lambda's answer."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sluice.delivery.remains import Remains
from sluice.packs import SyncPack
from sluice.reasons import Reason
from sluice.times import parse_time

MAX_LATENCIES = 99  # at the hundredth value of a metric Powertools ends the line
MAX_TROUBLE = 200  # characters a pack in the log line


@dataclass(slots=True)
class Report:
    """What an invocation did, in items; packs that must be received again count for nothing.

    `copies` are packs that were dropped as copies of others, `sent_again` those that AWS errors held up.
    `attempts` are the items that went through a call. `latencies` are milliseconds from an event's receipt to
    its delivery, of a hundred items at most; `ages` are those in seconds of the packs that came in and still
    wait, by message id (both of live events only). `auth_rejected` are the items that wait or died because
    the destination refuses our credentials, those included that were not tried for it. `exceeded` are the
    metrics of the sync's limits that are exceeded. `failed` are the messages to be received again, with the
    seconds until then; `trouble` says why.
    """

    packs: int = 0
    delivered: int = 0
    retried: int = 0
    postponed: int = 0
    copies: int = 0
    sent_again: int = 0
    attempts: int = 0
    auth_rejected: int = 0
    breaker_open: bool = False
    exceeded: dict[str, float] = field(default_factory=dict)
    ages: dict[str, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    dead: Counter[str] = field(default_factory=Counter)
    failed: dict[str, int] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)

    @property
    def oldest(self) -> float:
        """The age in seconds of the oldest live pack that still waits, 0 where none does."""
        return max(self.ages.values(), default=0.0)

    def see(self, message_id: str, pack: SyncPack, now: float) -> None:
        """A pack that came in; `now` is epoch seconds. It waits until it is settled."""
        if pack.replay is None:
            self.ages[message_id] = now - (parse_time(pack.first_seen) or now)

    def add(self, message_id: str, left: Remains) -> None:
        """Counts a pack that is settled."""
        if not (left.packs or left.revived):
            self.ages.pop(message_id, None)
        if left.is_copy:
            self.copies += 1
            return
        self.packs += 1
        self.delivered += left.delivered
        self.retried += left.retried
        self.postponed += left.postponed
        self.attempts += left.attempts
        self.auth_rejected += left.reasons[Reason.AUTH_REJECTED]
        self.latencies += left.latencies[: MAX_LATENCIES - len(self.latencies)]
        self.dead += Counter(letter["reason"] for letter in left.letters)

    def add_failed(self, message_id: str, wait: int, why: str) -> None:
        """Counts a pack that must be received again in `wait` seconds."""
        self.failed[message_id] = wait
        self.add_trouble({message_id: why})

    def add_trouble(self, trouble: Mapping[str, str]) -> None:
        """Notes for the log what went wrong, by message id."""
        self.trouble.update({message_id: why[:MAX_TROUBLE] for message_id, why in trouble.items()})

    def count(self) -> dict[str, int]:
        """The metrics that are counts, by name."""
        return {
            "Packs": self.packs,
            "PacksFailed": len(self.failed) + self.sent_again,
            "Attempts": self.attempts,
            "Delivered": self.delivered,
            "Retried": self.retried,
            "Postponed": self.postponed,
            "Dead": self.dead.total(),
        }

    def find_trouble(self) -> dict[str, float]:
        """The metrics that alarms ask for, by name; only those that say that something is wrong."""
        found = {"AuthRejected": self.auth_rejected, "BreakerOpen": int(self.breaker_open)}
        return {**{name: value for name, value in found.items() if value}, **self.exceeded}

    def as_partial_batch_response(self) -> dict[str, list[dict[str, str]]]:
        """What Lambda's SQS event source mapping asks for: all other messages are acknowledged."""
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in self.failed]}
