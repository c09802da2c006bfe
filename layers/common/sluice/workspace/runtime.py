"""How the functions see the workspace: the JSON object that `sluice build` put into its layer."""

from functools import cache
from importlib.resources import files
from typing import Any

import orjson


@cache
def load_compiled() -> dict[str, Any]:
    """The compiled workspace, as `sluice.workspace.compile` describes it."""
    compiled: dict[str, Any] = orjson.loads(files("sluice_workspace").joinpath("workspace.json").read_bytes())
    return compiled
