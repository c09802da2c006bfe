"""Which letters of one sync and day `dead/` has: by the key of an object, else by what the objects hold."""

from collections.abc import Callable
from typing import Any

import orjson

from sluice.archiver.letters import identify
from sluice.archiver.ports import Archive
from sluice.delivery.dead_letters import Letter, name_letters


class Shelf:
    """The objects under one prefix, read as far as it takes to find what is asked for, and only once."""

    def __init__(self, archive: Archive, prefix: str, has_time: Callable[[], bool]) -> None:
        self._keys = set(archive.list_keys(prefix))
        self._unread = archive.read_all(sorted(self._keys))
        self._found: set[tuple[Any, ...]] = set()
        self._has_time = has_time

    def has(self, letter: Letter) -> bool | None:
        """Whether the archive has the letter; None where the time was over before that was known."""
        if name_letters([letter]) in self._keys:
            return True
        wanted = identify(letter)
        while wanted not in self._found:
            if not self._has_time():
                return None
            content = next(self._unread, None)
            if content is None:
                return False
            self._found.update(identify(orjson.loads(line)) for line in content.splitlines())
        return True
