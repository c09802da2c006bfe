"""Which rows `sluice tail` shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from sluice.ingest.normalise import list_notes
from sluice.tailing import Row

type Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """`event` is a name (`Order Completed`) or a type (`identify`); false and empty ask for nothing."""

    event: str = ""
    blocked: bool = False
    violations: bool = False

    def takes(self, line: Shown) -> bool:
        if self.event and self.event not in (line["name"], line["type"]):
            return False
        if self.blocked and line["verdict"] != "blocked":
            return False
        return not self.violations or bool(line.get("violations"))

    def pick(self, rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if self.takes(orjson.loads(row.line))]


def describe_row(row: Row) -> Shown:
    """What `--json` prints of a row."""
    routed_at, _, _ = row.at.partition("#")
    line = orjson.loads(row.line)
    others = {"excerpt": None, "violations": None, "notes": list_notes(line.get("event"))}
    return {"source": row.source, "routed_at": routed_at, **others, **line}
