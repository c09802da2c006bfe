"""The limits of a sync that its delivery keeps watch over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a sync's alarms: rates in percent of the attempts, times in seconds."""

    failure_rate: float
    retry_rate: float
    min_attempts: int
    latency_p95: float
    oldest_waiting: float


def read_limits(spec: Mapping[str, Any]) -> Limits:
    """The limits of a compiled sync."""
    alarms = spec["alarms"]
    return Limits(**{name: alarms[name] for name in Limits.__dataclass_fields__})
