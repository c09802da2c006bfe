"""What Slack's answer means: it says 200 whatever happens, and in the body what did."""

from typing import Any

import orjson

from sluice.delivery.asked_wait import find_asked_wait
from sluice.delivery.classify import classify_response
from sluice.destinations.declaration import Request, Response, Verdict
from sluice.destinations.slack.settings import SlackSettings
from sluice.errors import AuthRejected, GiveUp, RetryLater
from sluice.reasons import Reason

NOT_NOW = {
    "ratelimited": Reason.RATE_LIMITED,
    "rate_limited": Reason.RATE_LIMITED,
    "message_limit_exceeded": Reason.RATE_LIMITED,
    "internal_error": Reason.SERVER_ERROR,
    "fatal_error": Reason.SERVER_ERROR,
    "service_unavailable": Reason.SERVER_ERROR,
    "request_timeout": Reason.TIMEOUT,
    "team_added_to_org": Reason.NOT_READY,
    "org_login_required": Reason.NOT_READY,
}
TOKEN_REFUSED = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
    }
)


def judge(_settings: SlackSettings, _request: Request, response: Response, now: float) -> Verdict:
    """By status where it is not 200, else by Slack's word for what went wrong."""
    refused = classify_response(response, now)
    if refused is not None:
        return refused
    status = response.status
    if not is_readable(response):
        return RetryLater(Reason.SERVER_ERROR, "an answer that cannot be read", status=status)
    word = find_error(response.body)
    if word is None:
        return None
    detail = f"Slack says {word}"
    if word in TOKEN_REFUSED:
        return AuthRejected(Reason.AUTH_REJECTED, detail, status=status)
    if word in NOT_NOW:
        limited = NOT_NOW[word] is Reason.RATE_LIMITED
        after = find_asked_wait(response.headers, now, limited=limited)
        return RetryLater(NOT_NOW[word], detail, status=status, after=after)
    return GiveUp(Reason.REJECTED, detail, status=status)


def is_readable(response: Response) -> bool:
    """Whether the answer says what became of the message.

    One that repeats a long message is not read to its end, and is recognised by its start.
    """
    if not response.complete:
        return response.body.startswith(b'{"ok":true')
    return not response.body or _read_object(response.body) is not None


def find_error(body: bytes) -> str | None:
    """Slack's word for why it did not take the message; None where it did."""
    answer = _read_object(body) or {}
    return str(answer.get("error", "unknown_error")) if answer.get("ok") is False else None


def _read_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None
