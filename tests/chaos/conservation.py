"""What became of every event, from what the sender and the destinations say. Pure: sets in, a table out."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

COLUMNS = [
    "sync",
    "sent",
    "delivered",
    "dead",
    "of these rejected",
    "blocked",
    "duplicates dropped",
    "lost",
    "delivered twice",
]


@dataclass(frozen=True)
class Evidence:
    """One sync's. `sent` is how often each id was accepted, `takings` how often the destination took it,
    `refused` the ids that it said by name it did not take.

    `dead` is the reason by id of what is in the dead-letter queue, `blocked` are the ids the archive has as
    blocked; `dropped` is how many copies of an id the archive has as duplicates; `breaks_rules` are the ids
    the sender made to be blocked: any other that was is lost. `unheard` is how often an id was taken while
    the destination's answer reached nobody.
    """

    sent: Mapping[str, int]
    takings: Mapping[str, int]
    refused: Collection[str]
    dead: Mapping[str, str]
    blocked: Collection[str]
    dropped: Mapping[str, int]
    breaks_rules: Collection[str]
    unheard: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Balance:
    """Counts of copies by how they ended, `rejected` of those dead whose letter gives that reason; `lost` are
    ids, `twice` counts ids that were taken more than once, `unheard` those of them that were taken again
    because an answer reached nobody, `refused` those refused by name and never taken.

    `strangers` are ids that the destination took and nobody sent, or took although they break a rule.
    """

    sent: int = 0
    delivered: int = 0
    dead: int = 0
    rejected: int = 0
    blocked: int = 0
    dropped: int = 0
    twice: int = 0
    unheard: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        ended = self.delivered + self.dead + self.blocked + self.dropped
        return self.sent == ended and not self.lost and not self.strangers


def balance(evidence: Evidence) -> Balance:
    """Every copy that was accepted ends in one column: its first in that of its fate, others as duplicates.

    A copy that was not dropped was let through, and ends as the first did.
    """
    found = Balance()
    for message_id, copies in evidence.sent.items():
        dropped = min(copies - 1, evidence.dropped.get(message_id, 0))
        others = copies - dropped
        taken = evidence.takings.get(message_id, 0)
        found.sent += copies
        found.dropped += dropped
        found.twice += taken > 1
        found.unheard += taken > 1 >= taken - evidence.unheard.get(message_id, 0)
        found.refused += not taken and message_id in evidence.refused
        if message_id in evidence.breaks_rules:
            if message_id in evidence.blocked:
                found.blocked += others
            else:
                found.lost.append(message_id)
            if taken:
                found.strangers.append(message_id)
        elif taken:
            found.delivered += others
        elif message_id in evidence.dead:
            found.dead += others
            found.rejected += others if evidence.dead[message_id] == "rejected" else 0
        else:
            found.lost.append(message_id)
    found.strangers += [message_id for message_id in evidence.takings if message_id not in evidence.sent]
    return found


def count_copies(lines: Collection[tuple[str, int, str]]) -> Counter[str]:
    """How often each id stands in lines of `(pack id, number, message id)`; a line written twice is one."""
    return Counter(message_id for _, _, message_id in set(lines))


def render(balances: Mapping[str, Balance]) -> str:
    """The table, as it stands in docs/reliability.md."""
    rows = [COLUMNS, ["---", *["--:"] * (len(COLUMNS) - 1)]]
    for sync, found in balances.items():
        numbers = [found.sent, found.delivered, found.dead, found.rejected, found.blocked, found.dropped]
        numbers += [len(found.lost), found.twice]
        rows.append([sync, *(f"{number:,}" for number in numbers)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
