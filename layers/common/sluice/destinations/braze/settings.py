"""Which Braze to send to, and how: instances and limits as Braze documents them.

https://www.braze.com/docs/api/basics/#endpoints
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from sluice.destinations.declaration import BareSecret, BaseUrl, SecretRef, Settings
from sluice.source_syntax import suggest

PER_ARRAY = 75
"""Most objects of one kind in a request."""

MAX_OBJECTS = 3 * PER_ARRAY

_IAD = [f"iad-{n:02}" for n in range(1, 9)]
INSTANCES = {
    **{
        name: f"https://rest.{name}.braze.com"
        for name in [*_IAD, "us-10", "au-01", "id-01", "jp-01", "kr-01"]
    },
    **{name: f"https://rest.{name}.braze.eu" for name in ["fra-01", "fra-02"]},
}
_DASHBOARD_NAMES = {f"us-{name[-2:]}": name for name in _IAD} | {"eu-01": "fra-01", "eu-02": "fra-02"}


class BrazeSettings(Settings):
    """`instance` is the part of the REST endpoint's name after `rest.`; `endpoint` a whole URL instead.

    `app_id` goes into events and purchases that have none. `objects_per_request` counts attributes, events
    and purchases together; of each there are 75 at most in any case.
    """

    instance: str | None = None
    endpoint: BaseUrl | None = None
    api_key: BareSecret
    app_id: str | None = None
    objects_per_request: Annotated[int, Field(ge=1, le=MAX_OBJECTS)] = MAX_OBJECTS
    batch_size: Annotated[int, Field(ge=1, le=MAX_OBJECTS)] = MAX_OBJECTS

    @field_validator("instance")
    @classmethod
    def _exists(cls, name: str | None) -> str | None:
        if name is None or name in INSTANCES:
            return name
        meant = _DASHBOARD_NAMES.get(name.lower())
        hint = f"did you mean {meant}?" if meant else suggest(name.lower(), INSTANCES)
        raise ValueError(f"Braze has no instance {name!r}: {hint}")

    @model_validator(mode="after")
    def _has_one_address(self) -> "BrazeSettings":
        if (self.instance is None) == (self.endpoint is None):
            raise ValueError("give exactly one of `instance` and `endpoint`")
        return self

    @property
    def url(self) -> str:
        base = self.endpoint or INSTANCES[self.instance or ""]
        return base.rstrip("/") + "/users/track"


def auth(settings: BrazeSettings) -> Mapping[str, SecretRef]:
    return {"Authorization": SecretRef(secret=settings.api_key.secret, format="Bearer {}")}
