"""Secrets that stand in a destination's URL: it is in Git, in previews and in dead letters."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from sluice.destinations.declaration import is_url_place
from sluice.destinations.key_looks import looks_like_key
from sluice.workspace.models import Destination
from sluice.workspace.problems import Fault

_SECRET = re.compile(
    r"(?:(?:^|[_.-]|api|access|write)key|token|secret|password|passwd|pwd|signature|(?:^|[_.-])sig|auth"
    r"|credentials?)$",
    re.IGNORECASE,
)
_HINT = "write a reference in its place, {ssm:NAME}; or send it in a header: {secret: ssm:NAME}"


def find_secret_warnings(destination: Destination) -> Iterator[Fault]:
    """What looks like a secret in the queries of the settings' URLs; the value is never shown."""
    for name, value in destination.settings.items():
        for what in _list_secrets(value):
            message = f"the URL holds {what}, which looks like a secret: letters show URLs"
            yield ("settings", name), message, _HINT


def _list_secrets(value: object) -> Iterator[str]:
    """Parameters whose names say so, and parts of the path that are letters and digits mixed."""
    if not isinstance(value, str) or "://" not in value:
        return
    try:
        parts = urlsplit(value)
    except ValueError:
        return  # no URL: an error already
    for name, given in parse_qsl(parts.query):
        if given and not is_url_place(given) and _SECRET.search(name):
            yield f"{name}=…"
    for n, part in enumerate(parts.path.split("/")):
        if not is_url_place(part) and looks_like_key(part, name="id"):
            yield f"a key as part {n} of its path"
