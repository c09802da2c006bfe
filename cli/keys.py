"""`sluice keys`: write keys of a source. A key is shown once; its digest stands in the source's file."""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from cli.options import WorkspaceOption
from cli.stack import CommandError, StackOption, open_stack
from cli.workspace_files import SUFFIXES, dump_yaml, parse_file
from cli.yaml_values import NotJson, to_plain
from sluice.errors import WorkspaceError
from sluice.ingest.keys import digest_key
from sluice.workspace.models import Source

KEY_BYTES = 24  # 192 random bits
REVOKED_KIND = "revoked_key"

app = typer.Typer(no_args_is_help=True, help="Write keys: create, revoke, list.")
SourceOption = Annotated[str, typer.Option("--source", "-s", help="The source's name, such as web.")]


@app.command()
def create(workspace: WorkspaceOption, source: SourceOption) -> None:
    """Make a write key for a source and print it, this once; deploy to put it in force."""
    path, tree = _open_source(workspace, source)
    key = f"wk_{secrets.token_urlsafe(KEY_BYTES)}"
    if not tree.get("keys"):
        tree["keys"] = []
    entries = tree["keys"]
    taken = {str(entry.get("id")) for entry in entries}
    key_id = next(name for n in range(1, len(taken) + 2) if (name := f"k{n}") not in taken)
    entries.append({"id": key_id, "sha256": digest_key(key), "created": _today()})
    path.write_text(_dump(path, tree))
    typer.echo(key)
    typer.echo(
        f"Key {key_id} of source {source}. It is not stored and cannot be shown again. "
        "It opens the source after the next deploy.",
        err=True,
    )


@app.command()
def revoke(
    workspace: WorkspaceOption,
    source: SourceOption,
    key_id: Annotated[str, typer.Option("--id", help="The key's id in the source's file, such as k1.")],
    stack: StackOption = "",
    offline: Annotated[
        bool, typer.Option("--offline", help="Only mark the file: in force after the next deploy.")
    ] = False,
) -> None:
    """Revoke a write key: in force within a minute, without a deploy; the file remembers it."""
    path, tree = _open_source(workspace, source)
    entry = next((e for e in tree.get("keys") or [] if str(e.get("id")) == key_id), None)
    if entry is None:
        known = ", ".join(str(e.get("id")) for e in tree.get("keys") or []) or "none"
        raise _fail(f"source {source} has no key {key_id}; its keys: {known}")
    where = "after the next deploy" if offline else _write_revocation(stack, str(entry["sha256"]))
    if not entry.get("revoked"):
        entry["revoked"] = _today()
    path.write_text(_dump(path, tree))
    typer.echo(f"Key {key_id} of source {source} is revoked, in force {where}.")


@app.command("list")
def list_keys(workspace: WorkspaceOption, source: SourceOption) -> None:
    """List a source's keys: id, when created, when revoked."""
    _path, tree = _open_source(workspace, source)
    for entry in tree.get("keys") or []:
        state = f"revoked {entry['revoked']}" if entry.get("revoked") else "in force"
        typer.echo(f"{entry.get('id')}\t{entry.get('created', '')}\t{state}")


def _write_revocation(name: str, digest: str) -> str:
    """Puts the digest where ingest looks every half minute; says when and where it is in force."""
    try:
        stack = open_stack(name)
        stack.client("dynamodb").put_item(
            TableName=stack.find("ControlTable"),
            Item={"kind": {"S": REVOKED_KIND}, "id": {"S": digest}, "at": {"S": _today()}},
        )
    except (CommandError, BotoCoreError, ClientError) as error:
        where = f"stack {name}" if name else "no --stack: the local stack"
        hint = f"; {error.hint}" if isinstance(error, CommandError) and error.hint else ""
        raise _fail(
            f"the key was not revoked: {error}{hint} ({where}; --offline marks the file only)"
        ) from error
    return f"on stack {stack.name} within a minute"


def _open_source(workspace: Path, source: str) -> tuple[Path, Any]:
    for suffix in SUFFIXES:
        path = workspace / "sources" / f"{source}{suffix}"
        if path.is_file():
            try:
                tree = parse_file(path)
                tree = {} if tree is None else tree
                Source.model_validate(to_plain(tree))
            except (WorkspaceError, NotJson, ValidationError) as error:
                raise _fail(f"{path} has problems: sluice check says which") from error
            return path, tree
    raise _fail(f"there is no source {source} in {workspace / 'sources'}")


def _dump(path: Path, tree: Any) -> str:
    if path.suffix == ".json":
        return json.dumps(tree, indent=2, default=str) + "\n"
    return dump_yaml(tree)


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fail(message: str) -> typer.Exit:
    typer.echo(f"error: {message}", err=True)
    return typer.Exit(1)
