"""SQS: messages out in full batches, acknowledgements and visibility by batch.

Every method answers which of its inputs failed, as indexes, after every try; only those were not done
(or, after a timeout, perhaps were: SQS is at-least-once on both sides).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from sluice.adapters.parallel import Parallel
from sluice.archiver.ports import Received
from sluice.quoted import Quoted

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

logger = logging.getLogger(__name__)

BATCH_ENTRIES = 10
BATCH_BYTES = 1_048_576  # bodies and attributes of all entries of a call
MAX_DELAY = 900  # seconds; AWS refuses more, the emulator does not
MAX_VISIBILITY = 43_170  # 12 h are often refused, 30 s less are not

type Entry = dict[str, Any]
type Body = str | Quoted


class Queues:
    """Any queue of the account, over one client. Safe to call from several threads.

    `tries` counts the calls an entry is part of while SQS answers that it `Failed`; whole calls are retried
    by botocore. `clock` is monotonic seconds.
    """

    def __init__(
        self,
        client: SQSClient,
        *,
        tries: int = 3,
        workers: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._tries, self._clock = client, tries, clock
        self._parallel = Parallel(workers)

    def send(
        self,
        queue_url: str,
        bodies: Sequence[Body],
        *,
        delays: Sequence[int] | None = None,
        attributes: Sequence[Mapping[str, str]] | None = None,
        groups: Sequence[str] | None = None,
        timeout: float | None = None,
    ) -> list[int]:
        """Sends every body; the indexes of those that SQS did not confirm within `timeout` seconds.

        `delays` are seconds (cut to 0..900), `attributes` text by name, `groups` message groups ("" for
        none), each one for each body.
        """
        entries = [_message_entry(body) for body in bodies]
        for entry, delay in zip(entries, delays or (), strict=False):
            entry["DelaySeconds"] = min(max(int(delay), 0), MAX_DELAY)
        for entry, texts in zip(entries, attributes or (), strict=False):
            if texts:
                entry["MessageAttributes"] = {
                    name: {"DataType": "String", "StringValue": text} for name, text in texts.items()
                }
        _add_groups(entries, groups or ())
        return self._send({queue_url: entries}, timeout)[queue_url]

    def send_all(
        self,
        messages: Mapping[str, Sequence[Body]],
        *,
        groups: Mapping[str, Sequence[str]] | None = None,
        timeout: float | None = None,
    ) -> dict[str, list[int]]:
        """`send` to several queues at once: bodies (and groups) by queue URL in, failed indexes by queue URL
        out."""
        entries = {url: [_message_entry(body) for body in bodies] for url, bodies in messages.items()}
        for url, names in (groups or {}).items():
            _add_groups(entries[url], names)
        return self._send(entries, timeout)

    def receive(self, queue_url: str, *, visibility: int, wait: int = 0) -> list[Received]:
        """Up to ten messages, hidden for `visibility` seconds; waits `wait` seconds for the first.

        Without waiting SQS asks only some of its servers: an empty answer does not mean an empty queue.
        Raises what boto3 raises.
        """
        answer = self._client.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=BATCH_ENTRIES,
            VisibilityTimeout=visibility,
            WaitTimeSeconds=wait,
            AttributeNames=["SentTimestamp"],
            MessageAttributeNames=["reason"],
        )
        return [
            Received(
                id=message["MessageId"],
                receipt_handle=message["ReceiptHandle"],
                body=message["Body"],
                sent_at=int(message["Attributes"]["SentTimestamp"]) / 1000,
                reason=_read_reason(message.get("MessageAttributes")),
            )
            for message in answer.get("Messages", ())
        ]

    def delete(self, queue_url: str, receipt_handles: Sequence[str]) -> list[int]:
        """Acknowledges messages that were received under these handles."""
        entries = [{"ReceiptHandle": handle} for handle in receipt_handles]
        call = partial(self._client.delete_message_batch, QueueUrl=queue_url)
        return self._by_ten(call, entries)

    def set_visibility(self, queue_url: str, seconds: Mapping[str, int]) -> list[int]:
        """Lets each message, by its receipt handle, be received again after so many seconds from now."""
        entries = [
            {"ReceiptHandle": handle, "VisibilityTimeout": min(max(int(wait), 0), MAX_VISIBILITY)}
            for handle, wait in seconds.items()
        ]
        call = partial(self._client.change_message_visibility_batch, QueueUrl=queue_url)
        return self._by_ten(call, entries)

    def _send(self, messages: Mapping[str, list[Entry]], timeout: float | None) -> dict[str, list[int]]:
        deadline = None if timeout is None else self._clock() + timeout
        chunks = [(url, chunk) for url, entries in messages.items() for chunk in group_entries(entries)]
        jobs = [
            partial(
                self._call_until_done,
                partial(self._client.send_message_batch, QueueUrl=url),
                [messages[url][index] for index in chunk],
                deadline,
            )
            for url, chunk in chunks
        ]
        failed: dict[str, list[int]] = {url: [] for url in messages}
        for (url, chunk), unsent in zip(chunks, self._parallel.run(jobs, timeout=timeout), strict=True):
            failed[url] += chunk if unsent is None else [chunk[position] for position in unsent]
        return failed

    def _by_ten(self, call: Callable[..., Any], entries: list[Entry]) -> list[int]:
        starts = range(0, len(entries), BATCH_ENTRIES)
        jobs = [
            partial(self._call_until_done, call, entries[start : start + BATCH_ENTRIES], None)
            for start in starts
        ]
        answers = self._parallel.run(jobs)
        return [start + at for start, failed in zip(starts, answers, strict=True) for at in failed or ()]

    def _call_until_done(
        self, call: Callable[..., Any], entries: Sequence[Entry], deadline: float | None
    ) -> list[int]:
        """Positions in `entries` (one batch) that failed in every try; a failed call fails all it held."""
        todo = list(range(len(entries)))
        for _ in range(self._tries):
            if deadline is not None and self._clock() >= deadline:
                break
            try:
                answer = call(Entries=[{"Id": str(position), **entries[position]} for position in todo])
            except (BotoCoreError, ClientError) as error:
                logger.warning("SQS refused a batch: %s", error)
                break  # botocore has tried it again already
            if answer.get("Failed"):
                logger.warning(
                    "SQS refused %s entries, first: %s", len(answer["Failed"]), answer["Failed"][0]
                )
            done = {entry["Id"] for entry in answer.get("Successful", ())}
            todo = [position for position in todo if str(position) not in done]
            if not todo:
                break
        return todo


def group_entries(entries: Sequence[Entry]) -> Iterator[list[int]]:
    """Indexes of consecutive entries that fit one call: 10 and 1 MiB at most; a larger one stands alone."""
    chunk: list[int] = []
    total = 0
    for index, entry in enumerate(entries):
        size = _entry_bytes(entry)
        if chunk and (len(chunk) == BATCH_ENTRIES or total + size > BATCH_BYTES):
            yield chunk
            chunk, total = [], 0
        chunk.append(index)
        total += size
    if chunk:
        yield chunk


def _read_reason(attributes: Mapping[str, Any] | None) -> str:
    """Why a message is in a dead-letter queue, "" where it does not say so."""
    return str((attributes or {}).get("reason", {}).get("StringValue", ""))


def _message_entry(body: Body) -> Entry:
    return {"MessageBody": body}


def _add_groups(entries: Sequence[Entry], groups: Sequence[str]) -> None:
    for entry, group in zip(entries, groups, strict=False):
        if group:
            entry["MessageGroupId"] = group


def _entry_bytes(entry: Entry) -> int:
    """What SQS counts: the body, and each attribute's name, type and value, in UTF-8."""
    body: Body = entry["MessageBody"]
    attributes = entry.get("MessageAttributes", {})
    return (body.size if isinstance(body, Quoted) else _utf8_bytes(body)) + sum(
        _utf8_bytes(name) + len("String") + _utf8_bytes(value["StringValue"])
        for name, value in attributes.items()
    )


def _utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
