"""Every error of Sluice; the type says what happens next.

SluiceError
├── WorkspaceError          file, line, hint; at load or `sluice check`, never per event
├── RequestError            the caller's fault: status, code, message
├── EventBlocked            this event breaks a rule: archived with its reasons, others go on
├── PackUnreadable          a message that Sluice did not write: redelivered until the DLQ has it
├── AwsUnavailable          AWS gave no answer: the pack is sent again later, and no attempt counts
├── MappingError            this event cannot be mapped for this sync: dead letter
└── DeliveryError
    ├── RetryLater(after)   the destination may take it later
    │   ├── AuthRejected    …once its credentials are right
    │   └── RefusedAlong    …at once, without the items of its batch that are bad
    └── GiveUp(reason)      it never will: dead letter
"""

from sluice.reasons import Reason


class SluiceError(Exception):
    """The root: nothing of Sluice's own raises anything else on purpose."""


class WorkspaceError(SluiceError):
    """The operator's configuration is wrong; `file` and `line` (1-based) say where, `hint` what to do."""

    def __init__(
        self, message: str, *, file: str = "", line: int = 0, column: int = 0, hint: str = ""
    ) -> None:
        super().__init__(message)
        self.message, self.file, self.line, self.column, self.hint = message, file, line, column, hint


class RequestError(SluiceError):
    """A client's request is refused as a whole, with an HTTP status and a `{code, message}` body.

    `after`: in how many seconds the client should send it again; None where a repeat would change nothing.
    """

    def __init__(self, status: int, code: str, message: str, *, after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.after = status, code, message, after


class EventBlocked(SluiceError):
    """One event breaks a rule of ingest; the rest of its batch goes on."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = list(reasons)


class PackUnreadable(SluiceError):
    """A message on one of Sluice's queues is not one of its packs."""


class AwsUnavailable(SluiceError):
    """An AWS service that a pack needs did not answer: no fault of the pack's, nor of the destination's."""


class MappingError(SluiceError):
    """One event cannot be mapped for one sync; `field` is the output field concerned."""

    def __init__(self, detail: str, *, field: str = "", reason: Reason = Reason.MAPPING_FAILED) -> None:
        super().__init__(detail)
        self.detail, self.field, self.reason = detail, field, reason


class DeliveryError(SluiceError):
    """A destination did not take an item; `status` is its HTTP status, where there was one."""

    def __init__(self, reason: Reason, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(detail or reason)
        self.reason, self.detail, self.status = reason, detail, status


class RetryLater(DeliveryError):
    """Worth another attempt, not sooner than `after` seconds from now where the destination said so."""

    def __init__(
        self, reason: Reason, detail: str = "", *, status: int | None = None, after: float | None = None
    ) -> None:
        super().__init__(reason, detail, status=status)
        self.after = after


class AuthRejected(RetryLater):
    """The destination refused our credentials: read the secret afresh, then wait for a human."""


class RefusedAlong(RetryLater):
    """One item of a batch that was refused for others, which the answer names: sent again without them."""


class GiveUp(DeliveryError):
    """No attempt will ever succeed.

    `split` matters where it is about a whole batch: False where a smaller batch would be refused as well,
    because the refusal concerns the account or the endpoint, or where some of the batch may have been taken.
    """

    def __init__(
        self, reason: Reason, detail: str = "", *, status: int | None = None, split: bool = True
    ) -> None:
        super().__init__(reason, detail, status=status)
        self.split = split
