"""What the rules of their sources make of a run's events, before any sync looks at them.

    suppression → privacy → (duplicates and what ingest blocked stop here) → contract → functions
                                                                           → suppression of whom they named

Consent comes where it is known which syncs take the event: `skip.py`. Each rule belongs to a package of its
own; this module only puts them in their order. A pack about which no rule has anything to say is left to
`judge_pack`, which is all that it pays.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from sluice.contracts.compile import Check, compile_contracts
from sluice.errors import SluiceError
from sluice.packs import Event, IngestPack
from sluice.privacy.protect import compile_privacy
from sluice.privacy.suppression import SuppressionUnknown, reduce_event
from sluice.reasons import Reason
from sluice.transforms.outcomes import Key
from sluice.transforms.outcomes import Outcome as Made

type Verdict = Literal["accepted", "blocked", "dropped", "duplicate"]
type FindSuppressed = Callable[[Sequence[Event]], Mapping[int, str]]
"""By the index of each event whose user is suppressed: the digest of the user. Raises SuppressionUnknown."""
type ApplyFunctions = Callable[[Sequence[tuple[Key, Event]], Sequence[str]], Mapping[Key, Made]]
"""What functions, one behind the other, made of each event. Keys are (place of the pack, place in it)."""
type Asked = tuple[IngestPack, frozenset[int]]
"""A pack, and which of its events are duplicates."""


class GovernFailed(SluiceError):
    """A rule could not be asked (its table, its function): the whole pack must be tried again.

    `stage` is the word that stands in the log for the trouble: suppression, functions.
    """

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one source; what it does not have is None or empty.

    `sync_functions` are those of its active syncs, by sync (`per_sync.py`).
    """

    protect: Callable[[Event], Event] | None = None
    check: Check | None = None
    functions: tuple[str, ...] = ()
    sync_functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Copy:
    """What one sync gets of an event in its place: another event with its id, or none.

    `reason` says why there is none; without a reason there are only children of it. `error` is a function's.
    """

    event: Event | None = None
    reason: str = ""
    error: str = ""


NO_COPIES: Mapping[str, Copy] = MappingProxyType({})


@dataclass(slots=True)
class Governed:
    """One event as the rules leave it, with all that its archive line says of them.

    `n` is unique in the pack and the same at every try: of the k-th event made from event `n` (k from 0), in
    a pack of `size` events, it is n + k·size. `original` is the event after privacy, where what goes on is
    another. `copies` are those of syncs with functions of their own. An event that such a function made goes
    to no other `sync`.
    """

    n: int
    event: Event
    verdict: Verdict = "accepted"
    reasons: Sequence[str] = ()
    violations: dict[str, Any] | None = None
    original: Event | None = None
    parent_id: Any = None
    function_error: str = ""
    copies: Mapping[str, Copy] = NO_COPIES
    sync: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether no more is to be said of it than of an event without rules, as of most."""
        return not (
            self.verdict != "accepted"
            or self.violations
            or self.original is not None
            or self.parent_id is not None
            or self.function_error
            or self.copies
            or self.sync
        )


type Told = list[Governed] | Exception | None
"""Of a pack: its events; None where no rule has anything to say; or why it cannot be judged now."""


def compile_rules(workspace: Mapping[str, Any]) -> dict[str, Rules]:
    """By source, for the sources that have any. Raises ValueError for a contract that was never checked."""
    checks = compile_contracts(workspace)
    of_syncs: dict[str, dict[str, tuple[str, ...]]] = {}
    for slug, sync in workspace["syncs"].items():
        if sync.get("functions") and not sync["retired"]:
            of_syncs.setdefault(sync["source"], {})[slug] = tuple(sync["functions"])
    rules = {
        slug: Rules(
            compile_privacy(source),
            checks.get(slug),
            tuple(source.get("functions", ())),
            of_syncs.get(slug, {}),
        )
        for slug, source in workspace["sources"].items()
    }
    return {slug: own for slug, own in rules.items() if own != Rules()}


def govern(
    packs: Sequence[Asked],
    rules: Mapping[str, Rules],
    find_suppressed: FindSuppressed | None = None,
    apply_functions: ApplyFunctions | None = None,
) -> list[Told]:
    """For each pack what is told of it; events of several packs go through a function together.

    Never raises: what is wrong with one pack holds up no other. No pack's events are changed in place.
    """
    told: list[Told] = []
    for pack, duplicates in packs:
        try:
            told.append(_govern_pack(pack, duplicates, rules.get(pack.source), find_suppressed))
        except SuppressionUnknown as error:
            told.append(GovernFailed("suppression", str(error)))
        except Exception as error:  # whoever asked tells the operator
            told.append(error)
    if apply_functions:
        own = [rules[pack.source].functions if pack.source in rules else () for pack, _ in packs]
        for functions in dict.fromkeys(names for names in own if names):
            places = [at for at, names in enumerate(own) if names == functions]
            _transform(told, places, functions, apply_functions)
            if find_suppressed:
                for at in places:
                    told[at] = _suppress_made(told[at], find_suppressed)
    return told


def _govern_pack(
    pack: IngestPack, duplicates: frozenset[int], rules: Rules | None, find_suppressed: FindSuppressed | None
) -> list[Governed] | None:
    suppressed = find_suppressed(pack.events) if find_suppressed else {}
    events = [rules.protect(event) for event in pack.events] if rules and rules.protect else pack.events
    if rules is None and not suppressed:
        return None
    told = [Governed(n, event) for n, event in enumerate(events)]
    for governed in told:
        n = governed.n
        if n in suppressed:
            governed.event = reduce_event(governed.event, suppressed[n], pack.events[n])
            governed.verdict, governed.reasons = "dropped", (Reason.SUPPRESSED,)
        elif n in duplicates:
            governed.verdict, governed.reasons = "duplicate", (Reason.DUPLICATE,)
        elif n in pack.blocked:
            governed.verdict, governed.reasons = "blocked", pack.blocked[n]
        elif rules and rules.check:
            _check(governed, rules.check)
    return told


def _suppress_made(told: Told, find_suppressed: FindSuppressed) -> Told:
    """A function may have found out whose an event is: it stops here where that user is suppressed."""
    if not isinstance(told, list):
        return told
    made = [governed for governed in told if governed.verdict == "accepted"]
    try:
        suppressed = find_suppressed([governed.event for governed in made])
    except SuppressionUnknown as error:
        return GovernFailed("suppression", str(error))
    for at, digest in suppressed.items():
        governed = made[at]
        governed.event = reduce_event(governed.event, digest)
        governed.verdict, governed.reasons = "dropped", (Reason.SUPPRESSED,)
        governed.original = governed.violations = None
    return told


def _check(governed: Governed, check: Check) -> None:
    outcome = check(governed.event)
    if outcome is None:
        return
    governed.violations = outcome.violations
    if outcome.reasons:
        governed.verdict, governed.reasons = "blocked", outcome.reasons
    elif outcome.event is not governed.event:
        governed.event, governed.original = outcome.event, governed.event


def _transform(
    told: list[Told], places: Sequence[int], functions: Sequence[str], apply_functions: ApplyFunctions
) -> None:
    """Replaces what is told of the packs at these places by what the functions made of it."""
    batch = [
        ((at, governed.n), governed.event)
        for at in places
        if isinstance(of_pack := told[at], list)
        for governed in of_pack
        if governed.verdict == "accepted"
    ]
    made = apply_functions(batch, functions) if batch else {}
    for at in places:
        of_pack = told[at]
        if not isinstance(of_pack, list):
            continue
        trouble = [made[key].trouble for g in of_pack if (key := (at, g.n)) in made and made[key].trouble]
        if trouble:
            told[at] = GovernFailed("functions", trouble[0])
        else:
            size = len(of_pack)
            told[at] = [
                line
                for g in of_pack
                for line in (_apply(g, made[at, g.n], size) if (at, g.n) in made else (g,))
            ]


def _apply(governed: Governed, made: Made, size: int) -> list[Governed]:
    """The event itself first, wherever the function put it; what is dropped or failed stays as it was."""
    if made.error:
        governed.verdict, governed.reasons = "blocked", (Reason.FUNCTION_ERROR,)
        governed.function_error = made.error
        return [governed]
    if not made.events:
        governed.verdict, governed.reasons = "dropped", (Reason.FUNCTION_DROPPED,)
        return [governed]
    before, message_id = governed.event, governed.event.get("messageId")
    events = list(made.events)
    own = next((at for at, event in enumerate(events) if event.get("messageId") == message_id), None)
    if own is not None:
        events.insert(0, events.pop(own))
    lines = [
        Governed(governed.n + k * size, event, parent_id=None if k == 0 and own is not None else message_id)
        for k, event in enumerate(events)
    ]
    first = lines[0]
    first.violations = governed.violations
    first.original = governed.original or (before if first.event != before else None)
    return lines
