"""Workspace folders, valid but for what a test changes."""

from collections.abc import Mapping
from pathlib import Path

SOURCE = "description: The shop\n"
DESTINATION = "kind: sandbox\n"
SYNC = """\
source: web
destination: crm
event_types:
  - type: custom_event
"""


def write_workspace(root: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A folder with these files and, where they do not say otherwise, one source, destination and sync."""
    whole = {"sources/web.yaml": SOURCE, "destinations/crm.yaml": DESTINATION, "syncs/all.yaml": SYNC}
    for name, content in {**whole, **(files or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
