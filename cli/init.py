"""`sluice init`: a fresh, small workspace to begin with. It passes `sluice check`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_WORKSPACE
from cli.schema import FOLDER as SCHEMAS

SOURCE = """\
# Where events come from. Make a write key with: sluice keys create --source web
description: The web shop
collect_ip: client # the address of browsers and devices; never a server's
dedup: request # a client's resend of a request is dropped
keys: []
"""
DESTINATION = """\
# Where events go.
kind: http
description: Any https address that takes JSON
settings:
  url: https://example.com/events # yours
  # headers:
  #   # The parameter /<stack>/destinations/webhook/token in SSM. No secret stands in a file.
  #   Authorization: {secret: "ssm:token", format: "Bearer {}"}
"""
SYNC = """\
# Which events go there, and as what.
description: All events, as they come
source: web # sources/web.yaml
destination: webhook # destinations/webhook.yaml
event_types:
  # Filters and mappings of a type of its own: docs/add-a-sync.md
  # - type: purchase
  #   filter: {field: event, op: equals, value: Order Completed}
  #   mappings:
  #     customer: {field: userId}
  #     price: {field: properties.total}
  - type: custom_event # without a filter: what no other type takes
"""
FILES = {
    "sources/web.yaml": ("source.json", SOURCE),
    "destinations/webhook.yaml": ("destination.json", DESTINATION),
    "syncs/events-to-webhook.yaml": ("sync.json", SYNC),
}


def init(
    folder: Annotated[
        Path, typer.Argument(envvar="SLUICE_WORKSPACE", help="The folder, new or empty.")
    ] = DEFAULT_WORKSPACE,
) -> None:
    """Write a fresh workspace: a source, a destination, and a sync that sends every event to it."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise _fail(f"{folder} is there and not empty: nothing was written; name a folder that is new")
        for name, text in render_files(folder).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            typer.echo(f"wrote {path}")
    except OSError as error:
        raise _fail(f"{folder} cannot be written: {error}") from error
    where = "" if folder == DEFAULT_WORKSPACE else f" --workspace {folder}"
    typer.echo(f"Next: `sluice keys create --source web{where}`, and your URL in {folder}/destinations.")


def render_files(folder: Path) -> dict[str, str]:
    """The files by name; each says where its schema is if a folder above has docs/schemas."""
    root = folder.resolve()
    levels = next((n for n, above in enumerate(root.parents, 2) if (above / SCHEMAS).is_dir()), None)
    if levels is None:
        return {name: text for name, (_, text) in FILES.items()}
    way = "../" * levels + SCHEMAS.as_posix()
    return {
        name: f"# yaml-language-server: $schema={way}/{schema}\n{text}"
        for name, (schema, text) in FILES.items()
    }


def _fail(message: str) -> typer.Exit:
    typer.echo(f"error: {message}", err=True)
    return typer.Exit(1)
