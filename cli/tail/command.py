"""`sluice tail`: its options, and what it prints for them."""

import time
from collections.abc import Callable, Iterable
from typing import Annotated

import typer
from rich.console import Console

from cli.local.progress import errors
from cli.preview.texts import dump_json
from cli.stack import CommandError, StackOption, explain_failure, open_stack
from cli.tail.choose import Choice, describe_row
from cli.tail.reading import TailReader
from cli.tail.show import show_row
from cli.terminal import open_console
from cli.trace.workspaces import list_sources
from sluice.tailing import Row
from sluice.times import format_time

EVERY = 2.0  # seconds


def tail(
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", help="Only this source; may be repeated.")
    ] = None,
    event: Annotated[
        str, typer.Option(metavar="NAME", help="Only events of this name, or type: identify.")
    ] = "",
    blocked: Annotated[bool, typer.Option("--blocked", help="Only blocked events.")] = False,
    violations: Annotated[
        bool, typer.Option("--violations", help="Only events that break a contract.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many to begin with.")] = 20,
    follow: Annotated[bool, typer.Option(help="Go on with those that come, until Ctrl-C.")] = True,
    stack: StackOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one event a line.")] = False,
) -> None:
    """Show the last events of the sources with verdict and reasons, then those that come: a sample of all."""
    with explain_failure():
        opened = open_stack(stack)
        choice, started = Choice(event, blocked, violations), time.time()
        reader = TailReader(opened, source or list_sources(opened))
        if not reader.sources:
            raise CommandError("no event was routed since this version was deployed", "or name a --source")
        console = open_console()
        first = reader.read_newest(choice, limit)
        print_rows(console, first, as_json=as_json)
        if not first:
            what = "no such event" if choice != Choice() else "nothing"
            errors.print(
                f"{what} in the last 24 hours of {', '.join(reader.sources)}"
                " (with TailEventsPerMinute 0 the router shows none)"
            )
        if follow:
            follow_rows(reader, choice, started, lambda rows: print_rows(console, rows, as_json=as_json))


def print_rows(console: Console, rows: Iterable[Row], *, as_json: bool) -> None:
    for row in rows:
        line = describe_row(row)
        if as_json:
            typer.echo(dump_json(line))
        else:
            show_row(console, line)


def follow_rows(
    reader: TailReader,
    choice: Choice,
    since: float,
    show: Callable[[list[Row]], None],
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Shows what comes, every other second, until it is interrupted, which is how it is meant to end."""
    begun = format_time(since)
    try:
        while True:
            now = clock()
            # What is older was left out by the limit, and is now known as seen.
            show(choice.pick(row for row in reader.read_since(since) if row.at > begun))
            since = now
            sleep(EVERY)
    except KeyboardInterrupt:
        return
