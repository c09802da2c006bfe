"""The stack's DynamoDB tables in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class FakeDedupTable:
    """`broken` says for which keys nobody gets an answer."""

    broken: Callable[[str], bool] = lambda _key: False
    rows: dict[str, tuple[str, int]] = field(default_factory=dict)

    def claim(self, wanted: Mapping[str, str], *, now: int, expires: int) -> dict[str, str]:
        owners = {}
        for key, pack_id in wanted.items():
            if self.broken(key):
                continue
            owner, until = self.rows.get(key, (pack_id, expires))
            if owner == pack_id or until < now:
                owner, until = pack_id, expires
            self.rows[key] = (owner, until)
            owners[key] = owner
        return owners


@dataclass
class FakeControlTable:
    rows: set[tuple[str, str]] = field(default_factory=set)

    def list_ids(self, kind: str) -> frozenset[str]:
        return frozenset(row for of_kind, row in self.rows if of_kind == kind)
