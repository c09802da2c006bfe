"""Secrets that stand in a destination's URL: it is in Git, in previews and in dead letters."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from sluice.workspace.models import Destination
from sluice.workspace.problems import Fault

_SECRET = re.compile(
    r"(?:(?:^|[_.-]|api|access|write)key|token|secret|password|passwd|pwd|signature|(?:^|[_.-])sig|auth"
    r"|credentials?)$",
    re.IGNORECASE,
)
_HINT = "send it in a header by reference where the vendor takes one: {secret: ssm:NAME}"


def find_secret_warnings(destination: Destination) -> Iterator[Fault]:
    """What looks like a secret in the queries of the settings' URLs; the value is never shown."""
    for name, value in destination.settings.items():
        for parameter in _list_parameters(value):
            if _SECRET.search(parameter):
                message = f"the URL holds {parameter}=…, which looks like a secret: letters show URLs"
                yield ("settings", name), message, _HINT


def _list_parameters(value: object) -> list[str]:
    if not isinstance(value, str) or "://" not in value:
        return []
    try:
        return [name for name, given in parse_qsl(urlsplit(value).query) if given]
    except ValueError:
        return []  # no URL: an error already
