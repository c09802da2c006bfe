"""An archive bucket in memory."""

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass
class FakeArchive:
    """`broken` makes it refuse everything, as S3 does when it is down."""

    objects: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False

    def put(self, key: str, body: bytes) -> bool:
        if not self.broken:
            self.objects[key] = body
        return not self.broken

    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for body in self.objects.values() for line in body.splitlines()]
