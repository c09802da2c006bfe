"""DynamoDB: what a run had delivered before it was settled, in rows beside those of de-duplication."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sluice.delivery.progress import Note

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger(__name__)

WRITES = 25  # in one BatchWriteItem
READS = 100  # in one BatchGetItem


class ProgressTable:
    """Rows `{id, taken, at, expires}`: hexadecimal bits, and epoch seconds. Every failure is only logged."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def write(self, notes: Mapping[str, Note], *, expires: int) -> None:
        """One row a note. Gives up at the first failure: what waits behind it is not worth the time."""
        for chunk in batched(notes.items(), WRITES, strict=False):
            rows = [
                {
                    "id": {"S": key},
                    "taken": {"S": f"{note.taken:x}"},
                    "at": {"N": f"{note.at:.3f}"},
                    "expires": {"N": str(expires)},
                }
                for key, note in chunk
            ]
            try:
                self._client.batch_write_item(
                    RequestItems={self._table: [{"PutRequest": {"Item": row}} for row in rows]}
                )
            except (BotoCoreError, ClientError) as error:
                logger.warning("DynamoDB refused to note what was delivered: %s", error)
                return

    def read(self, keys: Sequence[str]) -> dict[str, Note]:
        found: dict[str, Note] = {}
        for chunk in batched(keys, READS, strict=False):
            keys_of_chunk = [{"id": {"S": key}} for key in chunk]
            try:
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": keys_of_chunk, "ConsistentRead": True}}
                )
            except (BotoCoreError, ClientError) as error:
                logger.warning("DynamoDB refused to say what was delivered: %s", error)
                break
            for row in answer["Responses"].get(self._table, ()):
                found[row["id"]["S"]] = Note(int(row["taken"]["S"], 16), float(row["at"]["N"]))
        return found
