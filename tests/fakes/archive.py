"""An archive bucket in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.archiver.ports import ArchiveUnreadable


@dataclass
class FakeArchive:
    """`broken` makes it refuse everything, as S3 does when it is down."""

    objects: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False

    def put(self, key: str, body: bytes) -> bool:
        if not self.broken:
            self.objects[key] = body
        return not self.broken

    def list_keys(self, prefix: str) -> Iterator[str]:
        if self.broken:
            raise ArchiveUnreadable(prefix)
        yield from sorted(key for key in self.objects if key.startswith(prefix))

    def read_all(self, keys: Iterable[str]) -> Iterator[bytes]:
        for key in keys:
            if self.broken:
                raise ArchiveUnreadable(key)
            yield self.objects[key]

    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for body in self.objects.values() for line in body.splitlines()]
