"""Destinations over plain http, which only a stack with `AllowPrivateDestinations` calls."""

from collections.abc import Iterator
from pathlib import Path

from cli.samconfig import InvalidSamConfig, find_samconfig, read_settings
from cli.workspace_files import WorkspaceFolder, locate
from sluice.errors import WorkspaceError
from sluice.workspace.problems import Problem

PARAMETER = "AllowPrivateDestinations"


def find_plain_http(folder: WorkspaceFolder, *, environment: str) -> Iterator[WorkspaceError]:
    """An error for each URL with http:, unless samconfig.toml allows these for the environment."""
    samconfig = find_samconfig(Path())
    found = [
        Problem(
            f"destinations/{slug}",
            ("settings", name),
            "plain http: every event for it would become a dead letter, address_refused",
            f"use https; for a test stack set {PARAMETER}=true in parameter_overrides of {samconfig}",
        )
        for slug, destination in folder.workspace.destinations.items()
        for name, value in destination.settings.items()
        if isinstance(value, str) and value.lower().startswith("http://")
    ]
    try:
        allowed = not found or allows_plain_http(Path(), environment)
    except InvalidSamConfig as error:
        yield WorkspaceError(str(error), file=str(samconfig))
        return
    if not allowed:
        yield from (locate(folder, problem) for problem in found)


def allows_plain_http(folder: Path, environment: str) -> bool:
    """What `sam deploy` of this environment sets in this folder. Raises InvalidSamConfig."""
    parameters = read_settings(folder, ["--config-env", environment]).parameters
    return parameters.get(PARAMETER, "").lower() == "true"
