"""What the commands of `sluice dlq` share."""

from typing import Annotated

import typer

MOST_RECEIVED = 50_000  # beyond it letters are read from `dead/`: SQS has no way to look for one
KEPT_DAYS = 14  # by SQS
DEFAULT_SINCE = f"{KEPT_DAYS}d"

SyncsOption = Annotated[list[str] | None, typer.Option("--sync", help="Of this sync; may be repeated.")]
IngestOption = Annotated[bool, typer.Option("--ingest", help="Packs that could not be routed.")]
SinceOption = Annotated[str, typer.Option("--since", help="How far back `dead/` is read: 24h, 14d, a date.")]
