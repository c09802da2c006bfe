"""What a destination declares; the engine in `sluice.delivery` does the rest.

A destination is its settings, its event types and a pure `build` from mapped items to requests. The engine
maps, checks required fields, adds the headers that carry secrets, sends, classifies the answer, retries.
A destination says only where it differs: `judge` for answers of its own, `open_sender` for another wire.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from sluice import __version__
from sluice.destinations.addresses import parse_target
from sluice.destinations.event_types import EventType
from sluice.errors import DeliveryError
from sluice.packs import Item

type Entry = tuple[Item, Any]  # an item and its mapped payload, which is for serialising, not for changing
type Verdict = DeliveryError | Sequence[DeliveryError | None] | None

CUSTOM_EVENT = "custom_event"
USER_AGENT = f"Sluice/{__version__}"

_NAME = "[A-Za-z0-9_][A-Za-z0-9_.-]*"
_REFERENCE = f"^(ssm|secretsmanager):{_NAME}(/{_NAME})*$"


def _check_url(url: str) -> str:
    parse_target(url, allow_http=True)  # whether plain http may be used is the stack's choice, not the file's
    return url


Url = Annotated[str, AfterValidator(_check_url)]
"""Where a request may go: https; http only in a stack with AllowPrivateDestinations."""


def _check_base(url: str) -> str:
    if "?" in url:
        raise ValueError("a query (?…) is never sent")
    return url


BaseUrl = Annotated[Url, AfterValidator(_check_base)]
"""A `Url` to which `build` adds a path."""


class Settings(BaseModel):
    """What every destination has; the workspace's destination file gives the values.

    `timeout` is seconds a request may take in all, `batch_size` the items a request takes at most.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout: Annotated[float, Field(gt=0, le=30)] = 10
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 1


class SecretRef(BaseModel):
    """A text with a secret in it: `secret` names where it is kept, `format` what stands around it.

    `ssm:token` is the parameter, `secretsmanager:token` the secret of that name below the destination's own
    path (`<stack>/destinations/<destination>/token`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: Annotated[str, StringConstraints(max_length=256, pattern=_REFERENCE)]
    format: Annotated[str, StringConstraints(max_length=256, pattern=r"^[\x20-\x7e]*$")] = "{}"

    @field_validator("format")
    @classmethod
    def _one_place(cls, text: str) -> str:
        if text.count("{}") != 1:
            raise ValueError("`{}` must stand once, where the secret goes")
        return text

    def encode(self, secret: str) -> str:
        """What of the secret stands in the header; it is as secret as the secret itself."""
        return secret


def _check_bare(reference: SecretRef) -> SecretRef:
    if reference.format != "{}":
        raise ValueError("leave `format` out: the secret is sent as the vendor wants it")
    return reference


BareSecret = Annotated[SecretRef, AfterValidator(_check_bare)]
"""A secret around which `auth` puts what the vendor wants; the operator says only where it is kept."""


class BasicUser(SecretRef):
    """The `Authorization` header of RFC 7617 with the secret as user name and no password."""

    format: Annotated[str, StringConstraints(pattern=r"^Basic \{\}$")] = "Basic {}"

    def encode(self, secret: str) -> str:
        return b64encode(f"{secret}:".encode()).decode()


@dataclass(slots=True)
class Batch:
    """Mapped items of one pack. `attempt` counts from 1; a request takes `max_items` of them at most."""

    sync: str
    attempt: int
    max_items: int
    entries: Sequence[Entry]


@dataclass(slots=True)
class Request:
    """One call. `entries` are what it delivers; `headers` hold no secret: those are added on the way out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    entries: Sequence[Entry]
    attempt: int


class Headers(Protocol):
    """Response headers; ask with lower-case names."""

    def get(self, name: str, /) -> Any: ...


NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Response:
    """An answer: `body` is what was read of it (64 KiB at most), `complete` whether that was all."""

    status: int
    headers: Headers = NO_HEADERS
    body: bytes = b""
    complete: bool = True


class Send(Protocol):
    """Makes one call within `timeout` seconds; `auth` are headers that carry secrets.

    Raises RetryLater where no answer came, GiveUp where the call must not be made.
    """

    def __call__(self, request: Request, auth: Mapping[str, str], timeout: float) -> Response: ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What a sender may be made of."""

    http: Send
    sleep: Callable[[float], None]


def send_over_http(_settings: Any, outside: Outside) -> Send:
    return outside.http


def no_auth(_settings: Any) -> Mapping[str, SecretRef]:
    return {}


@dataclass(frozen=True, slots=True)
class Declaration[S: Settings]:
    """One kind of destination.

    `any_event_type`: other event types than the declared ones are allowed, without required fields. Without
    a `custom_event` no type of a sync takes what the others do not.
    `judge(settings, request, response, now)` is None where everything was taken, an error for all items, or a
    list with None or an error for each item in order; without it the common classification decides. A GiveUp
    for all items of a batch makes the engine split it, unless it has `split=False`: the refusal concerns the
    account and not an item.
    """

    kind: str
    settings: type[S]
    event_types: Mapping[str, EventType]
    build: Callable[[S, Batch], Iterable[Request]]
    any_event_type: bool = False
    auth: Callable[[S], Mapping[str, SecretRef]] = no_auth
    judge: Callable[[S, Request, Response, float], Verdict] | None = None
    open_sender: Callable[[S, Outside], Send] = send_over_http
