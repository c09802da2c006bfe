"""The definition of every file in the workspace. Unknown keys are refused."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Model(BaseModel):
    """A part of the workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_duration(value: object) -> object:
    """Seconds of `90s`, `15m`, `4h`, `2d`; anything else goes on to the check for a number."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+)\s*([smhd])", value.strip())):
        return int(match[1]) * _UNITS[match[2]]
    return value


Duration = Annotated[int, BeforeValidator(read_duration)]
"""Seconds, or text with a unit: `5s`, `15m`, `4h`."""


class WriteKey(Model):
    """A write key of a source: its digest, never the key."""

    id: str = Field(min_length=1, max_length=64)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    created: str = ""
    revoked: str = Field("", description="When it was revoked; empty while it is in force.")


class Source(Model):
    """sources/<slug>.yaml: where events come from."""

    description: str = ""
    keys: list[WriteKey] = []
    collect_ip: Literal["client", "always", "never"] = "client"
    dedup: Literal["request", "event", "off"] = "request"


class Destination(Model):
    """destinations/<slug>.yaml: where events go. `settings` are the kind's own."""

    kind: str
    description: str = ""
    settings: dict[str, Any] = {}


class Filter(Model):
    """A condition (`field`, `op`, `value`) or a group (`all` or `any` of filters)."""

    field: str | None = None
    op: Literal["equals", "not_equals", "in", "exists"] | None = None
    value: Any = None
    all: "list[Filter] | None" = Field(None, min_length=1)
    any: "list[Filter] | None" = Field(None, min_length=1)

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Filter":
        given = self.model_fields_set
        is_empty = any(getattr(self, name) is None for name in given - {"value"})
        if given in ({"all"}, {"any"}) and not is_empty:
            return self
        if given - {"value"} != {"field", "op"} or is_empty:
            raise ValueError("a filter is either {field, op, value} or {all: [...]} or {any: [...]}")
        if self.op == "exists":
            if "value" in given:
                raise ValueError("exists takes no value")
        elif "value" not in given:
            raise ValueError(f"{self.op} needs a value")
        if self.op == "in" and not isinstance(self.value, list):
            raise ValueError("in needs a list as its value")
        return self

    def to_spec(self) -> dict[str, Any]:
        """What `compile_filter` takes."""
        return self.model_dump(exclude_unset=True)


class EventType(Model):
    """One event type of a sync: which events are sent as it, and how their fields are filled.

    Without `mappings` the whole event is sent.
    """

    type: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    filter: Filter | None = None
    mappings: dict[str, dict[str, Any]] | None = None


class Retry(Model):
    """How long and how often delivery is tried; the window counts from the first attempt."""

    window: Duration = Field(4 * 3600, alias="for", ge=0, le=7 * 86400)
    first: Duration = Field(5, ge=1, le=3600)
    max: Duration = Field(900, ge=1, le=43200)
    attempts: int | None = Field(None, ge=1, le=1000)


class Sync(Model):
    """syncs/<slug>.yaml: which events of a source go to a destination, as what."""

    description: str = ""
    source: str
    destination: str
    event_types: list[EventType] = Field(min_length=1)
    retry: Retry = Retry()
    batch_size: int | None = Field(None, ge=1, le=10_000)
    concurrency: int = Field(8, ge=1, le=64, description="Parallel requests of one delivery function.")
    max_concurrency: int = Field(10, ge=2, le=1000, description="Delivery functions at the same time.")
    timeout: Duration = Field(60, ge=10, le=900)
    retired: bool = Field(False, description="Gets no new events, delivers those it has.")

    @model_validator(mode="after")
    def _types_are_distinct(self) -> "Sync":
        types = [event_type.type for event_type in self.event_types]
        if len(types) != len(set(types)):
            raise ValueError("an event type is listed twice; put its filters under `any`")
        return self
