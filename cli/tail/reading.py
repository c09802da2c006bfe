"""Reads the rows that the router wrote: the newest of each source, then what came since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cli.stack import Stack
from cli.tail.choose import Choice
from sluice.tailing import Row, merge_rows
from sluice.times import format_time

OVERLAP = 15.0  # seconds that are read again: containers' clocks and writes are not in step
MAX_PAGES = 20  # of 1 MB that are looked through for the first rows of a source


@dataclass(slots=True)
class TailReader:
    """Rows of some sources; each is given once, whatever was read twice."""

    stack: Stack
    sources: Sequence[str]
    _seen: dict[tuple[str, str], None] = field(default_factory=dict)

    def read_newest(self, choice: Choice, limit: int) -> list[Row]:
        """The newest rows that the choice takes, `limit` of all; 20 MB of each source are looked through."""
        found = [row for source in self.sources for row in islice(self._read_back(source, choice), limit)]
        return self.keep_new(merge_rows(found)[-limit:])

    def read_since(self, epoch: float) -> list[Row]:
        """What was not given before and was routed after `epoch`, in order."""
        since = format_time(epoch - OVERLAP)
        found = [
            parse_row(item)
            for source in self.sources
            for page in self._query(source, since=since)
            for item in page
        ]
        self._seen = {key: None for key in self._seen if key[1] > since}  # the others are not read again
        return self.keep_new(found)

    def keep_new(self, rows: Sequence[Row]) -> list[Row]:
        """Rows that were not given yet, in order of routing; from now on they are."""
        fresh = [row for row in merge_rows(rows) if (row.source, row.at) not in self._seen]
        self._seen.update({(row.source, row.at): None for row in fresh})
        return fresh

    def _read_back(self, source: str, choice: Choice) -> Iterator[Row]:
        for page in self._query(source, newest_first=True, pages=MAX_PAGES):
            yield from choice.pick(map(parse_row, page))

    def _query(
        self, source: str, *, newest_first: bool = False, since: str = "", pages: int | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        condition, values = "#source = :source", {":source": {"S": source}}
        names = {"#source": "source"}
        if since:
            condition += " AND #at > :since"
            values[":since"] = {"S": since}
            names["#at"] = "at"
        read = self.stack.client("dynamodb").get_paginator("query")
        answers = read.paginate(
            TableName=self.stack.find("TailTable"),
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ScanIndexForward=not newest_first,
        )
        for n, answer in enumerate(answers, 1):
            yield answer["Items"]
            if n == pages:
                return


def parse_row(item: dict[str, Any]) -> Row:
    return Row(item["source"]["S"], item["at"]["S"], int(item["expires"]["N"]), item["line"]["S"])
