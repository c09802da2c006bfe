"""The destinations Sluice can send to. Each is imported when the first sync needs it.

To add one: a module with a `DECLARATION` (see `declaration.py`), and its line in the table here.
"""

from importlib import import_module
from typing import Any

from sluice.destinations.declaration import Declaration
from sluice.errors import WorkspaceError

KINDS = {
    "braze": "sluice.destinations.braze",
    "http": "sluice.destinations.http",
    "rudderstack": "sluice.destinations.rudderstack",
    "sandbox": "sluice.destinations.sandbox",
    "slack": "sluice.destinations.slack",
}


def load_declaration(kind: str) -> Declaration[Any]:
    """The declaration of a kind of destination. Raises WorkspaceError for a kind that does not exist."""
    if kind not in KINDS:
        raise WorkspaceError(f"no destination of kind {kind!r}", hint=f"there are {', '.join(sorted(KINDS))}")
    declaration: Declaration[Any] = import_module(KINDS[kind]).DECLARATION
    return declaration
