"""What the archiver needs from outside: the adapters fit these, and so do the fakes.

Imports nothing heavy: the queues' adapter is part of every function's start.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sluice.errors import SluiceError


class ArchiveUnreadable(SluiceError):
    """S3 did not say what it has."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message received from a queue; `sent_at` is epoch seconds: of a pack that SQS moved, the time when it
    was sent to the queue that it comes from. `reason` is the attribute of this name, "" if it is missing.
    """

    id: str
    receipt_handle: str
    body: str
    sent_at: float
    reason: str = ""


class Archive(Protocol):
    """The archive bucket."""

    def put(self, key: str, body: bytes) -> bool:
        """False where the object could not be written."""

    def list_keys(self, prefix: str) -> Iterator[str]:
        """Raises ArchiveUnreadable."""

    def read_all(self, keys: Iterable[str]) -> Iterator[bytes]:
        """The objects in order, some of them read ahead. Raises ArchiveUnreadable."""


class Queues(Protocol):
    """SQS. `delete` and `set_visibility` answer the indexes of what they could not do."""

    def receive(self, queue_url: str, *, visibility: int, wait: int = 0) -> Sequence[Received]:
        """Up to ten messages, hidden for `visibility` seconds; waits `wait` seconds for the first."""

    def delete(self, queue_url: str, receipt_handles: Sequence[str]) -> list[int]: ...

    def set_visibility(self, queue_url: str, seconds: Mapping[str, int]) -> list[int]: ...
