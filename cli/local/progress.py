"""Says what takes time: a spinner at a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from cli.terminal import open_console

console = open_console()
errors = Console(stderr=True, highlight=False)


@contextmanager
def show_step(doing: str, done: str) -> Iterator[None]:
    """`doing` while the block runs, then `done` with the seconds it took; nothing more where it raises."""
    started = time.monotonic()
    with console.status(f"{doing} …"):
        yield
    console.print(f"[green]✓[/] {done} [dim]({time.monotonic() - started:.1f} s)[/]")
