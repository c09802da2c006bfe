"""The row of a sync's breaker in memory, shared by as many containers as a test likes."""

from dataclasses import dataclass

from sluice.delivery.breaker import Pause


@dataclass
class FakePauses:
    """`broken` makes it answer as DynamoDB's adapter does when that is down."""

    row: Pause | None = None
    broken: bool = False
    reads: int = 0

    def read(self) -> Pause | None:
        self.reads += 1
        return None if self.broken else self.row

    def write(self, pause: Pause, *, seen: Pause | None) -> bool:
        if self.broken:
            return True
        if (self.row and self.row.until) != (seen and seen.until):
            return False
        self.row = pause
        return True

    def clear(self, seen: Pause) -> None:
        if not self.broken and self.row and self.row.until == seen.until:
            self.row = None
