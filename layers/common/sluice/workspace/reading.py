"""From the tree of one file to what can be made of it, however much of it is wrong.

What is valid in a broken file is checked against the others all the same; what is not, only told once.
"""

from collections.abc import Mapping
from typing import Any

from sluice.workspace.compile import Workspace
from sluice.workspace.contracts import Contract
from sluice.workspace.model_errors import Written, read_model
from sluice.workspace.models import (
    DEFAULTS,
    Destination,
    EventType,
    Privacy,
    Source,
    Sync,
    WriteKey,
    is_event_type,
)
from sluice.workspace.problems import Problem


def read_part(workspace: Workspace, part: str, tree: Mapping[str, Any]) -> tuple[list[Problem], Written]:
    """Adds a file's tree to the workspace. What is wrong in the file by itself, and its misspelt keys.

    With problems what is added is what `find_problems` can go on with, and no more: never to be compiled.
    """
    kind, _, slug = part.partition("/")
    match kind:
        case "sources":
            source = read_model(Source, tree)
            faults, written = source.faults, source.written
            workspace.sources[slug] = source.model or _save_source(source.tree)
        case "destinations":
            destination = read_model(Destination, tree)
            faults, written = destination.faults, destination.written
            if found := destination.model or _save_destination(destination.tree):
                workspace.destinations[slug] = found
            else:
                workspace.broken.add(part)
        case "contracts":
            contract = read_model(Contract, tree)
            faults, written = contract.faults, contract.written
            if contract.model:
                workspace.contracts[slug] = contract.model
            else:
                workspace.broken.add(part)
        case _:
            sync = read_model(Sync, tree)
            faults, written = sync.faults, sync.written
            workspace.syncs[slug] = sync.model or _save_sync(sync.tree)
    return [Problem(part, place, message, hint) for place, message, hint in faults], written


def _save_source(tree: Mapping[str, Any]) -> Source:
    return Source.model_construct(
        keys=[_save_key(key) for key in _list(tree.get("keys"))],
        contracts=_list(tree.get("contracts")),
        privacy=_save_privacy(tree.get("privacy")),
    )


def _save_privacy(tree: Any) -> Privacy:
    """Every path, so that indexes stay those of the file. Paths that are not text were reported already."""
    given = tree if isinstance(tree, Mapping) else {}
    return Privacy.model_construct(drop=_list(given.get("drop")), hash=_list(given.get("hash")))


def _save_key(tree: Any) -> WriteKey:
    digest = tree.get("sha256") if isinstance(tree, Mapping) else ""
    return WriteKey.model_construct(id="", sha256=_text(digest))


def _save_destination(tree: Mapping[str, Any]) -> Destination | None:
    """Settings that are no object are told of already and stay what they are: nothing is missing in them."""
    kind = _text(tree.get("kind"))
    return Destination.model_construct(kind=kind, settings=tree.get("settings", {})) if kind else None


def _save_sync(tree: Mapping[str, Any]) -> Sync:
    types = [_save_event_type(event_type) for event_type in _list(tree.get("event_types"))]
    source, destination = _text(tree.get("source")), _text(tree.get("destination"))
    return Sync.model_construct(source=source, destination=destination, event_types=types)


def _save_event_type(tree: Any) -> EventType:
    """Every event type, so that the n-th of the file stays the n-th."""
    given = tree if isinstance(tree, Mapping) else {}
    name, mappings = _text(given.get("type")), given.get("mappings")
    return EventType.model_construct(
        type=name if is_event_type(name) else "",
        filter=given.get("filter"),
        mappings=mappings if mappings == DEFAULTS or isinstance(mappings, dict) else None,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
