"""Archived events become the draft of a contract."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cli.contracts.profile import Profile
from cli.contracts.trial import is_child
from cli.workspace_files import dump_yaml
from sluice.contracts.compile import DEFAULT_VERSION, read_version
from sluice.contracts.definition import ALLOW_EVENT
from sluice.contracts.standard import DATA_KEYS
from sluice.fields import compile_field
from sluice.workspace.contracts import LONGEST_VERSION

type Key = tuple[str, str | None, str]

MOST_DEFINITIONS = 500
"""Of more names some are data, such as a product's: a contract is what people read."""

ALLOW_ALL = {
    "on_undeclared_schema": ALLOW_EVENT,
    "on_undeclared_fields": ALLOW_EVENT,
    "on_schema_violation": ALLOW_EVENT,
}
"""A draft only reports violations: blocking and omitting are for its reader to choose."""

_REPLAYED = "replay"
_VERSION = compile_field("context.htevents.schemaVersion")


def list_candidates(lines: Iterable[Mapping[str, Any]], source: str) -> Iterator[dict[str, Any]]:
    """The events of a source as they were before contract and function, each once; no stub of a large one."""
    for line in lines:
        if line["source"] != source or _REPLAYED in line or is_child(line):
            continue
        if line["verdict"] == "accepted" or line.get("violations"):
            yield line.get("original") or line["event"]


class Draft:
    """Events of a source, added one by one."""

    def __init__(self) -> None:
        self.events = 0
        self.profiles: dict[Key, Profile] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Pages and screens are one definition each, whatever their names: names of pages are data.

        An event that no contract can declare is left out.
        """
        kind = event.get("type")
        if kind not in DATA_KEYS:
            return
        name = event.get("event") if kind == "track" else None
        if kind == "track" and not isinstance(name, str):
            return
        version = read_version(_VERSION(event))
        if len(version) > LONGEST_VERSION:
            return
        self.events += 1
        data = event.get(DATA_KEYS[kind])
        self.profiles.setdefault((kind, name, version), Profile()).add(data if isinstance(data, dict) else {})

    def describe(self) -> dict[str, Any]:
        """The contract as a file has it, most frequent events first, the rarest of too many left out."""
        ordered = sorted(self.profiles.items(), key=lambda entry: (-entry[1].seen, str(entry[0])))
        events = [_describe_event(key, profile) for key, profile in ordered[:MOST_DEFINITIONS]]
        return {**ALLOW_ALL, "events": events}

    @property
    def left_out(self) -> int:
        """How many definitions are too many."""
        return max(0, len(self.profiles) - MOST_DEFINITIONS)

    def render(self, told: str) -> str:
        """The text of a file; `told` says what it was drafted from."""
        head = f"# Drafted by sluice contracts infer from {told}. Read it before you attach it to a source.\n"
        if self.left_out:
            head += (
                f"# {self.left_out:,} more definitions, of the rarest names, are left out: are names data?\n"
            )
        return head + dump_yaml(self.describe())


def _describe_event(key: Key, profile: Profile) -> dict[str, Any]:
    kind, name, version = key
    event: dict[str, Any] = {"type": kind}
    if name is not None:
        event["name"] = name
    if version != DEFAULT_VERSION:
        event["version"] = version
    schema = profile.describe()
    if not profile.fields:
        schema = {"type": "object"}
    return {**event, "schema": schema}
