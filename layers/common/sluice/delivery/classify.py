"""What an HTTP answer means for the items it answers: taken, worth another attempt, or never.

The rules are the product's own (`docs/architecture.md`, "who retries what"); a destination may add to them.
"""

from collections.abc import Collection
from datetime import UTC
from email.utils import parsedate_to_datetime

from sluice.destinations.declaration import Response
from sluice.errors import AuthRejected, DeliveryError, GiveUp, RetryLater
from sluice.reasons import Reason

NOT_NOW = {
    408: Reason.TIMEOUT,
    423: Reason.NOT_READY,
    425: Reason.NOT_READY,
    429: Reason.RATE_LIMITED,
}


def classify_response(
    response: Response, now: float, *, also_retry: Collection[int] = ()
) -> DeliveryError | None:
    """None where the destination took it; `now` (epoch seconds) is for Retry-After given as a date.

    `also_retry` are statuses that only this destination means as "not now", such as 409.
    """
    status = response.status
    if 200 <= status < 300:
        return None
    return classify_status(status, response, now, also_retry=also_retry)


def classify_status(
    status: int, response: Response, now: float, *, also_retry: Collection[int] = ()
) -> DeliveryError | None:
    """The same for one item's own `status` in an answer about several."""
    if 200 <= status < 300:
        return None
    detail = f"HTTP {status}"
    if 300 <= status < 400:
        return GiveUp(Reason.REDIRECT_REFUSED, detail, status=status)
    if status == 413:
        return GiveUp(Reason.PAYLOAD_TOO_LARGE, detail, status=status)
    after = parse_retry_after(response.headers.get("retry-after"), now)
    if status in {401, 403}:
        return AuthRejected(Reason.AUTH_REJECTED, detail, status=status, after=after)
    if status in NOT_NOW:
        return RetryLater(NOT_NOW[status], detail, status=status, after=after)
    if 500 <= status < 600 and status != 501:
        return RetryLater(Reason.SERVER_ERROR, detail, status=status, after=after)
    if status in also_retry:
        return RetryLater(Reason.NOT_READY, detail, status=status, after=after)
    return GiveUp(Reason.REJECTED, detail, status=status)


def parse_retry_after(value: object, now: float) -> float | None:
    """Seconds from `now`, never negative, of either form in RFC 9110 §10.2.3; None for anything else."""
    if value is None:
        return None
    text = str(value).strip()
    if text[:1].isdigit():
        try:
            return float(text)
        except ValueError:
            return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": the standard means UTC
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)
