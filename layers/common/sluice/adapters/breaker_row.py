"""The breaker of one sync as a row of the control table, which all containers of the sync share."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from sluice.delivery.breaker import Pause
from sluice.reasons import Reason

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger(__name__)

KIND = "breaker"
OPEN, PROBING = "open", "probing"


def make_key(sync: str) -> dict[str, Any]:
    """Where a sync's row is. Its partition is its own: IAM tells rows apart by the partition key only."""
    return {"kind": {"S": f"{KIND}:{sync}"}, "id": {"S": sync}}


class BreakerRow:
    """`{kind: breaker:<sync>, id: <sync>, state, opened_at, until, reason, failures, seconds}`.

    Times are epoch seconds. There is no row while the breaker is closed. Every write is on the condition that
    the row's `until` is the one that was seen, so of several containers one wins. While DynamoDB refuses, it
    is as if nobody competed.
    """

    def __init__(self, client: DynamoDBClient, table: str, sync: str) -> None:
        self._client, self._table = client, table
        self._key = make_key(sync)

    def read(self) -> Pause | None:
        """The row as it is now; None where there is none, or none that can be read."""
        try:
            row = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True).get("Item")
            return None if row is None else _parse_row(row)
        except (BotoCoreError, ClientError, KeyError, ValueError) as error:
            logger.warning("The breaker cannot be read, calls go on: %r", error)
            return None

    def write(self, pause: Pause, *, seen: Pause | None) -> bool:
        """False where the row is no longer the one that was `seen`."""
        try:
            self._client.put_item(
                TableName=self._table, Item={**self._key, **_dump_row(pause)}, **_only_where(seen)
            )
        except (BotoCoreError, ClientError) as error:
            if _was_changed(error):
                return False
            logger.warning("The breaker cannot be written: %s", error)
        return True

    def clear(self, seen: Pause) -> None:
        """Deletes the row that was `seen`; one that is another by now stays."""
        try:
            self._client.delete_item(TableName=self._table, Key=self._key, **_only_where(seen))
        except (BotoCoreError, ClientError) as error:
            if not _was_changed(error):
                logger.warning("The breaker cannot be closed for the other containers: %s", error)


def _only_where(seen: Pause | None) -> dict[str, Any]:
    if seen is None:
        return {"ConditionExpression": "attribute_not_exists(id)"}
    return {
        "ConditionExpression": "#until = :seen",
        "ExpressionAttributeNames": {"#until": "until"},
        "ExpressionAttributeValues": {":seen": {"N": str(seen.until)}},
    }


def _was_changed(error: Exception) -> bool:
    code = error.response["Error"].get("Code") if isinstance(error, ClientError) else ""
    return code == "ConditionalCheckFailedException"


def _dump_row(pause: Pause) -> dict[str, Any]:
    return {
        "state": {"S": PROBING if pause.probing else OPEN},
        "opened_at": {"N": str(pause.opened_at)},
        "until": {"N": str(pause.until)},
        "reason": {"S": pause.reason.value},
        "failures": {"N": str(pause.failures)},
        "seconds": {"N": str(pause.seconds)},
    }


def _parse_row(row: dict[str, Any]) -> Pause:
    return Pause(
        opened_at=float(row["opened_at"]["N"]),
        until=float(row["until"]["N"]),
        reason=Reason(row["reason"]["S"]),
        failures=int(row["failures"]["N"]),
        seconds=float(row["seconds"]["N"]),
        probing=row["state"]["S"] == PROBING,
    )
