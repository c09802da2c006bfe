"""A Firehose delivery stream in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass
class FakeStream:
    """`refuse` says which records it does not take."""

    refuse: Callable[[bytes], bool] = lambda _record: False
    records: list[bytes] = field(default_factory=list)

    def put(self, records: Sequence[bytes]) -> list[int]:
        assert all(len(record) <= 1000 * 1024 for record in records)
        failed = [at for at, record in enumerate(records) if self.refuse(record)]
        self.records += [record for at, record in enumerate(records) if at not in failed]
        return failed

    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for record in self.records for line in record.splitlines()]
