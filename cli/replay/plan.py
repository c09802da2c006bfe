"""What a replay takes and where it goes. Written into its state file, so that a resume asks nothing anew."""

from dataclasses import asdict, dataclass, fields
from typing import Any

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Times are text. Empty tuples take everything.

    `since` and `until` are about the receipt of an event, of a letter about its death. `late_hours`: how much
    later than received an event may have been filed. `dead`: letters, straight to the queues of their syncs;
    with `route` through the router instead, whose sources stand in `routes` (source by sync). `ingest`: packs
    that the archiver took out of ingest's dead-letter queue, as they were. `rate` is events a second, 0 for
    no limit.
    """

    id: str
    stack: str
    started_at: str
    since: str
    until: str
    sources: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    syncs: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    where: Json | None = None
    dead: bool = False
    ingest: bool = False
    routes: Json | None = None
    blocked: bool = False
    late_hours: int = 2
    rate: float = 0

    @property
    def is_straight(self) -> bool:
        """Whether events go to the queues of syncs, past the router."""
        return self.dead and self.routes is None

    def to_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Json) -> "Plan":
        """Raises KeyError or TypeError for anything that `to_json` did not make."""
        told: Json = {field.name: raw[field.name] for field in fields(cls)}
        lists: Json = {name: tuple(value) for name, value in told.items() if type(value) is list}
        return cls(**told | lists)
