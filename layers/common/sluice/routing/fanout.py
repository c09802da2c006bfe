"""Items of several ingest packs, merged into as few sync packs as fit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sluice.packs import Replay, SyncPack, cut, dump_item, dump_sync_pack
from sluice.quoted import Quoted, escape
from sluice.routing.verdicts import Routed

SEND_BYTES = 16 * 1024 * 1024  # of bodies held at once, whatever the number of syncs
FEW_ITEMS = 200  # about what 240 KiB hold
MANY_ITEMS = 50  # of one ingest pack: from here on merging saves next to nothing


class SendAll(Protocol):
    """Sends bodies by queue URL, each in its message group; the indexes of those that failed, by URL."""

    def __call__(
        self, messages: Mapping[str, Sequence[Quoted]], *, groups: Mapping[str, Sequence[str]]
    ) -> Mapping[str, Sequence[int]]: ...


type PutBack = Callable[[Sequence[Quoted], Sequence[str]], Sequence[int]]
"""Puts bodies, each with its message group, where the router finds them later; the indexes that failed."""


@dataclass(slots=True)
class Outbox:
    """Bodies by queue URL, and beside each its message group and the ingest packs whose items it holds."""

    bodies: dict[str, list[Quoted]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    owners: dict[str, list[set[int]]] = field(default_factory=dict)
    size: int = 0

    def add(self, queue_url: str, body: Quoted, group: str, owners: set[int]) -> None:
        self.bodies.setdefault(queue_url, []).append(body)
        self.groups.setdefault(queue_url, []).append(group)
        self.owners.setdefault(queue_url, []).append(owners)
        self.size += body.size

    def flush(self, send_all: SendAll, put_back: PutBack) -> set[int]:
        """Sends and forgets everything; what a queue refused is put back. The ingest packs with an item in a
        body that could not be put back either."""
        failed = send_all(self.bodies, groups=self.groups) if self.bodies else {}
        refused = [(url, at) for url, indexes in failed.items() for at in indexes]
        lost: Sequence[int] = ()
        if refused:
            bodies = [self.bodies[url][at] for url, at in refused]
            lost = put_back(bodies, [self.groups[url][at] for url, at in refused])
        hit = {owner for n in lost for owner in self.owners[refused[n][0]][refused[n][1]]}
        self.bodies, self.groups, self.owners, self.size = {}, {}, {}, 0
        return hit


def send_sync_packs(
    packs: Sequence[Routed],
    syncs: Mapping[str, Mapping[str, Any]],
    queue_base: str,
    send_all: SendAll,
    put_back: PutBack,
) -> set[int]:
    """Sends the items of `packs` to their syncs' queues; the indexes of the packs that miss one.

    A sync's queue is named `queue_base` and the sync's `name`. Live events and those of a replay share no
    pack: what is replayed has a message group of its own, so that live events overtake it.

    A sync pack that its queue refuses goes to `put_back`, so that the ingest pack is not sent to the other
    syncs again. Only where that fails, too, the ingest pack fails.
    """
    failed: set[int] = set()
    outbox = Outbox()
    for replay in dict.fromkeys(routed.replay for routed in packs):
        places = [at for at, routed in enumerate(packs) if routed.replay == replay]
        members = [packs[at] for at in places]
        group = Replay(replay).group if replay is not None else ""
        for slug in dict.fromkeys(slug for routed in members for slug in routed.items):
            for body, held in build_sync_packs(slug, members, syncs[slug]["batch_size"]):
                owners = {places[member] for member in held}
                outbox.add(queue_base + syncs[slug]["name"], body, group, owners)
                if outbox.size >= SEND_BYTES:
                    failed |= outbox.flush(send_all, put_back)
    return failed | outbox.flush(send_all, put_back)


def build_sync_packs(
    slug: str, packs: Sequence[Routed], batch_size: int | None
) -> Iterator[tuple[Quoted, set[int]]]:
    """SQS bodies of one sync's packs, each with the indexes of the ingest packs whose items it holds.

    The ingest packs are live ones, or all of the same replay. Large ones share no sync pack: when a router
    that was killed routes them again, the same bodies arise, which delivery recognises as copies.
    """
    few: list[int] = []
    for at, routed in enumerate(packs):
        if len(routed.items.get(slug, ())) < MANY_ITEMS:
            few.append(at)
        else:
            yield from _build(slug, packs, [at], batch_size)
    if few:
        yield from _build(slug, packs, few, batch_size)


def _build(
    slug: str, packs: Sequence[Routed], places: Sequence[int], batch_size: int | None
) -> Iterator[tuple[Quoted, set[int]]]:
    """Bodies of the items of the ingest packs at these places."""
    typed = [item for at in places for item in packs[at].items.get(slug, ())]
    owners = [at for at in places for _ in packs[at].items.get(slug, ())]
    heads = {event_type: dump_item(event_type, b"")[:-1] for event_type in {item[0] for item in typed}}
    escaped_heads = {event_type: escape(head) for event_type, head in heads.items()}
    sizes = [len(heads[event_type]) + size + 1 for event_type, _, size in typed]
    for part in cut(sizes, max_items=limit_items(batch_size)):
        held = set(owners[part])
        first_seen = min(packs[at].received_at for at in held)
        origin = packs[min(held)].pack_id
        pack = SyncPack(
            slug, [], attempt=1, first_seen=first_seen, replay=packs[places[0]].replay, origin=origin
        )
        items = [b"%b%b}" % (escaped_heads[event_type], event) for event_type, event, _ in typed[part]]
        yield quote_sync_pack(pack, items, sum(sizes[part])), held


def quote_sync_pack(pack: SyncPack, escaped_items: Sequence[bytes], items_size: int) -> Quoted:
    """`dump_sync_pack` for items that are escaped already; `items_size` is that of the items' JSON."""
    frame = dump_sync_pack(pack, []).encode()
    start = frame.rindex(b"]")  # items come last
    literal = b'"%b%b%b"' % (escape(frame[:start]), b",".join(escaped_items), escape(frame[start:]))
    return Quoted(literal, len(frame) + items_size + len(escaped_items) - 1)


def limit_items(batch_size: int | None) -> int | None:
    """How many items a pack may hold, so that its last request to the destination is full, too.

    A multiple of the sync's batch size, and never so few that SQS costs more than it must.
    """
    return batch_size and batch_size * max(1, FEW_ITEMS // batch_size)
