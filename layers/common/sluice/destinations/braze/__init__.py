"""The `braze` destination: custom events, purchases and user attributes through `POST /users/track`.

`settings` says which Braze, `event_types` what a sync may map, `requests` packs the objects, `answers` reads
what Braze says of each. Limits, fields and answers:
https://www.braze.com/docs/api/endpoints/user_data/post_user_track/
"""

from sluice.destinations.braze.answers import judge
from sluice.destinations.braze.event_types import EVENT_TYPES
from sluice.destinations.braze.requests import build
from sluice.destinations.braze.settings import BrazeSettings, auth
from sluice.destinations.declaration import Declaration

DECLARATION = Declaration(
    kind="braze", settings=BrazeSettings, event_types=EVENT_TYPES, build=build, auth=auth, judge=judge
)
