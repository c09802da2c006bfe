"""Runs a workspace's functions as they are deployed, for commands that show what becomes of events."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.build import write_workspace_layer
from cli.functions.command import find_function, read_secrets
from cli.functions.sandbox import Sandbox
from sluice.packs import Event
from sluice.routing.govern import ApplyFunctions
from sluice.transforms.outcomes import Key, Outcome
from sluice.transforms.results import EventLimits
from sluice.transforms.transform import Transform


@contextmanager
def run_functions(workspace: Path, names: Sequence[str], stack: str) -> Iterator[ApplyFunctions | None]:
    """What applies the functions of these names while the block runs; None where there are none.

    Secrets are environment variables of their names, else the stack's parameters. Raises CommandError where
    one is missing, InvalidWorkspace.
    """
    if not names:
        yield None
        return
    secrets: dict[str, str] = {}
    for name in names:
        secrets |= read_secrets(find_function(workspace, name), stack)
    with tempfile.TemporaryDirectory() as folder:
        write_workspace_layer(workspace, Path(folder))
        sandbox = Sandbox(Path(folder), secrets)

        def apply(batch: Sequence[tuple[Key, Event]], functions: Sequence[str]) -> Mapping[Key, Outcome]:
            return Transform(sandbox.call_all, EventLimits()).apply(batch, functions)

        yield apply
