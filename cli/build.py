"""Writes the workspace layer: the compiled workspace as the Python package that the functions import."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.functions.files import copy_functions
from cli.options import WorkspaceOption
from cli.problems import print_problems
from cli.workspace_files import InvalidWorkspace, load_workspace
from sluice.workspace.compile import digest_workspace

LAYER = Path("build/workspace")
PACKAGE = Path("python/sluice_workspace")
type Overlay = Callable[[dict[str, Any]], dict[str, Any]]


def write_workspace_layer(workspace: Path, out: Path, overlay: Overlay | None = None) -> dict[str, Any]:
    """Compiles a workspace folder into a layer folder, and gives what it wrote.

    `overlay` changes the compiled workspace; its digest follows. Raises InvalidWorkspace.
    """
    compiled = load_workspace(workspace)
    if overlay:
        compiled = overlay(compiled)
        compiled["digest"] = digest_workspace(compiled)
    package = out / PACKAGE
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text('"""The compiled workspace. Written by `sluice build`."""\n')
    data = orjson.dumps(compiled, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (package / "workspace.json").write_bytes(data)
    copy_functions(workspace, package / "functions", compiled["functions"])
    return compiled


def build(
    workspace: WorkspaceOption,
    out: Annotated[Path, typer.Option(help="The layer's folder.")] = LAYER,
) -> None:
    """Compile the workspace into its layer, which `sam deploy` then uploads."""
    try:
        compiled = write_workspace_layer(workspace, out)
    except InvalidWorkspace as invalid:
        print_problems(invalid.errors, [])
        raise typer.Exit(1) from invalid
    typer.echo(f"{out}: workspace {compiled['digest']}, {len(compiled['syncs'])} syncs")
