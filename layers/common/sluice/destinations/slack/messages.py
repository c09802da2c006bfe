"""What a sync may map for Slack, what it says by default, and the requests."""

from collections.abc import Iterator
from typing import Any

import orjson

from sluice.destinations.declaration import USER_AGENT, Batch, Entry, Request
from sluice.destinations.event_types import EventType, PayloadField, is_filled
from sluice.destinations.slack.settings import SlackSettings

_HEADERS = {"Content-Type": "application/json; charset=utf-8", "User-Agent": USER_AGENT}

# Slack gives &, < and > a meaning (links, <!channel>), and asks for these three entities and no others.
_TEXT = (
    "{% assign who = row.userId | default: row.anonymousId %}"
    "{% capture line %}{% case row.type %}"
    "{% when 'track' %}{{ who }}: {{ row.event }}"
    "{% when 'identify' %}{{ who }} was identified"
    "{% when 'page' %}{{ who }} viewed {{ row.name | default: 'a page' }}"
    "{% when 'screen' %}{{ who }} viewed {{ row.name | default: 'a screen' }}"
    "{% when 'group' %}{{ who }} is in group {{ row.groupId }}"
    "{% when 'alias' %}{{ row.previousId }} is now {{ who }}"
    "{% endcase %}{% endcapture %}"
    "{{ line | replace: '&', '&amp;' | replace: '<', '&lt;' | replace: '>', '&gt;' }}"
)

EVENT_TYPES = {
    "message": EventType(
        "A message in a channel",
        optional={
            "text": PayloadField("string", "The message; with blocks what notifications show of it"),
            "blocks": PayloadField("list", "The message as Block Kit's blocks"),
            "channel": PayloadField("string", "Id or name of the channel; not given: the setting's"),
            "thread_ts": PayloadField("string", "The `ts` of the message that this one answers"),
            "reply_broadcast": PayloadField("boolean", "Whether an answer shows in the channel too"),
            "username": PayloadField("string", "The sender's name; takes the scope chat:write.customize"),
            "icon_emoji": PayloadField("string", "The sender's picture, `:tada:`; takes the same scope"),
            "icon_url": PayloadField("string", "The sender's picture by its address; the same scope"),
            "mrkdwn": PayloadField("boolean", "Whether *bold* and the like are read; not given: true"),
            "unfurl_links": PayloadField("boolean", "Whether links to text get a preview"),
            "unfurl_media": PayloadField("boolean", "Whether links to media get a preview"),
        },
        one_of=(("text", "blocks"),),
        mappings={"text": {"template": _TEXT}},
    ),
}


def build(settings: SlackSettings, batch: Batch) -> Iterator[Request]:
    """One message a request, whatever the batch size: Slack takes no more."""
    url = settings.api_url.rstrip("/") + "/chat.postMessage"
    for entry in batch.entries:
        body = orjson.dumps(make_message(settings, entry))
        yield Request("POST", url, _HEADERS, body, (entry,), batch.attempt)


def make_message(settings: SlackSettings, entry: Entry) -> dict[str, Any]:
    """The message of one item, without fields that are null."""
    _, payload = entry
    message = {name: value for name, value in payload.items() if value is not None}
    if not is_filled(message.get("channel")):
        message["channel"] = settings.channel
    return message
