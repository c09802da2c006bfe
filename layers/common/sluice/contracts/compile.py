"""The contracts of each source, compiled once: a function from an event to what is wrong with it.

An event is looked up by its type and its exact name, and by the version that it says it has. Contracts of one
source declare no event twice (`sluice check`), so the one that declares it rules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sluice.contracts.definition import BLOCK_EVENT, Definition, compile_definition, describe
from sluice.contracts.messages import shorten
from sluice.contracts.outcome import Outcome
from sluice.fields import MISSING, Getter, compile_field, format_field
from sluice.packs import Event
from sluice.reasons import Reason

DEFAULT_VERSION = "default"
NAMED = frozenset({"page", "screen"})
"""Types whose name is `name`, and may be left out of an event and of a definition."""

type Check = Callable[[Event], Outcome | None]


@dataclass(slots=True)
class Declared:
    """One type and name of a contract: its versions, and how an event names the one that it has."""

    find_version: Getter
    versions: dict[str, Definition] = field(default_factory=dict)
    blocks_undeclared: bool = False


def compile_contracts(workspace: Mapping[str, Any]) -> dict[str, Check]:
    """By source, for the sources that have contracts. Raises ValueError for an unchecked contract."""
    contracts = workspace.get("contracts", {})
    compiled = {slug: compile_contract(contract) for slug, contract in contracts.items()}
    return {
        source: compile_check(
            [contracts[slug] for slug in spec["contracts"]], [compiled[slug] for slug in spec["contracts"]]
        )
        for source, spec in workspace["sources"].items()
        if spec.get("contracts")
    }


def compile_contract(contract: Mapping[str, Any]) -> dict[tuple[str, str | None], Declared]:
    """By type and name, None where every name is meant."""
    path = tuple(contract["schema_version_path"])
    get = compile_field(format_field(path)) if path else (lambda _event: None)
    declared: dict[tuple[str, str | None], Declared] = {}
    for spec in contract["events"]:
        entry = declared.setdefault((spec["type"], spec["name"]), Declared(get))
        entry.blocks_undeclared = contract["on_undeclared_schema"] == BLOCK_EVENT
        entry.versions[spec["version"]] = compile_definition(spec, contract["components"], path)
    return declared


def compile_check(
    contracts: Sequence[Mapping[str, Any]], compiled: Sequence[Mapping[tuple[str, str | None], Declared]]
) -> Check:
    """The check of one source. Of what no contract declares, the strictest one decides."""
    declared = {key: entry for entries in compiled for key, entry in entries.items()}
    blocks = any(contract["on_undeclared_schema"] == BLOCK_EVENT for contract in contracts)

    def check(event: Event) -> Outcome | None:
        kind = event.get("type")
        if type(kind) is not str:
            return tell_undeclared(event, None, DEFAULT_VERSION, "an event without a type", blocks=blocks)
        name = event.get("event") if kind == "track" else event.get("name") if kind in NAMED else None
        if type(name) is not str:
            name = None
        entry = declared.get((kind, name))
        if entry is None and kind in NAMED:
            entry = declared.get((kind, None))
        if entry is None:
            what = f"{kind} {name!r}" if name is not None else kind
            return tell_undeclared(event, name, DEFAULT_VERSION, f"{what} is not declared", blocks=blocks)
        version = read_version(entry.find_version(event))
        definition = entry.versions.get(version)
        if definition is None:
            known = ", ".join(entry.versions)
            message = f"version {version!r} of {kind} {name!r} is not declared; there are: {known}"
            return tell_undeclared(event, name, version, message, blocks=entry.blocks_undeclared)
        return definition.check(event, name)

    return check


def read_version(given: Any) -> str:
    """A number is the text of its digits; where there is nothing, or null, it is the default version."""
    if given is MISSING or given is None or given == "":
        return DEFAULT_VERSION
    return given if type(given) is str else shorten(str(given))


def tell_undeclared(event: Event, name: str | None, version: str, message: str, *, blocks: bool) -> Outcome:
    violations = describe(event, name, version, [shorten(message)], has_undeclared_schema=True)
    return Outcome(event, [Reason.UNDECLARED_EVENT] if blocks else [], violations)
