"""Says what takes time: a spinner with the seconds so far at a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.terminal import open_console

console = open_console()
errors = Console(stderr=True, highlight=False)


@contextmanager
def show_step(doing: str, done: str) -> Iterator[None]:
    """`doing` while the block runs, then `done` with the seconds it took; nothing more where it raises."""
    started = time.monotonic()
    if not console.is_terminal:
        console.print(f"{doing} …")
    columns = SpinnerColumn(), TextColumn("{task.description} …"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(doing)
        yield
    console.print(f"[green]✓[/] {done} [dim]({time.monotonic() - started:.1f} s)[/]")
