"""The `slack` destination: each event is one message in a channel, posted by an app's bot.

`settings` holds the token, `messages` what a sync may map and the requests, `answers` reads what Slack says.
Incoming webhooks are not used: a bot reaches every channel that it is in. `http` can call a webhook.
Method, fields, limits and errors: https://docs.slack.dev/reference/methods/chat.postMessage
"""

from sluice.destinations.declaration import Declaration
from sluice.destinations.slack.answers import judge
from sluice.destinations.slack.messages import EVENT_TYPES, build
from sluice.destinations.slack.settings import SlackSettings, auth

DECLARATION = Declaration(
    kind="slack", settings=SlackSettings, event_types=EVENT_TYPES, build=build, auth=auth, judge=judge
)
