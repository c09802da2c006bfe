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

EventOption = Annotated[
    str, typer.Option("--event", "-e", metavar="FILE", help="Events from a file, - for standard input.")
]
MessageIdOption = Annotated[
    str, typer.Option("--message-id", "-m", metavar="ID", help="An event of the stack's archive.")
]
AroundOption = Annotated[
    str,
    typer.Option(
        "--around", metavar="TIME", help="When it was archived, ISO 8601: an hour before and after."
    ),
]
SinceOption = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Since when to look in the archive: 90m, 24h, 7d ago, or 2026-11-22.",
    ),
]
