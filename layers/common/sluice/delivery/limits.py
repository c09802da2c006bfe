"""The limits of a sync that its delivery keeps watch over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on the alarms of a sync go off: percent of the attempts, and seconds."""

    failure_rate: float
    retry_rate: float
    min_attempts: int
    latency_p95: float
    oldest_waiting: float


def read_limits(spec: Mapping[str, Any]) -> Limits:
    """Those of a compiled sync."""
    alarms = spec["alarms"]
    return Limits(**{name: alarms[name] for name in Limits.__dataclass_fields__})
