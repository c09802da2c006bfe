"""DynamoDB: the rows that `sluice tail` shows, which delete themselves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sluice.tailing import Row

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger(__name__)


class TailTable:
    """Rows `{source, at, expires, line}`, read by source and time. What is refused is logged and left."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def put(self, rows: Sequence[Row]) -> None:
        """One call for 25 rows at most."""
        requests = [
            {
                "PutRequest": {
                    "Item": {
                        "source": {"S": row.source},
                        "at": {"S": row.at},
                        "expires": {"N": str(row.expires)},
                        "line": {"S": row.line},
                    }
                }
            }
            for row in rows
        ]
        try:
            answer = self._client.batch_write_item(RequestItems={self._table: requests})  # type: ignore[dict-item]  # puts
        except (BotoCoreError, ClientError) as error:
            logger.warning("DynamoDB did not take what sluice tail shows: %s", error)
            return
        if left := answer.get("UnprocessedItems"):
            logger.warning("DynamoDB left out %s rows of sluice tail", len(left.get(self._table, ())))
