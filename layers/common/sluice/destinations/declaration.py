"""What a destination declares; the engine in `sluice.delivery` does the rest.

A destination is its settings, its event types and a pure `build` from mapped items to requests. The engine
maps, checks required fields, adds the headers that carry secrets, sends, classifies the answer, retries.
A destination says only where it differs: `judge` for answers of its own, `open_sender` for another wire.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Protocol
from urllib.parse import quote

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
_REFERENCES = re.compile(r"\{" + _REFERENCE[1:-1] + r"\}")
_FIXED_ORIGIN = re.compile(r"https?://[^/?#{}]+[/?]", re.IGNORECASE)


def _check_url(url: str) -> str:
    parse_target(url, allow_http=True)  # whether plain http may be used is the stack's choice, not the file's
    if "{" in url or "}" in url:
        raise ValueError("this URL takes no secret: percent-encode braces as %7B and %7D")
    return url


def _check_secret_url(url: str) -> str:
    """A secret in place of the host, or of a part of it, could send events anywhere."""
    fixed = _REFERENCES.sub("secret", url)
    if "{" in fixed or "}" in fixed:
        raise ValueError("braces hold a secret's reference, {ssm:NAME} or {secretsmanager:NAME}")
    if "{" in url and not _FIXED_ORIGIN.match(url):
        raise ValueError("a secret may stand in the path or the query, not in the scheme, host or port")
    parse_target(fixed, allow_http=True)
    return url


SecretUrl = Annotated[str, AfterValidator(_check_secret_url)]
"""A `Url` whose path and query may hold secrets by reference: `https://hooks.example/{ssm:token}`."""

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


class UrlSecret(SecretRef):
    """A secret as a part of a URL's path or query, percent-encoded, so that it cannot be more than that."""

    def encode(self, secret: str) -> str:
        return quote(secret, safe="")


_PLACE = re.compile(r"\{([^{}]*)\}")


def is_url_place(name: str) -> bool:
    """Whether a secret of this name goes into the URL, not into a header: `{ssm:token}`."""
    return name.startswith("{")


def list_url_secrets(url: str) -> Mapping[str, UrlSecret]:
    """The references in a URL by their places, `{ssm:token}`. Raises ValueError for braces that hold none."""
    return {f"{{{name}}}": UrlSecret(secret=name) for name in _PLACE.findall(url)}


def fill_url(url: str, auth: Mapping[str, str]) -> str:
    """The URL with its secrets in their places."""
    return _PLACE.sub(lambda match: auth[match[0]], url) if "{" in url else url


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
    """One call. `entries` are what it delivers; the transport adds the secrets to `url` and `headers`."""

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
    """Makes one call within `timeout` seconds; `auth` are headers and URL parts that carry secrets.

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
