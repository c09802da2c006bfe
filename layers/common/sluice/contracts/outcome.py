"""What a contract says of one event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sluice.packs import Event


@dataclass(frozen=True, slots=True)
class Outcome:
    """At least one violation. `event` is what goes on: the event itself, or a copy without undeclared fields.

    `reasons` are why it is blocked; empty, it goes on. `violations` is the archive line's object, with as
    many messages as a person reads; `undeclared` are references of all the undeclared fields.
    """

    event: Event
    reasons: Sequence[str]
    violations: dict[str, Any]
    undeclared: Sequence[str] = ()
