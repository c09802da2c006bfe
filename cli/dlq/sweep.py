"""Every message of a queue, once: what is not taken stays hidden until the end, and is there again then."""

from collections.abc import Iterator
from types import TracebackType

from sluice.adapters.sqs import Queues
from sluice.archiver.ports import Received

HIDDEN_SECONDS = 900
FRUITLESS = 3  # receives in a row without anything new: all that is there was seen


class Sweep:
    """Use it as a context: however the block ends, what was not taken is made visible again.

    If the process is killed, it is visible after `HIDDEN_SECONDS`. A message that takes longer than that to
    come to the end of the sweep may be received again and is known by its id.
    """

    def __init__(self, queues: Queues, url: str) -> None:
        self._queues, self._url = queues, url
        self._held: dict[str, str] = {}  # receipt handle by message id
        self._taken: set[str] = set()

    def __enter__(self) -> "Sweep":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held:
            self._queues.set_visibility(self._url, dict.fromkeys(self._held.values(), 0))

    def receive(self, batch: int, most: int | None = None) -> Iterator[list[Received]]:
        """Messages in batches of about `batch`, `most` in all or as many as there are."""
        fruitless = seen = 0
        gathered: list[Received] = []
        while fruitless < FRUITLESS and (most is None or seen < most):
            answer = self._queues.receive(self._url, visibility=HIDDEN_SECONDS, wait=1)
            new = [message for message in answer if self._is_new(message)]
            gathered += new
            seen += len(new)
            fruitless = 0 if new else fruitless + 1 if answer else FRUITLESS
            if len(gathered) >= batch:
                yield gathered
                gathered = []
        if gathered:
            yield gathered

    def delete(self, messages: list[Received]) -> list[Received]:
        """Takes messages out of the queue; those that SQS did not delete, which will be there again."""
        undeleted = self._queues.delete(self._url, [self._held[message.id] for message in messages])
        stuck = [messages[at] for at in undeleted]
        gone = {message.id for message in messages} - {message.id for message in stuck}
        self._taken |= gone
        for message_id in gone:
            del self._held[message_id]
        return stuck

    def _is_new(self, message: Received) -> bool:
        known = message.id in self._held or message.id in self._taken
        self._held[message.id] = message.receipt_handle  # the newest handle is the one that works
        return not known
