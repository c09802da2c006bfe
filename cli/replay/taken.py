"""Which lines a replay has taken so far, over its whole range: a line that the archive repeats is taken once.

Kept in SQLite, so that memory stays bounded however many events there are. A replay has the file
`.local/replays/<id>.taken`; a dry run a temporary one.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.stack import CommandError

PATIENCE = 5.0  # seconds that another process may use the file before this one gives up
_CACHE_KB = 64 * 1024


class Taken:
    """The keys of the lines taken so far. Closing it forgets what was added since the last `save`."""

    def __init__(self, path: Path | None = None) -> None:
        """Opens the file, or creates it. Without a path: a temporary database, which SQLite deletes."""
        self._path = path
        self._database = sqlite3.connect(path or "", timeout=PATIENCE, autocommit=True)
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        self._database.execute("CREATE TABLE IF NOT EXISTS taken (key BLOB PRIMARY KEY) WITHOUT ROWID")
        self._database.autocommit = False

    def add(self, key: bytes) -> bool:
        """Takes a line; False if it was taken before."""
        return self._database.execute("INSERT OR IGNORE INTO taken VALUES (?)", (key,)).rowcount == 1

    def save(self) -> None:
        """Keeps what was added, also for a resume."""
        self._database.commit()

    def delete(self) -> None:
        """Removes the file of a replay that is finished."""
        self._database.close()
        if self._path:
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        self._database.close()


@contextmanager
def open_taken(path: Path | None = None) -> Iterator[Taken]:
    """The lines taken so far. Raises CommandError where SQLite cannot go on, also while they are in use:
    the disk is full, the file is damaged, or the same replay runs in another process."""
    try:
        taken = Taken(path)
        try:
            yield taken
        finally:
            taken.close()
    except sqlite3.Error as error:
        name = path.name if path else "the temporary database"
        hint = "does the same replay run in another terminal? is the disk full?"
        raise CommandError(f"{name} cannot be used: {error}", hint) from error
