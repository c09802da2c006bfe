"""What operators read their values as, constants at load and values of the event when it comes.

Each returns MISSING for a value that is not of its kind.
"""

import re
from typing import Any, Final

from sluice.fields import MISSING
from sluice.times import read_time

NUMBERS: Final = frozenset({int, float})
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def read_number(value: Any) -> Any:
    return value if type(value) in NUMBERS else MISSING


def read_text(value: Any) -> Any:
    return value if type(value) is str else MISSING


def read_list(value: Any) -> Any:
    """Texts only become a set, which is most lists."""
    if type(value) is not list:
        return MISSING
    return frozenset(value) if all(type(item) is str for item in value) else value


def read_epoch(value: Any) -> Any:
    epoch = read_time(value)
    return MISSING if epoch is None else epoch


def read_span(value: Any) -> Any:
    """Seconds of `90s`, `15m`, `4h`, `7d`, `2w`; with a plus the time to come, which is negative here."""
    match = re.fullmatch(r"(\+?)([0-9]{1,9})([smhdw])", value) if type(value) is str else None
    if match is None:
        return MISSING
    return int(match[2]) * _UNITS[match[3]] * (-1 if match[1] else 1)
