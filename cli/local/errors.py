"""What goes wrong with a local stack, said in one line."""

from pathlib import Path


class LocalStackError(Exception):
    """One clear line for the person at the terminal; `log` is where the rest can be read."""

    def __init__(self, message: str, *, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} (log: {shorten_path(self.log)})" if self.log else message


def shorten_path(path: Path) -> str:
    """The path as seen from the current folder where it lies below, else in full."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
