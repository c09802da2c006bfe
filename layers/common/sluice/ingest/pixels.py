"""Events that come as an image's address, where no script runs: mails, AMP pages, noscript."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from sluice.errors import RequestError


def read_query(query: Mapping[str, str]) -> dict[str, Any]:
    """The event in a flat query: `event=Opened&properties.campaign=spring` (dots nest)."""
    event: dict[str, Any] = {}
    for name, value in query.items():
        *path, last = name.split(".")
        place = event
        for part in path:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise RequestError(400, "invalid_query", f"`{name[:64]}` is both a value and an object.")
            place = inner
        if isinstance(place.get(last), dict):
            raise RequestError(400, "invalid_query", f"`{name[:64]}` is both a value and an object.")
        place[last] = value
    return event


def read_data(query: Mapping[str, str]) -> bytes:
    """The JSON in `data`, base64 in either alphabet, padded or not."""
    data = query.get("data", "").strip().replace("-", "+").replace("_", "/").replace(" ", "+")
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(400, "invalid_query", "`data` is not base64.") from error
