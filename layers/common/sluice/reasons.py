"""The one list of reasons: why an event was refused, blocked, dropped, retried or dead-lettered.

The same word stands in the archive, in metrics, in DLQ attributes and in `docs/operations.md`.
"""

from enum import StrEnum


class Reason(StrEnum):
    """A machine-readable reason; its value is what every tool shows."""

    # Ingest refuses the request: nothing of it is stored, and the client should send it again later.
    QUOTA_EXCEEDED = "quota_exceeded"

    # Ingest blocks the event: archived with its reasons, the rest of the request goes on.
    MISSING_IDENTITY = "missing_identity"
    MISSING_EVENT_NAME = "missing_event_name"
    MISSING_TYPE = "missing_type"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_GROUP_ID = "missing_group_id"
    MISSING_PREVIOUS_ID = "missing_previous_id"
    EVENT_TOO_LARGE = "event_too_large"
    INVALID_SHAPE = "invalid_shape"
    FOREIGN_WRITE_KEY = "foreign_write_key"

    # The router drops the event.
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    FUNCTION_DROPPED = "function_dropped"

    # The router blocks the event: it breaks its source's contract, or a function failed over it.
    UNDECLARED_EVENT = "undeclared_event"
    UNDECLARED_FIELD = "undeclared_field"
    SCHEMA_VIOLATION = "schema_violation"
    FUNCTION_ERROR = "function_error"

    # The router accepts the event, but does not send it to this sync.
    CONSENT_DENIED = "consent_denied"
    INTEGRATION_DISABLED = "integration_disabled"

    # Delivery: the item cannot be mapped, so no request was made.
    MAPPING_FAILED = "mapping_failed"
    MISSING_REQUIRED_FIELD = "missing_required_field"

    # Delivery: the destination's answer, or the lack of one.
    REJECTED = "rejected"
    AUTH_REJECTED = "auth_rejected"
    RATE_LIMITED = "rate_limited"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    NOT_READY = "not_ready"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION_FAILED = "connection_failed"
    REDIRECT_REFUSED = "redirect_refused"

    # Delivery: Sluice will not make the call.
    ADDRESS_REFUSED = "address_refused"
    SECRET_UNAVAILABLE = "secret_unavailable"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"

    # Delivery: Sluice's own fault; tried again like a destination's.
    INTERNAL_ERROR = "internal_error"

    # A whole pack that SQS moved to a dead-letter queue: every receive crashed, or found no pack in it.
    UNHANDLED = "unhandled"

    # A whole pack that Sluice put into a dead-letter queue: AWS errors held it up for a day.
    AWS_UNAVAILABLE = "aws_unavailable"


BLOCKED = (
    Reason.MISSING_IDENTITY,
    Reason.MISSING_EVENT_NAME,
    Reason.MISSING_TYPE,
    Reason.UNKNOWN_TYPE,
    Reason.MISSING_GROUP_ID,
    Reason.MISSING_PREVIOUS_ID,
    Reason.EVENT_TOO_LARGE,
    Reason.INVALID_SHAPE,
    Reason.FOREIGN_WRITE_KEY,
    Reason.UNDECLARED_EVENT,
    Reason.UNDECLARED_FIELD,
    Reason.SCHEMA_VIOLATION,
    Reason.FUNCTION_ERROR,
)
"""Why ingest or the router keeps an event from going on."""

DROPPED = (Reason.SUPPRESSED, Reason.FUNCTION_DROPPED)
"""Why the router ends an event that is valid and no duplicate."""

SKIPPED = (Reason.CONSENT_DENIED, Reason.INTEGRATION_DISABLED)
"""Why the router does not send an accepted event to a sync that matches it."""
