"""The definition of every file in the workspace. Unknown keys are refused."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation, StrictInt, model_validator

from sluice.filters.operators import OperatorName
from sluice.source_syntax import Kind

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Model(BaseModel):
    """A part of the workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_duration(value: object) -> object:
    """Seconds of `90s`, `15m`, `4h`, `2d`; anything else as it is."""
    if isinstance(value, str) and (match := re.fullmatch(r"([0-9]{1,9})\s*([smhd])", value.strip())):
        return int(match[1]) * _UNITS[match[2]]
    return value


def _require_duration(value: object) -> object:
    """As `read_duration`. Raises ValueError for text that is not a number either."""
    seconds = read_duration(value)
    if isinstance(seconds, str) and not seconds.strip().isdecimal():
        raise ValueError(
            f"{value!r:.64} is not a valid time: write seconds, or a number with s, m, h or d, such as 15m"
        )
    return seconds


Duration = Annotated[
    int,
    BeforeValidator(
        _require_duration, json_schema_input_type=int | Annotated[str, Field(pattern=r"^\s*\d+\s*[smhd]\s*$")]
    ),
]
"""Seconds, or text with a unit: `5s`, `15m`, `4h`."""


class WriteKey(Model):
    """A write key of a source: its digest, never the key."""

    id: str = Field(min_length=1, max_length=64, description="The key's name, of 1 to 64 characters.")
    sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="The key's SHA-256 in 64 hex digits, as `sluice keys create` writes it; never the key.",
    )
    created: str = ""
    revoked: str = Field("", description="When it was revoked; empty while it is in force.")


class Privacy(Model):
    """What of a source's events nothing but the ingest queue may hold. Paths are field references.

    `*` stands for every field of an object and every item of a list.
    """

    drop: list[str] = Field([], description="Fields that are left out: context.ip, properties.*.email.")
    hash: list[str] = Field(
        [], description="Fields that become their SHA-256, e-mail addresses trimmed and in lower case."
    )


class Quota(Model):
    """The most that a source may send in a minute; what is above is answered 429 until the minute is over."""

    events_per_minute: StrictInt | None = Field(
        None, ge=1, le=10**9, description="A whole number of events from 1, blocked ones included."
    )
    bytes_per_minute: StrictInt | None = Field(
        None, ge=1, le=10**12, description="A whole number of bytes from 1, of request bodies once unpacked."
    )

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.events_per_minute is None and self.bytes_per_minute is None:
            raise ValueError("the quota limits nothing: set events_per_minute, bytes_per_minute or both")
        return self


class Source(Model):
    """sources/<slug>.yaml: where events come from."""

    description: str = ""
    keys: list[WriteKey] = []
    collect_ip: Literal["client", "always", "never"] = "client"
    dedup: Literal["request", "event", "off"] = "request"
    functions: list[str] = Field(
        [],
        description="Names of files in functions/, without their suffix: what events go through, in order.",
    )
    contracts: list[str] = Field([], description="Names of files in contracts/, without their suffix.")
    privacy: Privacy = Privacy()
    quota: Quota | None = Field(
        None, description="The most in a minute: events_per_minute, bytes_per_minute or both."
    )
    consent: Literal["optional", "required"] = Field(
        "optional",
        description="required: without context.consent no destination with consent_categories gets an event.",
    )


class Destination(Model):
    """destinations/<slug>.yaml: where events go. `settings` are the kind's own."""

    kind: str = Field(description="What kind of destination it is, such as http.")
    description: str = ""
    settings: dict[str, Any] = {}
    integration: str = Field(
        "", description="The name in an event's `integrations`; without it the file's and the vendor's."
    )
    consent_categories: list[Annotated[str, Field(min_length=1)]] = Field(
        [], description="Categories of consent that are all needed, such as C0004."
    )


class Filter(Model):
    """A condition (`field` or `template`, `op`, a value), or a group (`all`, `any`, `not`) of filters.

    For editors: find_filter_errors checks filters, knows every place and says what was probably meant.
    """

    field: str | None = Field(None, description="Reference of the field that is looked at.")
    template: str | None = Field(None, description="Liquid, instead of a field.")
    op: OperatorName | None = None
    value: Any = Field(None, description="What the field is compared with.")
    value_field: str | None = Field(None, description="Reference of a field to compare with.")
    value_template: str | None = Field(None, description="Liquid to compare with.")
    case_insensitive: bool = Field(False, description="Texts are compared without their case.")
    all: "list[Filter] | None" = Field(None, min_length=1)
    any: "list[Filter] | None" = Field(None, min_length=1)
    not_: "Filter | None" = Field(None, alias="not")


class _WithOptions(Model):
    if_missing: "Instead" = Field(
        "omit", description="omit, null, error, a source, or a default that is not text ({value: text})."
    )
    on_error: "Instead" = Field(
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
type Instead = Literal["omit", "null", "error"] | ValueSource | float | bool | list[Any] | None
"""What `if_missing` and `on_error` may say."""

MappedValue = Annotated[ValueSource | list[ValueSource] | Literal["omit", "defaults"], SkipValidation]
"""For editors and docs. compile_value checks the source, knows the place and says what was probably meant."""

DEFAULTS = "defaults"
OMIT = "omit"
EVENT_TYPE = r"^[a-z][a-z0-9_]{0,63}$"


def is_event_type(name: str) -> bool:
    """Whether a text may name an event type: `track_purchase`."""
    return re.fullmatch(EVENT_TYPE.strip("^$"), name) is not None


def read_mappings(value: object) -> object:
    """Mappings, or the word for the destination's own."""
    if value is None or value == DEFAULTS or isinstance(value, dict):
        return value
    raise ValueError(f"{value!r} is not a mapping: write `defaults`, or `field: source` lines")


class EventType(Model):
    """One event type of a sync: which events are sent as it, and how their fields are filled.

    What is left out is the destination's default for the type; where it declares none, a type without
    `filter` takes every event, and without `mappings` the whole event is sent.
    """

    type: str = Field(
        pattern=EVENT_TYPE,
        description="A name of lower-case letters, digits and underscores, such as track_purchase.",
    )
    filter: SkipValidation[Filter | None] = Field(
        None, description="Which events are sent as this type: a condition, or a group of filters."
    )
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


class Alarms(Model):
    """From where on a sync's alarms go off; docs/operations.md says what each means."""

    failure_rate: float = Field(
        5, ge=0, le=100, description="Percent of attempts, over 5 minutes, that end in a dead letter."
    )
    retry_rate: float = Field(
        50, ge=0, le=100, description="Percent of attempts, over 5 minutes, that have to be repeated."
    )
    min_attempts: int = Field(20, ge=1, description="Attempts in 5 minutes below which no rate is looked at.")
    latency_p95: Duration = Field(
        60, ge=1, description="From received to delivered, for 19 of 20 events, over 5 minutes."
    )
    oldest_waiting: Duration = Field(
        3600, ge=1, description="Since an event was received that is not delivered yet, retries included."
    )
    queue_age: Duration = Field(900, ge=1, description="Age of a pack that the function has not taken yet.")
    dead_letters: int = Field(0, ge=0, description="Letters in the dead-letter queue that are no alarm yet.")
    function_errors: int = Field(0, ge=0, description="Crashes in 5 minutes that are no alarm yet.")


class Sync(Model):
    """syncs/<slug>.yaml: which events of a source go to a destination, as what."""

    description: str = ""
    source: str = Field(description="The name of a file in sources/, without its suffix.")
    destination: str = Field(description="The name of a file in destinations/, without its suffix.")
    event_types: list[EventType] = Field(
        min_length=1, description="A list: `- type: …` for each event type that is sent."
    )
    retry: Retry = Retry()
    batch_size: int | None = Field(None, ge=1, le=10_000)
    concurrency: int = Field(8, ge=1, le=64, description="Parallel requests of one delivery function.")
    max_concurrency: int = Field(10, ge=2, le=1000, description="Delivery functions at the same time.")
    timeout: Duration = Field(60, ge=10, le=900)
    rate_limit: float | None = Field(
        None,
        ge=0.001,
        le=100_000,
        description="Most calls a second to the destination, of all delivery functions together.",
    )
    paused: str = Field(
        "", description="Since when nothing is delivered (`sluice sync pause`); empty while it runs."
    )
    alarms: Alarms = Alarms()
    functions: list[str] = Field(
        [], description="As a source's functions, after those, for the events of this sync only."
    )
    retired: bool = Field(False, description="Gets no new events, delivers those it has.")
