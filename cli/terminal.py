"""The console that commands print their results on."""

from rich.console import Console

UNBOUNDED = 1_000_000  # columns: no line is wrapped


def open_console() -> Console:
    """Standard output: as wide as the terminal; in a file or a pipe no line is wrapped."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNBOUNDED
    return console
