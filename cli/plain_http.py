"""Destinations over plain http, which only a stack with `AllowPrivateDestinations` calls."""

import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.workspace_files import WorkspaceFolder, locate
from sluice.errors import WorkspaceError
from sluice.workspace.problems import Problem

PARAMETER = "AllowPrivateDestinations"
SAMCONFIG = Path("samconfig.toml")
DEFAULT_ENVIRONMENT = "default"


def find_plain_http(folder: WorkspaceFolder, *, environment: str) -> Iterator[WorkspaceError]:
    """An error for each URL with http:, unless samconfig.toml allows these for the environment."""
    found = [
        Problem(
            f"destinations/{slug}",
            ("settings", name),
            "plain http: every event for it would become a dead letter, address_refused",
            f"use https; for a test stack set {PARAMETER}=true in parameter_overrides of {SAMCONFIG}",
        )
        for slug, destination in folder.workspace.destinations.items()
        for name, value in destination.settings.items()
        if isinstance(value, str) and value.lower().startswith("http://")
    ]
    try:
        allowed = not found or allows_plain_http(read_samconfig(SAMCONFIG), environment)
    except WorkspaceError as error:
        yield error
        return
    if not allowed:
        yield from (locate(folder, problem) for problem in found)


def read_samconfig(path: Path) -> dict[str, Any]:
    """The file as a tree; empty where there is no such file. Raises WorkspaceError if it is not TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"not TOML: {error}", file=str(path)) from error


def allows_plain_http(samconfig: Mapping[str, Any], environment: str) -> bool:
    """What `sam deploy` of this environment sets; `deploy.parameters` come before `global.parameters`."""
    commands = samconfig.get(environment, {})
    for command in ("deploy", "global"):
        overrides = commands.get(command, {}).get("parameters", {}).get("parameter_overrides")
        if overrides is not None:
            return dict(_split_overrides(overrides)).get(PARAMETER, "").lower() == "true"
    return False


def _split_overrides(overrides: str | list[str]) -> Iterator[tuple[str, str]]:
    """Names and values, from `A=b`, or `ParameterKey=A,ParameterValue=b`, in a text or a list."""
    words = shlex.split(overrides) if isinstance(overrides, str) else overrides
    for word in words:
        key, _, value = word.partition(",ParameterValue=")
        name, _, plain = key.removeprefix("ParameterKey=").partition("=")
        yield name, (value or plain).strip("\"'")
