"""The definition of every file in the workspace. Unknown keys are refused."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation, model_validator

from sluice.errors import WorkspaceError
from sluice.filters.conditions import check_node
from sluice.filters.operators import OperatorName, find_near_operator
from sluice.source_syntax import Kind

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Model(BaseModel):
    """A part of the workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_duration(value: object) -> object:
    """Seconds of `90s`, `15m`, `4h`, `2d`; anything else goes on to the check for a number."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+)\s*([smhd])", value.strip())):
        return int(match[1]) * _UNITS[match[2]]
    return value


Duration = Annotated[
    int,
    BeforeValidator(
        read_duration, json_schema_input_type=int | Annotated[str, Field(pattern=r"^\s*\d+\s*[smhd]\s*$")]
    ),
]
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


def read_operator(value: object) -> object:
    """The operator's name; one that is nearly another's is refused with that one's."""
    near = find_near_operator(value)
    if near and value != near:
        raise ValueError(f"there is no operator {value!r}: did you mean {near}?")
    return value


class Filter(Model):
    """A condition (`field` or `template`, `op`, a value), or a group (`all`, `any`, `not`) of filters."""

    field: str | None = Field(None, description="Reference of the field that is looked at.")
    template: str | None = Field(None, description="Liquid, instead of a field.")
    op: Annotated[OperatorName, BeforeValidator(read_operator)] | None = None
    value: Any = Field(None, description="What the field is compared with.")
    value_field: str | None = Field(None, description="Reference of a field to compare with.")
    value_template: str | None = Field(None, description="Liquid to compare with.")
    case_insensitive: bool = Field(False, description="Texts are compared without their case.")
    all: "list[Filter] | None" = Field(None, min_length=1)
    any: "list[Filter] | None" = Field(None, min_length=1)
    not_: "Filter | None" = Field(None, alias="not")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Filter":
        """What `compile_filter` refuses is refused here already, where the line is known."""
        spec = {"not" if name == "not_" else name: getattr(self, name) for name in self.model_fields_set}
        if self.not_ is not None:
            spec["not"] = {}
        try:
            check_node(spec)
        except WorkspaceError as error:
            raise ValueError(f"{error.message} ({error.hint})" if error.hint else error.message) from error
        return self

    def to_spec(self) -> dict[str, Any]:
        """What `compile_filter` takes."""
        return self.model_dump(exclude_unset=True, by_alias=True)


class _WithOptions(Model):
    if_missing: Any = Field(
        "omit", description="omit, null, error, a source, or a default that is no text ({value: text})."
    )
    on_error: Any = Field(
        "error", description="As if_missing, for a value that cannot be cast, rendered or run over."
    )


class FieldSource(_WithOptions):
    """A field of the event."""

    field: str = Field(description="Dots part names; a backslash escapes a dot or a backslash in a name.")
    cast: Kind | None = Field(None, alias="as")


class StaticSource(Model):
    """The same value for every event, with the type that it is written with."""

    value: Any


class TemplateSource(_WithOptions):
    """Liquid; the event is `row`. A template that is one {{ expression }} keeps the value's type."""

    template: str
    cast: Kind | None = Field(None, alias="as")


class ArraySource(_WithOptions):
    """A list of sources; or, with `each`, what every `item` of a list becomes."""

    array: "list[ValueSource] | ValueSource"
    each: str | None = Field(None, description="The field with the list.")


class ObjectSource(_WithOptions):
    """An object; without `object` around it where no field has the name of a key of a source."""

    object: "dict[str, ValueSource | list[ValueSource]]"


type ValueSource = (
    FieldSource
    | StaticSource
    | TemplateSource
    | ArraySource
    | ObjectSource
    | dict[str, "ValueSource | list[ValueSource]"]
)
MappedValue = Annotated[ValueSource | list[ValueSource] | Literal["omit", "defaults"], SkipValidation]
"""For editors and docs. compile_value checks the source, knows the place and says what was probably meant."""

DEFAULTS = "defaults"
OMIT = "omit"


def read_mappings(value: object) -> object:
    """Mappings, or the word for the destination's own."""
    if value is None or value == DEFAULTS or isinstance(value, dict):
        return value
    raise ValueError(f"{value!r} is no mapping: write `defaults`, or `field: source` lines")


class EventType(Model):
    """One event type of a sync: which events are sent as it, and how their fields are filled.

    What is left out is the destination's default for the type; where it declares none, a type without
    `filter` takes every event, and without `mappings` the whole event is sent.
    """

    type: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    filter: Filter | None = None
    mappings: Annotated[
        dict[str, MappedValue] | Literal["defaults"] | None, BeforeValidator(read_mappings)
    ] = Field(
        None,
        description="Output field, in which dots nest objects, to where its value comes from; or `defaults`. "
        "With `extends: defaults` the fields here replace those of the defaults, `omit` takes one out.",
    )


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
