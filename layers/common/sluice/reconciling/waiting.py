"""Queues that nobody empties: the sync is paused, its mapping disabled, or Lambda has no room for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

INGEST, INGEST_LIMIT = "(ingest)", 900.0  # no sync has such a name

type ReadAges = Callable[[Sequence[str], float], Mapping[str, float]]


def find_stuck(workspace: Mapping[str, Any], base: str, read_ages: ReadAges, now: float) -> dict[str, float]:
    """The age in seconds of the oldest message by sync, where it is above the sync's `queue_age`.

    Queues are found by the naming rule: `<base>ingest`, `<base><Sync>`. Raises what `read_ages` does.
    """
    limits: dict[str, tuple[str, float]] = {
        f"{base}{sync['name']}": (slug, sync["alarms"]["queue_age"])
        for slug, sync in workspace["syncs"].items()
    }
    limits[f"{base}ingest"] = (INGEST, INGEST_LIMIT)
    ages = read_ages(sorted(limits), now)
    return {limits[name][0]: age for name, age in sorted(ages.items()) if age > limits[name][1]}
