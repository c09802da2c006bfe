"""`sluice local break` and `heal`: a destination of the local stack fails, and works again."""

from typing import Annotated, Any

import typer

from cli.local.errors import LocalStackError
from cli.local.observe import script_sink
from cli.local.overlay import URL_SETTINGS

DestinationArgument = Annotated[
    str, typer.Argument(metavar="DESTINATION", help="The destination's name, such as crm.")
]
StatusOption = Annotated[
    int, typer.Option("--status", min=300, max=599, help="What it answers: 503, 429, 401, 400 …")
]


def break_destination(stack: dict[str, Any], destination: str, status: int) -> None:
    """From now on the sink answers every request for the destination with this status."""
    _check_destination(stack, destination)
    _script(stack, destination, [{"status": status, "repeat": "forever"}])


def heal_destination(stack: dict[str, Any], destination: str) -> None:
    """The sink takes requests for the destination again. Scripts of other paths or texts stay."""
    _check_destination(stack, destination)
    _script(stack, destination, [])


def _script(stack: dict[str, Any], destination: str, answers: list[dict[str, Any]]) -> None:
    for path in (f"/{destination}", f"/{destination}/*"):
        script_sink(stack, path, answers)


def _check_destination(stack: dict[str, Any], destination: str) -> None:
    """Raises LocalStackError where the sink does not play the destination."""
    kinds = {sync["destination"]: sync["kind"] for sync in stack["syncs"].values()}
    played = sorted(name for name, kind in kinds.items() if kind in URL_SETTINGS)
    if destination not in kinds:
        names = ", ".join(played) or "none"
        raise LocalStackError(f"no sync sends to a destination {destination!r}; the sink plays: {names}")
    if destination not in played:
        message = f"the sink does not play {destination}: it is of the kind {kinds[destination]}"
        raise LocalStackError(message)
