"""Functions of single syncs: they change the copies that one sync gets, behind its source's rules.

The event that all other syncs see stays what it is, and so does its archive line. What becomes of the copies
stands beside it: one with the event's own id in `Governed.copies`, the others as events of their own, which
go to that sync only. `parted.py` decides over them.
"""

from collections.abc import Collection, Mapping, Sequence

from sluice.packs import Event, IngestPack
from sluice.privacy.suppression import SuppressionUnknown, reduce_event
from sluice.reasons import Reason
from sluice.routing.govern import (
    ApplyFunctions,
    Asked,
    Copy,
    FindSuppressed,
    Governed,
    GovernFailed,
    Rules,
    Told,
)
from sluice.routing.skip import Deny
from sluice.transforms.outcomes import Key
from sluice.transforms.outcomes import Outcome as Made
from sluice.transforms.results import MAX_RETURNED, derive_id

type Wanted = dict[str, list[Governed]]
"""By sync, the events of a pack that its functions get."""


def copy_for_syncs(
    packs: Sequence[Asked],
    told: list[Told],
    rules: Mapping[str, Rules],
    denials: Mapping[str, Deny | None],
    apply_functions: ApplyFunctions,
    find_suppressed: FindSuppressed | None = None,
) -> None:
    """Puts into `told` what the syncs' functions made, of the events that are accepted so far.

    Events that a sync must not get are not shown to its functions. Syncs with the same functions share their
    calls. A pack that cannot be judged now is replaced by why.
    """
    wanted: dict[int, Wanted] = {}
    for at, (pack, _) in enumerate(packs):
        of_pack, own = told[at], rules.get(pack.source)
        if own and own.sync_functions and isinstance(of_pack, list):
            wanted[at] = _list_wanted(pack, of_pack, own, denials.get(pack.source))
    if not wanted:
        return
    made = _apply(packs, wanted, rules, apply_functions)
    for at, by_sync in wanted.items():
        of_source = rules[packs[at][0].source].sync_functions
        results = {sync: made[functions] for sync, functions in of_source.items() if sync in by_sync}
        told[at] = _join(at, told[at], len(packs[at][0].events), list(of_source), by_sync, results)
        if find_suppressed:
            told[at] = _suppress(told[at], find_suppressed)


def _list_wanted(pack: IngestPack, told: Sequence[Governed], rules: Rules, deny: Deny | None) -> Wanted:
    syncs = [
        sync
        for sync in rules.sync_functions
        if pack.replay is None or pack.replay.syncs is None or sync in pack.replay.syncs
    ]
    wanted: Wanted = {sync: [] for sync in syncs}
    for governed in told:
        if governed.verdict == "accepted":
            denied = deny(governed.event) if deny else ()
            for sync in syncs:
                if sync not in denied:
                    wanted[sync].append(governed)
    return wanted


def _apply(
    packs: Sequence[Asked],
    wanted: Mapping[int, Wanted],
    rules: Mapping[str, Rules],
    apply_functions: ApplyFunctions,
) -> dict[tuple[str, ...], Mapping[Key, Made]]:
    """By functions, what they made of all events that any sync wants of them."""
    batches: dict[tuple[str, ...], dict[Key, Event]] = {}
    for at, by_sync in wanted.items():
        functions_of = rules[packs[at][0].source].sync_functions
        for sync, events in by_sync.items():
            batch = batches.setdefault(functions_of[sync], {})
            batch.update({(at, governed.n): governed.event for governed in events})
    return {
        functions: apply_functions(list(batch.items()), functions) if batch else {}
        for functions, batch in batches.items()
    }


def _join(
    at: int,
    told: Told,
    size: int,
    syncs: Sequence[str],
    wanted: Wanted,
    results: Mapping[str, Mapping[Key, Made]],
) -> Told:
    """What is told of a pack, with the copies at their events and behind each event those made of it.

    A pack of `size` events has numbers below `span` before; each sync of the source, whether it gets
    something or not, has as many for each of 100 children. So a number is the same at every try.
    """
    if not isinstance(told, list):
        return told
    span = MAX_RETURNED * size
    taken = {governed.event.get("messageId") for governed in told}
    made_of: dict[int, list[Governed]] = {}
    for sync, events in wanted.items():
        first = 1 + syncs.index(sync) * MAX_RETURNED
        for governed in events:
            made = results[sync][at, governed.n]
            if made.trouble:
                return GovernFailed("functions", made.trouble)
            own, children = _split(governed.event, made)
            governed.copies = {**governed.copies, sync: own}
            for k, event in children:
                child = _identify(sync, governed.event, k, event, taken)
                n = governed.n + (first + k) * span
                line = Governed(n, child, parent_id=governed.event.get("messageId"), sync=sync)
                made_of.setdefault(governed.n, []).append(line)
    return [line for governed in told for line in (governed, *made_of.get(governed.n, ()))]


def _split(event: Event, made: Made) -> tuple[Copy, Sequence[tuple[int, Event]]]:
    """The sync's copy of an event, and its children, each with its place among all that was made of it."""
    if made.error:
        return Copy(reason=Reason.FUNCTION_ERROR, error=made.error), ()
    if not made.events:
        return Copy(reason=Reason.FUNCTION_DROPPED), ()
    message_id = event.get("messageId")
    own = next((k for k, other in enumerate(made.events) if other.get("messageId") == message_id), None)
    children = [(k, child) for k, child in enumerate(made.events) if k != own]
    return Copy(None if own is None else made.events[own]), children


def _identify(sync: str, parent: Event, k: int, child: Event, taken: Collection[object]) -> Event:
    """The child, under another id where an event of the pack has its own: source and sync may share a
    function."""
    if child.get("messageId") not in taken:
        return child
    return {**child, "messageId": derive_id(str(parent["messageId"]), sync, k)}


def _suppress(told: Told, find_suppressed: FindSuppressed) -> Told:
    """As with a source's functions: who is suppressed is so, too, where a sync's function named them."""
    if not isinstance(told, list):
        return told
    copies = [
        (governed, sync, copy.event)
        for governed in told
        for sync, copy in governed.copies.items()
        if copy.event is not None and copy.event is not governed.event
    ]
    children = [governed for governed in told if governed.sync]
    made = [*(event for _, _, event in copies), *(governed.event for governed in children)]
    try:
        suppressed = find_suppressed(made) if made else {}
    except SuppressionUnknown as error:
        return GovernFailed("suppression", str(error))
    for place, digest in suppressed.items():
        if place < len(copies):
            governed, sync, _ = copies[place]
            governed.copies = {**governed.copies, sync: Copy(reason=Reason.SUPPRESSED)}
        else:
            child = children[place - len(copies)]
            child.event = reduce_event(child.event, digest)
            child.verdict, child.reasons = "dropped", (Reason.SUPPRESSED,)
    return told
