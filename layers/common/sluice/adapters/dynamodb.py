"""DynamoDB: who owns a de-duplication key, and what operators control without a deploy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from sluice.adapters.parallel import Parallel

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger(__name__)

INSERT_STATEMENTS = 25  # in one BatchExecuteStatement
READ_KEYS = 100  # in one BatchGetItem
CONTROL_SECONDS = 30
CONTROL_RETRY_SECONDS = 5


class DedupTable:
    """Rows `{id, pack_id, expires}`: the first pack to write a key owns it until `expires` (epoch seconds).

    DynamoDB deletes expired rows hours late, so expiry is compared here, on read.
    """

    def __init__(self, client: DynamoDBClient, table: str, *, workers: int = 8) -> None:
        self._client, self._table = client, table
        self._parallel = Parallel(workers)

    def claim(self, wanted: Mapping[str, str], *, now: int, expires: int) -> dict[str, str]:
        """Who owns each key after `wanted[key]`, a pack id, asked for it; keys in trouble are left out.

        A pack that owned a key before owns it still. One write a key that nobody has; a key that is taken
        costs a read, and one more write where its owner's time is over.
        """
        if len(wanted) == 1:
            return self._put_all(wanted, list(wanted), now, expires)
        owners, taken, unsure = self._insert(wanted, expires)
        known, gone = self._read_owners(taken, wanted, now)
        return owners | known | self._put_all(wanted, unsure + gone, now, expires)

    def _insert(self, wanted: Mapping[str, str], expires: int) -> tuple[dict[str, str], list[str], list[str]]:
        """Keys that were free, with their new owner; keys that have a row; keys that need another try."""
        owners: dict[str, str] = {}
        taken: list[str] = []
        unsure: list[str] = []
        chunks = list(batched(wanted, INSERT_STATEMENTS, strict=False))
        jobs = [partial(self._insert_chunk, chunk, wanted, expires) for chunk in chunks]
        for chunk, errors in zip(chunks, self._parallel.run_while_answered(jobs), strict=True):
            for key, error in zip(chunk, errors or (), strict=False):
                if error is None:
                    owners[key] = wanted[key]
                else:
                    (taken if error == "DuplicateItem" else unsure).append(key)
        return owners, taken, unsure

    def _insert_chunk(
        self, keys: Iterable[str], wanted: Mapping[str, str], expires: int
    ) -> list[str | None] | None:
        """One error code, or None, a key; nothing when the whole call failed, None without an answer."""
        insert = f"INSERT INTO \"{self._table}\" VALUE {{'id': ?, 'pack_id': ?, 'expires': ?}}"
        try:
            answer = self._client.batch_execute_statement(
                Statements=[
                    {"Statement": insert, "Parameters": [{"S": key}, {"S": wanted[key]}, {"N": str(expires)}]}
                    for key in keys
                ]
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("DynamoDB refused claims: %s", error)
            return [] if isinstance(error, ClientError) else None
        return [response.get("Error", {}).get("Code") for response in answer["Responses"]]

    def _read_owners(
        self, keys: Iterable[str], wanted: Mapping[str, str], now: int
    ) -> tuple[dict[str, str], list[str]]:
        """Owners whose time is not over, and keys that are free again or could not be read."""
        chunks = list(batched(keys, READ_KEYS, strict=False))
        owners: dict[str, str] = {}
        reads = [partial(self._read_chunk, chunk) for chunk in chunks]
        for found in self._parallel.run_while_answered(reads):
            for key, (owner, expires) in (found or {}).items():
                if owner == wanted[key] or expires >= now:
                    owners[key] = owner
        return owners, [key for chunk in chunks for key in chunk if key not in owners]

    def _read_chunk(self, keys: Iterable[str]) -> dict[str, tuple[str, int]] | None:
        """Owner and expiry by key, of the rows that could be read; None without an answer."""
        try:
            answer = self._client.batch_get_item(
                RequestItems={
                    self._table: {"Keys": [{"id": {"S": key}} for key in keys], "ConsistentRead": True}
                }
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("DynamoDB refused to say who owns claims: %s", error)
            return {} if isinstance(error, ClientError) else None
        rows = answer["Responses"].get(self._table, ())
        return {row["id"]["S"]: (row["pack_id"]["S"], int(row["expires"]["N"])) for row in rows}

    def _put_all(
        self, wanted: Mapping[str, str], keys: Sequence[str], now: int, expires: int
    ) -> dict[str, str]:
        """Owners of the keys, one conditional write each."""
        puts = [partial(self._put, key, wanted[key], now, expires) for key in keys]
        owners = zip(keys, self._parallel.run_while_answered(puts), strict=True)
        return {key: owner for key, owner in owners if owner is not None}

    def _put(self, key: str, pack_id: str, now: int, expires: int) -> str | None:
        """The owner after a write on the condition that the key is free, expired or the pack's own."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={"id": {"S": key}, "pack_id": {"S": pack_id}, "expires": {"N": str(expires)}},
                ConditionExpression="attribute_not_exists(id) OR expires < :now OR pack_id = :mine",
                ExpressionAttributeValues={":now": {"N": str(now)}, ":mine": {"S": pack_id}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except (BotoCoreError, ClientError) as error:
            row: Any = error.response.get("Item") if isinstance(error, ClientError) else None
            if row:  # the condition failed, and this is why
                return str(row["pack_id"]["S"])
            logger.warning("DynamoDB refused a claim: %s", error)
            return None
        return pack_id


class ControlTable:
    """Rows `{kind, id}`, read by kind at most every 30 s of `clock`; two threads may read at once."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float]) -> None:
        self._client, self._table, self._clock = client, table, clock
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    def list_ids(self, kind: str) -> frozenset[str]:
        """The ids of a kind, 30 s old at most; while DynamoDB does not answer, the last ones known (or none).

        That is right for revoked keys, which fail open. What must fail closed needs another method.
        """
        until, ids = self._known.get(kind, (float("-inf"), frozenset[str]()))
        if self._clock() < until:
            return ids
        try:
            ids, seconds = self._query(kind), CONTROL_SECONDS
        except (BotoCoreError, ClientError) as error:
            logger.warning("DynamoDB did not list %s, the last known stay in force: %s", kind, error)
            seconds = CONTROL_RETRY_SECONDS
        self._known[kind] = (self._clock() + seconds, ids)
        return ids

    def _query(self, kind: str) -> frozenset[str]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": kind}},
            ProjectionExpression="id",
        )
        return frozenset(row["id"]["S"] for page in pages for row in page["Items"])
