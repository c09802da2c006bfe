"""Events as the rules of their source and the functions of a sync leave them, by the router's own code."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cli.preview.incoming import ACCEPTED, BLOCKED, DELIVERED, RECEIVED, Incoming
from cli.stack import CommandError
from sluice.consent import compile_consent
from sluice.packs import IngestPack
from sluice.routing.govern import ApplyFunctions, Governed, Rules, compile_rules, govern
from sluice.routing.per_sync import copy_for_syncs

OTHERS_ONLY = "others_only"
"""Of an event of which a sync's functions made only other events."""


class Governor:
    """The rules that one sync's events go through; `functions` are the names of all that may run."""

    def __init__(self, compiled: Mapping[str, Any], sync: str) -> None:
        self._sync, self._source = sync, compiled["syncs"][sync]["source"]
        found = compile_rules(compiled).get(self._source, Rules())
        own = {slug: names for slug, names in found.sync_functions.items() if slug == sync}
        self._rules = replace(found, sync_functions=own)
        self._deny = compile_consent(compiled, self._source)
        self.functions = sorted({*found.functions, *own.get(sync, ())})

    def govern(self, found: Sequence[Incoming], apply: ApplyFunctions | None = None) -> list[Incoming]:
        """The events in their order, each with those that functions made of it behind it.

        What an event has been through is not done again: an archived one gets the functions of the sync only,
        a dead letter none. Without `apply` no function runs, and what functions would change stays as it is.
        """
        received = [at for at, one in enumerate(found) if one.stage == RECEIVED]
        routed = [
            at for at, one in enumerate(found) if one.stage not in (RECEIVED, DELIVERED) and self._takes(one)
        ]
        made = {at: [one] for at, one in enumerate(found)}
        for places, rules in ((received, self._rules), (routed, self._keep_sync_functions())):
            if places and rules != Rules():
                made |= self._run([found[at] for at in places], places, rules, apply)
        return [one for at in range(len(found)) for one in made[at]]

    def _takes(self, incoming: Incoming) -> bool:
        return incoming.verdict == ACCEPTED and incoming.source in (None, self._source)

    def _keep_sync_functions(self) -> Rules:
        return Rules(sync_functions=self._rules.sync_functions)

    def _run(
        self,
        found: Sequence[Incoming],
        places: Sequence[int],
        rules: Rules,
        apply: ApplyFunctions | None,
    ) -> dict[int, list[Incoming]]:
        """By its place, what became of each event."""
        blocked = {n: list(one.reasons) for n, one in enumerate(found) if one.verdict == BLOCKED}
        pack = IngestPack("", 0, self._source, "", {}, "", [one.event for one in found], blocked)
        asked, by_source = [(pack, frozenset[int]())], {self._source: rules}
        told = govern(asked, by_source, apply_functions=apply)
        if apply:
            copy_for_syncs(asked, told, by_source, {self._source: self._deny}, apply)
        if not isinstance(told[0], list):
            raise CommandError(f"the rules cannot be applied: {told[0]}") from told[0]
        made: dict[int, list[Incoming]] = {at: [] for at in places}
        for governed in told[0]:
            n = governed.n % len(found)
            made[places[n]].append(self._describe(found[n], governed))
        return made

    def _describe(self, before: Incoming, governed: Governed) -> Incoming:
        copy = governed.copies.get(self._sync)
        skipped = error = ""
        event = governed.event
        if copy is not None:
            event = copy.event or event
            skipped = copy.reason or ("" if copy.event else OTHERS_ONLY)
            error = copy.error
        return replace(
            before,
            event=event,
            verdict=governed.verdict,
            reasons=tuple(map(str, governed.reasons)),
            violations=tuple((governed.violations or {}).get("messages", ())) or before.violations,
            function_error=governed.function_error or error,
            skipped=str(skipped),
            parent_id=str(governed.parent_id or ""),
        )
