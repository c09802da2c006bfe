"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_WORKSPACE = Path("workspace")

WorkspaceOption = Annotated[
    Path,
    typer.Option(
        "--workspace",
        "-w",
        envvar="SLUICE_WORKSPACE",
        default_factory=lambda: DEFAULT_WORKSPACE,
        show_default="workspace",
        help="The workspace folder.",
    ),
]
