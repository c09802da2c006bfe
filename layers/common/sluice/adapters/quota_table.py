"""What sources sent in each minute, as rows of the control table that all containers of ingest share."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from sluice.ingest.quota import MINUTE, Total

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger(__name__)

KIND = "quota"
KEEP_SECONDS = 3600  # the next minute reads the row once more; DynamoDB deletes it some hours later

_ADD = "ADD #events :events, #bytes :bytes, #containers :containers SET #expires = :expires"


class QuotaTable:
    """Rows `{kind: quota, id: <source>#<minute>, events, bytes, containers, expires}`, minutes since 1970."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def add(self, source: str, minute: int, *, events: int, size: int, containers: int) -> Total | None:
        """The row after these were added to it; None where DynamoDB refuses."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_make_key(source, minute),
                UpdateExpression=_ADD,
                ExpressionAttributeNames={
                    "#events": "events",
                    "#bytes": "bytes",
                    "#containers": "containers",
                    "#expires": "expires",
                },
                ExpressionAttributeValues={
                    ":events": {"N": str(events)},
                    ":bytes": {"N": str(size)},
                    ":containers": {"N": str(containers)},
                    ":expires": {"N": str(minute * MINUTE + KEEP_SECONDS)},
                },
                ReturnValues="ALL_NEW",
            )
            row = answer["Attributes"]
            return Total(*(int(row[name]["N"]) for name in ("events", "bytes", "containers")))
        except (BotoCoreError, ClientError) as error:
            logger.warning("The quota of %s is not checked, requests pass: %s", source, error)
            return None

    def count_containers(self, source: str, minute: int) -> int | None:
        """How many containers added to a row; None where there is no row, or DynamoDB refuses."""
        try:
            row = self._client.get_item(TableName=self._table, Key=_make_key(source, minute)).get("Item")
        except (BotoCoreError, ClientError) as error:
            logger.warning("The containers of %s cannot be counted: %s", source, error)
            return None
        return int(row["containers"]["N"]) if row else None


def _make_key(source: str, minute: int) -> Any:
    return {"kind": {"S": KIND}, "id": {"S": f"{source}#{minute}"}}
