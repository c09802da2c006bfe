"""The rows of quotas in memory, which all containers of a test share."""

from collections import Counter

from sluice.ingest.quota import Total


class FakeCounters:
    """As QuotaTable; `writes` and `reads` count its calls, `fails` has it answer nothing."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Counter[str]] = {}
        self.writes = self.reads = 0
        self.fails = False

    def add(self, source: str, minute: int, *, events: int, size: int, containers: int) -> Total | None:
        self.writes += 1
        if self.fails:
            return None
        row = self.rows.setdefault((source, minute), Counter())
        row.update(events=events, bytes=size, containers=containers)
        return Total(row["events"], row["bytes"], row["containers"])

    def count_containers(self, source: str, minute: int) -> int | None:
        self.reads += 1
        row = self.rows.get((source, minute))
        return None if row is None or self.fails else row["containers"]
