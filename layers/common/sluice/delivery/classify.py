"""What an HTTP answer means for the items it answers: taken, worth another attempt, or never.

The rules are the product's own (`docs/architecture.md`, "who retries what"); a destination may add to them.
"""

from collections.abc import Collection

from sluice.delivery.asked_wait import find_asked_wait
from sluice.destinations.declaration import Response
from sluice.errors import AuthRejected, DeliveryError, GiveUp, RetryLater
from sluice.reasons import Reason

NOT_NOW = {
    408: Reason.TIMEOUT,
    423: Reason.NOT_READY,
    425: Reason.NOT_READY,
    429: Reason.RATE_LIMITED,
}
# They refuse the account, the endpoint or Sluice's way of asking: another body would get the same answer.
OF_THE_ACCOUNT = frozenset({402, 405, 406, 407, 410, 411, 414, 415, 421, 426, 431, 501})


def classify_response(
    response: Response,
    now: float,
    *,
    also_retry: Collection[int] = (),
    of_account: Collection[int] = (),
) -> DeliveryError | None:
    """None where the destination took it; `now` (epoch seconds) is for waits given as a time.

    `also_retry` are statuses that only this destination means as "not now", such as 409; `of_account` those
    by which it refuses the account or the endpoint besides OF_THE_ACCOUNT: a batch is not split for them.
    """
    status = response.status
    return classify_status(status, response, now, also_retry=also_retry, of_account=of_account)


def classify_status(
    status: int,
    response: Response,
    now: float,
    *,
    also_retry: Collection[int] = (),
    of_account: Collection[int] = (),
) -> DeliveryError | None:
    """The same for one item's own `status` in an answer about several."""
    if 200 <= status < 300:
        return None
    detail = f"HTTP {status}"
    if 300 <= status < 400:
        return GiveUp(Reason.REDIRECT_REFUSED, detail, status=status)
    if status == 413:
        return GiveUp(Reason.PAYLOAD_TOO_LARGE, detail, status=status)
    after = find_asked_wait(response.headers, now, limited=status == 429)
    if status in {401, 403}:
        return AuthRejected(Reason.AUTH_REJECTED, detail, status=status, after=after)
    if status in NOT_NOW:
        return RetryLater(NOT_NOW[status], detail, status=status, after=after)
    if status not in range(100, 500) and status != 501:  # what is not a status counts as 5xx (RFC 9110 §15)
        return RetryLater(Reason.SERVER_ERROR, detail, status=status, after=after)
    if status in also_retry:
        return RetryLater(Reason.NOT_READY, detail, status=status, after=after)
    split = status not in OF_THE_ACCOUNT and status not in of_account
    return GiveUp(Reason.REJECTED, detail, status=status, split=split)
