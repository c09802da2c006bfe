"""`sluice status`."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from cli.stack import StackOption, explain_failure, open_stack
from cli.status.overview import Overview, read_overview
from cli.status.report import dump_overview, render_overview
from cli.status.series import make_range
from cli.terminal import open_console
from cli.times import parse_range

EVERY = 30.0  # seconds; metrics themselves are a minute behind


def status(
    since: Annotated[str, typer.Option("--since", help="From when: 24h, 15m, 2d, a date, a time.")] = "24h",
    until: Annotated[str, typer.Option("--until", help="Until when.")] = "now",
    sync: Annotated[list[str] | None, typer.Option("--sync", help="Only this sync; may be repeated.")] = None,
    stack: StackOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every 30 s, until Ctrl-C.")] = False,
) -> None:
    """What came in, what became of it and what waits: by source and sync. A dash means: not measured."""
    with explain_failure():
        opened = open_stack(stack)

        def read() -> tuple[Overview, datetime]:
            now = datetime.now(UTC)
            span = make_range(*parse_range(since, until, now), now)
            return read_overview(opened, sync or (), span, now), now

        if as_json:
            typer.echo(json.dumps(dump_overview(*read()), indent=2))
            return
        console = open_console()
        if watch:
            keep_showing(read, console)
        else:
            console.print(render_overview(*read()))


def keep_showing(
    read: Callable[[], tuple[Overview, datetime]],
    console: Console,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Draws what `read` gives until it is interrupted, which is how it is meant to end."""
    with Live(console=console, auto_refresh=False) as live:
        try:
            while True:
                live.update(render_overview(*read()), refresh=True)
                sleep(EVERY)
        except KeyboardInterrupt:
            return
