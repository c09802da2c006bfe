"""The stack's DynamoDB tables in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sluice.delivery.progress import Note


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
class FakeNotes:
    """What runs noted; `broken` loses every note, as DynamoDB may."""

    broken: bool = False
    rows: dict[str, Note] = field(default_factory=dict)

    def write(self, notes: Mapping[str, Note], *, expires: int) -> None:
        if not self.broken:
            self.rows.update(notes)

    def read(self, keys: Sequence[str]) -> dict[str, Note]:
        return {} if self.broken else {key: self.rows[key] for key in keys if key in self.rows}


@dataclass
class FakeControlTable:
    rows: set[tuple[str, str]] = field(default_factory=set)

    def list_ids(self, kind: str) -> frozenset[str]:
        return frozenset(row for of_kind, row in self.rows if of_kind == kind)
