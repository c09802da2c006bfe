"""How often each id was seen and taken: what is left of requests that are too many to be kept."""

import re
from collections import defaultdict
from collections.abc import Iterable


class Tally:
    """Counts ids in bodies by path. `pattern` finds them, by its first group or as a whole.

    Four small numbers an id and path: about 150 bytes, so a million of them are no trouble.
    """

    def __init__(self, pattern: str) -> None:
        try:
            self._pattern = re.compile(pattern.encode())
        except re.error as error:
            raise ValueError(f"`ids` is not a regular expression: {error}") from error
        self._seen: dict[str, dict[bytes, list[int]]] = defaultdict(dict)

    def count(self, path: str, body: bytes, *, taken: bool, refused: Iterable[bytes] = ()) -> None:
        """One request; `refused` are the items in it that the answer names as not taken."""
        seen = self._seen[path]
        named = {message_id for item in refused for message_id in self._pattern.findall(item)}
        for message_id in self._pattern.findall(body):
            counts = seen.setdefault(message_id, [0, 0, 0, 0])
            counts[0] += 1
            counts[1] += taken and message_id not in named
            counts[2] += message_id in named

    def miss(self, path: str, body: bytes, *, refused: Iterable[bytes] = ()) -> None:
        """A counted request that was taken, and whose caller did not get the answer."""
        named = {message_id for item in refused for message_id in self._pattern.findall(item)}
        for message_id in self._pattern.findall(body):
            self._seen[path][message_id][3] += message_id not in named

    def read(self, path: str) -> dict[str, list[int]]:
        """By id, of the paths that fit: in how many requests it was, how often it was taken, how often it was
        refused by name, and how often it was taken without the caller getting the answer.
        """
        found: dict[str, list[int]] = {}
        for own, seen in self._seen.items():
            if matches_path(path or "*", own):
                for message_id, more in seen.items():
                    name = message_id.decode("utf-8", "replace")
                    found[name] = [
                        old + new for old, new in zip(found.get(name, (0, 0, 0, 0)), more, strict=True)
                    ]
        return found


def matches_path(pattern: str, path: str) -> bool:
    """Equal, or below a pattern that ends in `*`."""
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
