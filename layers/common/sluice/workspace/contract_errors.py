"""Everything wrong with the contracts of a workspace: between files, and between the events of one."""

from collections.abc import Collection, Iterator, Mapping

from sluice.contracts.compile import DEFAULT_VERSION, NAMED
from sluice.contracts.standard import DATA_KEYS, FIELDS
from sluice.workspace.contracts import Contract, ContractEvent
from sluice.workspace.models import Source
from sluice.workspace.problems import Fault, Problem, offer
from sluice.workspace.schema_errors import SchemaFinder, list_schemas
from sluice.workspace.schema_words import find_format_warnings

type EventKey = tuple[str, str | None]


def find_contract_problems(
    contracts: Mapping[str, Contract], sources: Mapping[str, Source], broken: Collection[str]
) -> Iterator[Problem]:
    """`broken` are parts of which nothing can be made, such as contracts/shop."""
    for slug, contract in contracts.items():
        for place, message, hint in _find_faults(contract):
            yield Problem(f"contracts/{slug}", place, message, hint)
    there = sorted({*contracts, *(p.partition("/")[2] for p in broken if p.startswith("contracts/"))})
    for slug, source in sources.items():
        yield from _check_source(f"sources/{slug}", slug, source, contracts, there)


def find_contract_warnings(contract: Contract) -> Iterator[Fault]:
    """What is allowed and probably not meant."""
    for root, schema in list_schemas(contract):
        yield from find_format_warnings(root, schema)


def _check_source(
    part: str, source_slug: str, source: Source, contracts: Mapping[str, Contract], there: Collection[str]
) -> Iterator[Problem]:
    owners: dict[EventKey, str] = {}
    told: set[tuple[str, str, EventKey]] = set()
    listed: set[str] = set()
    for n, slug in enumerate(source.contracts):
        if not isinstance(slug, str):
            continue  # told by whoever read the file
        if slug not in there:
            yield Problem(
                part, ("contracts", n), f"there is no contract {slug}", offer(slug, there, "there are")
            )
        elif slug in listed:
            yield Problem(part, ("contracts", n), f"the contract {slug} is listed twice", "keep one of them")
        listed.add(slug)
        for at, event in enumerate(contracts[slug].events if slug in contracts else ()):
            key = (event.type, event.name)
            owner = owners.setdefault(key, slug)
            if owner != slug and (owner, slug, key) not in told:
                told.add((owner, slug, key))
                yield Problem(
                    f"contracts/{slug}",
                    ("events", at, "name" if event.name else "type"),
                    f"{_name(event)} is in the contract {owner} too, and the source {source_slug} has both",
                    "an event of a source belongs to one contract: take it out of the other",
                )


def _find_faults(contract: Contract) -> Iterator[Fault]:
    yield from _find_event_faults(contract)
    yield from SchemaFinder(contract).find()


def _find_event_faults(contract: Contract) -> Iterator[Fault]:
    seen: dict[tuple[str, str | None, str], int] = {}
    for n, event in enumerate(contract.events):
        if event.type == "track" and event.name is None:
            yield ("events", n), "a track has a name", "write `name: …`, exactly as its `event` is sent"
        elif event.type != "track" and event.type not in NAMED and event.name is not None:
            hint = f"take `name` out: the definition is of every {event.type}"
            yield ("events", n, "name"), f"{event.type} events have no name", hint
        first = seen.setdefault((event.type, event.name, event.version), n)
        if first != n:
            yield (
                ("events", n),
                f"{_name(event)}, version {event.version}, is event {first + 1} of the file, too",
                "give one of them another version, or take it out",
            )
        yield from _find_version_faults(n, event, contract.schema_version_path)


def _find_version_faults(n: int, event: ContractEvent, path: list[str]) -> Iterator[Fault]:
    if event.version == DEFAULT_VERSION:
        return
    why = ""
    if not path:
        why = "`schema_version_path` is empty"
    elif len(path) > 1 and path[0] in FIELDS and path[0] not in _OBJECTS:
        why = f"`{path[0]}` of an event is not an object, so nothing is at `schema_version_path`"
    elif path[0] in DATA_KEYS.values() and path[0] != DATA_KEYS[event.type]:
        why = f"`schema_version_path` is in {path[0]}, and {event.type} events have {DATA_KEYS[event.type]}"
    elif event.version != event.version.strip():
        why = "it begins or ends with a blank"
    if why:
        yield (
            ("events", n, "version"),
            f"no event can have the version {event.version!r}: {why}",
            "write the path of the field in which events name their version, such as "
            "context.htevents.schemaVersion",
        )


def _name(event: ContractEvent) -> str:
    return f"{event.type} {event.name!r}" if event.name is not None else f"every {event.type}"


_OBJECTS = frozenset({"integrations", "_metadata", "_sluice"})
