"""DynamoDB: the suppressed users among the ControlTable's rows, `{kind, id}` with a digest as `id`.

Without an answer nobody may pass: where revoked keys fail open (`ControlTable`), these fail closed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sluice.adapters.dynamodb import READ_KEYS
from sluice.adapters.parallel import Parallel
from sluice.privacy.suppression import SuppressionUnknown

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger(__name__)

SUPPRESSED_KIND = "suppressed_user"
FEW = 1_000  # rows of about 107 bytes: 13.5 read units
TRIES = 3


class SuppressedUsersTable:
    """Reads are eventually consistent, which costs half and is at most a second late."""

    def __init__(self, client: DynamoDBClient, table: str, *, few: int = FEW, workers: int = 8) -> None:
        self._client, self._table, self._few = client, table, few
        self._parallel = Parallel(workers)

    def list_few(self) -> tuple[frozenset[str], bool]:
        """The first digests, and whether there are no more. Raises SuppressionUnknown."""
        try:
            page = self._client.query(
                TableName=self._table,
                KeyConditionExpression="kind = :kind",
                ExpressionAttributeValues={":kind": {"S": SUPPRESSED_KIND}},
                ProjectionExpression="id",
                Limit=self._few,
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("DynamoDB did not list suppressed users: %s", error)
            raise SuppressionUnknown(str(error)) from error
        return frozenset(row["id"]["S"] for row in page["Items"]), "LastEvaluatedKey" not in page

    def find(self, digests: Sequence[str]) -> frozenset[str]:
        """Those of the digests that are suppressed, 100 a call. Raises SuppressionUnknown."""
        jobs = [partial(self._find_some, chunk) for chunk in batched(digests, READ_KEYS, strict=False)]
        found: set[str] = set()
        for some in self._parallel.run_while_answered(jobs):
            if isinstance(some, frozenset):
                found |= some
            else:
                raise SuppressionUnknown("DynamoDB did not say which users are suppressed")
        return frozenset(found)

    def _find_some(self, digests: Iterable[str]) -> frozenset[str] | None:
        """None where a key stayed without an answer."""
        keys = [{"kind": {"S": SUPPRESSED_KIND}, "id": {"S": digest}} for digest in digests]
        found: set[str] = set()
        for _ in range(TRIES):
            try:
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": keys, "ProjectionExpression": "id"}}
                )
            except (BotoCoreError, ClientError) as error:
                logger.warning("DynamoDB did not say which users are suppressed: %s", error)
                return None
            found |= {row["id"]["S"] for row in answer["Responses"].get(self._table, ())}
            left = answer.get("UnprocessedKeys", {}).get(self._table)
            if not left:
                return frozenset(found)
            keys = left["Keys"]  # type: ignore[assignment]  # the same keys, in the answer's type
        return None
