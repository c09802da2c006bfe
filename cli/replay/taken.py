"""Which lines a replay has taken so far, over its whole range: a line that the archive repeats is taken once.

Kept in SQLite, so that memory stays bounded however many events there are. A replay has the file
`.local/replays/<id>.taken`; a dry run a temporary one.
"""

import sqlite3
from pathlib import Path
from types import TracebackType

_CACHE_KB = 64 * 1024


class Taken:
    """The keys of the lines taken so far. Closing it forgets what was added since the last `save`."""

    def __init__(self, path: Path | None = None) -> None:
        """Opens the file, or creates it. Without a path: a temporary database, which SQLite deletes."""
        self._path = path
        self._database = sqlite3.connect(path or "", autocommit=True)
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

    def __enter__(self) -> "Taken":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()
