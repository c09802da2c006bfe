"""Which Slack to post to, as whom, and where a message goes."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints

from sluice.destinations.declaration import BareSecret, BaseUrl, SecretRef, Settings


class SlackSettings(Settings):
    """`token` is the app's bot token, `channel` where a message goes for which the mapping names none.

    `api_url` is without the method's name.
    """

    token: BareSecret
    channel: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
    api_url: BaseUrl = "https://slack.com/api"


def auth(settings: SlackSettings) -> Mapping[str, SecretRef]:
    return {"Authorization": SecretRef(secret=settings.token.secret, format="Bearer {}")}
