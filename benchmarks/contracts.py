"""A contract for events of somebody else: `router_contracts` measures events that keep theirs."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.harness import Event
from cli.contracts.infer import Draft
from cli.workspace_files import dump_yaml

PROPERTIES = 20  # of each schema, at least: what an event lacks is declared none the less


def copy_with_contract(workspace: Path, folder: Path, events: Iterable[Event]) -> Path:
    """A copy of the workspace whose contract `contracts infer` drafts from the events: they keep it."""
    shutil.copytree(workspace, folder)
    (folder / "contracts" / "shop.yaml").write_text(dump_yaml(draft_contract(events)))
    return folder


def draft_contract(events: Iterable[Event]) -> dict[str, Any]:
    """The contract as a file has it."""
    draft = Draft()
    for event in events:
        draft.add(event)
    contract = draft.describe()
    for definition in contract["events"]:
        properties = definition["schema"].setdefault("properties", {})
        for n in range(PROPERTIES - len(properties)):
            properties[f"unused_{n}"] = {"type": "string"}
    return contract
