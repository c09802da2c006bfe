"""What delivery needs from outside: the adapters fit these, and so do the fakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sluice.delivery.breaker import PauseStore
from sluice.delivery.copies import Claims
from sluice.delivery.progress import Notes
from sluice.destinations.declaration import Outside


class Queues(Protocol):
    """SQS. Every method answers the indexes of what it could not do, and raises nothing for SQS's trouble."""

    def send(
        self,
        queue_url: str,
        bodies: Sequence[str],
        *,
        delays: Sequence[int] | None = None,
        attributes: Sequence[Mapping[str, str]] | None = None,
        groups: Sequence[str] | None = None,
    ) -> list[int]: ...

    def delete(self, queue_url: str, receipt_handles: Sequence[str]) -> list[int]: ...

    def set_visibility(self, queue_url: str, seconds: Mapping[str, int]) -> list[int]: ...


class Archive(Protocol):
    """S3. False where the object could not be written."""

    def put(self, key: str, body: bytes) -> bool: ...


class Stream(Protocol):
    """Firehose: the delivery log. The indexes of the records that it did not confirm."""

    def put(self, records: Sequence[bytes]) -> list[int]: ...


class SecretStore(Protocol):
    """Secrets by reference (`ssm:token`), at most minutes old; `fresh` reads past every cache.

    Raises RetryLater(secret_unavailable), or AwsUnavailable where AWS does not answer.
    """

    def read(self, reference: str, *, fresh: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside of the core. `now` is epoch seconds, `draw` a random number in [0, 1)."""

    queues: Queues
    archive: Archive
    log: Stream
    pauses: PauseStore
    claims: Claims
    notes: Notes
    secrets: SecretStore
    outside: Outside
    now: Callable[[], float]
    draw: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Places:
    """Where one sync's messages live."""

    queue_url: str
    dlq_url: str
