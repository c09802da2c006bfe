"""What became of every event, worked out from what can be seen from outside. Pure: lists in, numbers out."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice.times import parse_time

type Unit = tuple[str, str, str]
"""Sync, event type, message id: the unit of delivery and counting."""


@dataclass
class SyncAccount:
    """One sync: the units that matched, and where they ended."""

    matched: int = 0
    delivered: int = 0
    retried: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    first_attempts: list[float] = field(default_factory=list)
    """Seconds from receipt at ingest to the first attempt, for destinations that can be seen."""

    @property
    def waiting(self) -> int:
        return self.matched - self.delivered - self.dead.total()

    def percentile(self, share: float) -> float | None:
        """The first-attempt latency that this share of the units does not exceed, None without any."""
        ordered = sorted(self.first_attempts)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


@dataclass
class Account:
    """All that was sent, by verdict, and the syncs."""

    sent: int
    verdicts: Counter[str]
    blocked: Counter[str]
    syncs: dict[str, SyncAccount]
    unexplained: list[str]
    """Message ids that are in the archive less or more often than they were sent."""

    @property
    def archived(self) -> int:
        return self.verdicts.total()

    @property
    def matched(self) -> int:
        return sum(sync.matched for sync in self.syncs.values())

    @property
    def ended(self) -> int:
        return sum(sync.delivered + sync.dead.total() for sync in self.syncs.values())

    def equations(self) -> list[tuple[str, str, bool]]:
        """What must hold: in words, in numbers, and whether it does."""
        of = self.verdicts
        parts = [of["accepted"], of["blocked"], of["dropped"], of["duplicate"]]
        delivered = sum(sync.delivered for sync in self.syncs.values())
        dead = sum(sync.dead.total() for sync in self.syncs.values())
        waiting = sum(max(sync.waiting, 0) for sync in self.syncs.values())
        over = any(sync.waiting < 0 for sync in self.syncs.values())
        return [
            (
                "sent = accepted + blocked + dropped + duplicates",
                f"{self.sent} = {' + '.join(map(str, parts))}",
                self.sent == sum(parts) and not self.unexplained,
            ),
            (
                "accepted × matching event types = delivered + waiting + dead",
                f"{self.matched} = {delivered} + {waiting} + {dead}",
                self.matched == delivered + waiting + dead and not over,
            ),
        ]


def make_account(
    sent: Counter[str],
    archive: Iterable[Mapping[str, Any]],
    requests: Iterable[Mapping[str, Any]],
    letters: Mapping[str, Iterable[Mapping[str, Any]]],
    syncs: Mapping[str, str],
    delivered_unseen: Mapping[str, int],
    untimed: Container[str] = (),
) -> Account:
    """The account of the events in `sent` (message id: how often), whatever else there is to be seen.

    `requests` is what the sink got, `letters` the dead letters by sync, `syncs` the destination of each sync.
    `delivered_unseen` counts deliveries of syncs whose destination calls nobody; the latency of messages in
    `untimed` is left out: those that started the functions.
    """
    lines = [line for line in archive if line["message_id"] in sent]
    archived = Counter(line["message_id"] for line in lines)
    account = Account(
        sent=sent.total(),
        verdicts=Counter(line["verdict"] for line in lines),
        blocked=Counter(
            reason for line in lines if line["verdict"] == "blocked" for reason in line["reasons"]
        ),
        syncs={slug: SyncAccount() for slug in syncs},
        unexplained=sorted(message for message in sent if sent[message] != archived[message]),
    )
    attempts = list_attempts(requests, syncs, lines)
    for line in lines:
        for match in line["syncs"]:
            sync = account.syncs[match["sync"]]
            sync.matched += 1
            tries = attempts.get((match["sync"], match["type"], line["message_id"]), [])
            sync.delivered += any(taken for _, taken in tries)
            sync.retried += len(tries) > 1
            received = parse_time(line["received_at"])
            if tries and received is not None and line["message_id"] not in untimed:
                sync.first_attempts.append(min(moment for moment, _ in tries) - received)
    for slug, found in letters.items():
        own = {(letter["event_type"], letter["message_id"]): letter for letter in found}
        account.syncs[slug].dead.update(
            str(letter["reason"]) for (_, message), letter in own.items() if message in sent
        )
    for slug, count in delivered_unseen.items():
        account.syncs[slug].delivered += count
    return account


def list_attempts(
    requests: Iterable[Mapping[str, Any]], syncs: Mapping[str, str], lines: Iterable[Mapping[str, Any]]
) -> dict[Unit, list[tuple[float, bool]]]:
    """`(epoch, whether it was taken)` of every attempt by unit.

    A request for one event says so in its idempotency key; in one with a list it is the events' message ids.
    Two syncs that send lists to one destination cannot be told apart.
    """
    units = {(match["sync"], match["type"], line["message_id"]) for line in lines for match in line["syncs"]}
    by_message: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        by_message[syncs[unit[0]], unit[2]].append(unit)
    attempts: dict[Unit, list[tuple[float, bool]]] = defaultdict(list)
    for request in requests:
        key = request["headers"].get("idempotency-key")
        if key is not None:
            found = [unit for unit in [tuple(key.split(":", 2))] if unit in units]
        else:
            destination = request["path"].split("/")[1]
            body = request["body"] if isinstance(request["body"], list) else [request["body"]]
            messages = [
                event["messageId"] for event in body if isinstance(event, dict) and "messageId" in event
            ]
            found = [unit for message in messages for unit in by_message.get((destination, message), [])]
        moment = parse_time(request["time"]) or 0.0
        taken = request["status"] is not None and 200 <= request["status"] < 300
        for unit in found:
            attempts[unit].append((moment, taken))
    return attempts
