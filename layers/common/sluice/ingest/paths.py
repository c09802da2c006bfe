"""Which endpoint a path is, whatever prefix a proxy or a custom domain puts before it.

The paths are those of the Segment, RudderStack, Hightouch and Jitsu SDKs.
"""

from dataclasses import dataclass
from enum import Enum, auto

TYPES = ("track", "identify", "page", "screen", "group", "alias")
_TYPE_OF = (
    {name: name for name in TYPES} | {name[0]: name for name in TYPES if name != "alias"} | {"a": "alias"}
)
_BATCHES = {"batch", "b", "import"}


class Kind(Enum):
    """What an endpoint does."""

    ONE = auto()  # the body is one event
    BATCH = auto()  # the body is {"batch": [event, …]}
    METRICS = auto()  # an SDK's report on itself: taken and dropped
    FLAT_PIXEL = auto()  # GET, the query is the event
    DATA_PIXEL = auto()  # GET, ?data= is the event's JSON in base64
    SETTINGS = auto()  # GET, Segment's and Hightouch's SDKs ask what to do
    SOURCE_CONFIG = auto()  # GET, RudderStack's SDKs ask what to do


@dataclass(slots=True, frozen=True)
class Endpoint:
    """`type` is the event type that the path names, `key` the write key in it, `prefix` what stood before."""

    kind: Kind
    type: str = ""
    key: str = ""
    prefix: str = ""

    @property
    def method(self) -> str:
        return "POST" if self.kind in {Kind.ONE, Kind.BATCH, Kind.METRICS} else "GET"


def find_endpoint(path: str) -> Endpoint | None:
    """The endpoint at the end of a path, or None. Case, doubled and trailing slashes do not matter."""
    parts = [part for part in path.split("/") if part]
    match [part.lower() for part in parts]:
        case [*prefix, "pixel", "v1", ("track" | "page") as name]:
            return Endpoint(Kind.FLAT_PIXEL, type=name, prefix=_join(parts, prefix))
        case [*prefix, "v1", "pixel", name] if name in _TYPE_OF:
            return Endpoint(Kind.DATA_PIXEL, type=_TYPE_OF[name], prefix=_join(parts, prefix))
        case [*prefix, "v1", "projects", _, "settings"]:
            return Endpoint(Kind.SETTINGS, key=parts[-2], prefix=_join(parts, prefix))
        case [*prefix, "sourceconfig"]:
            return Endpoint(Kind.SOURCE_CONFIG, prefix=_join(parts, prefix))
        case [*prefix, "v1", "m"]:
            return Endpoint(Kind.METRICS, prefix=_join(parts, prefix))
        case [*prefix, "v1", name] | [*prefix, "api", "s", "s2s", name] | [*prefix, "api", "s", name]:
            if name in _BATCHES:
                return Endpoint(Kind.BATCH, prefix=_join(parts, prefix))
            if name in _TYPE_OF:
                return Endpoint(Kind.ONE, type=_TYPE_OF[name], prefix=_join(parts, prefix))
    return None


def _join(parts: list[str], prefix: list[str]) -> str:
    """The prefix as the path has it."""
    return "".join(f"/{part}" for part in parts[: len(prefix)])
