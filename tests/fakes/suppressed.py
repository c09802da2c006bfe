"""The suppressed users of a stack in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sluice.privacy.suppression import SuppressionUnknown


@dataclass
class FakeSuppressedUsers:
    """`few` is how many are listed at once; `broken` answers nothing; `asked` is what each look-up asked."""

    digests: set[str] = field(default_factory=set)
    few: int = 1_000
    broken: bool = False
    listed: int = 0
    asked: list[list[str]] = field(default_factory=list)

    def list_few(self) -> tuple[frozenset[str], bool]:
        self.listed += 1
        self._answer()
        return frozenset(sorted(self.digests)[: self.few]), len(self.digests) <= self.few

    def find(self, digests: Sequence[str]) -> frozenset[str]:
        self.asked.append(sorted(digests))
        self._answer()
        return frozenset(digests) & self.digests

    def _answer(self) -> None:
        if self.broken:
            raise SuppressionUnknown("no answer")
