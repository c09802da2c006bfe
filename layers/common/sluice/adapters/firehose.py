"""Firehose: the archive's records, many a call."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sluice.adapters.parallel import Parallel

if TYPE_CHECKING:
    from types_boto3_firehose import FirehoseClient

logger = logging.getLogger(__name__)

CALL_RECORDS = 500
CALL_BYTES = 4 * 1024 * 1024  # before base64


class EventStream:
    """One delivery stream. `tries` counts the calls a record is part of while Firehose answers it failed."""

    def __init__(self, client: FirehoseClient, name: str, *, tries: int = 3, workers: int = 4) -> None:
        self._client, self._name, self._tries = client, name, tries
        self._parallel = Parallel(workers)

    def put(self, records: Sequence[bytes]) -> list[int]:
        """Writes every record (≤ 1,000 KiB each); the indexes of those that Firehose did not confirm."""
        chunks = list(group_records(records))
        jobs = [partial(self._put_until_done, records[chunk]) for chunk in chunks]
        answers = self._parallel.run(jobs)
        return [
            chunk.start + at for chunk, failed in zip(chunks, answers, strict=True) for at in failed or ()
        ]

    def _put_until_done(self, records: Sequence[bytes]) -> list[int]:
        """Positions in `records` (one call's) that failed in every try; a failed call fails all it held."""
        todo = list(range(len(records)))
        for _ in range(self._tries):
            try:
                answer = self._client.put_record_batch(
                    DeliveryStreamName=self._name, Records=[{"Data": records[position]} for position in todo]
                )
            except (BotoCoreError, ClientError) as error:
                logger.warning("Firehose refused a batch: %s", error)
                break  # botocore has tried it again already
            if not answer["FailedPutCount"]:
                return []
            results = answer["RequestResponses"]  # in the order of the records
            refused = [result for result in results if "ErrorCode" in result]
            logger.warning("Firehose refused %s records, first: %s", len(refused), refused[:1])
            todo = [position for position, result in zip(todo, results, strict=True) if "ErrorCode" in result]
        return todo


def group_records(records: Sequence[bytes]) -> Iterator[slice]:
    """Slices of consecutive records that fit one call: 500 and 4 MiB at most; a larger one stands alone."""
    start = total = 0
    for index, record in enumerate(records):
        if index > start and (index - start == CALL_RECORDS or total + len(record) > CALL_BYTES):
            yield slice(start, index)
            start, total = index, 0
        total += len(record)
    if start < len(records):
        yield slice(start, len(records))
