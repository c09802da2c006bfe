"""Which Slack to post to, as whom, and where a message goes."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints, field_validator

from sluice.destinations.declaration import SecretRef, Settings, Url


class SlackSettings(Settings):
    """`token` is the app's bot token, `channel` where a message goes for which the mapping names none.

    `api_url` is without the method's name.
    """

    token: SecretRef
    channel: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
    api_url: Url = "https://slack.com/api"

    @field_validator("api_url")
    @classmethod
    def _is_base(cls, url: str) -> str:
        if "?" in url:
            raise ValueError("a query (?…) is never sent")
        return url

    @field_validator("token")
    @classmethod
    def _is_bare(cls, token: SecretRef) -> SecretRef:
        if token.format != "{}":
            raise ValueError("leave `format` out: the token is sent as Slack wants it")
        return token


def auth(settings: SlackSettings) -> Mapping[str, SecretRef]:
    return {"Authorization": SecretRef(secret=settings.token.secret, format="Bearer {}")}
