"""The words behind `--what-if`: `events=1e6,syncs=3,per-request=20,bytes=1024`, a month."""

import math
from dataclasses import fields

from cli.cost.model import Load
from cli.stack import CommandError

_MAY_BE_ZERO = {
    *("events", "syncs", "api", "dedup", "tail", "secrets", "router_window"),
    *("ingest_ms", "ingest_event_ms", "router_ms", "router_us", "delivery_ms", "call_ms"),
}
_AT_LEAST_ONE = {"burst", "router_batch", "per_request", "per_pack"}
NAMES = tuple(field.name.replace("_", "-") for field in fields(Load))


def parse_load(text: str) -> Load:
    """A load from `name=number` parts; what is left out is the default. Raises CommandError."""
    given: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, sign, number = (piece.strip() for piece in part.partition("="))
        if name not in NAMES or not sign:
            raise CommandError(f"{part!r} is not understood", f"name=number, of {', '.join(NAMES)}")
        key = name.replace("-", "_")
        least = 1 if key in _AT_LEAST_ONE else 0
        given[key] = _parse_number(name, number, least, may_be_zero=key in _MAY_BE_ZERO)
    return Load(**given)


_HINTS = ("write a number such as 1e6, 20 or 0.5", "write a number of at least 1, such as 20 or 1e3")


def _parse_number(name: str, text: str, least: float, *, may_be_zero: bool) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < least or (number == 0 and not may_be_zero):
        raise CommandError(f"{name}={text} is not a valid number for {name}", _HINTS[bool(least)])
    return number
