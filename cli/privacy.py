"""`sluice privacy`: users whose events a deployed stack stops. Its table holds digests of ids, no ids."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.stack import CommandError, Stack, StackOption, explain_failure, open_stack
from sluice.adapters.suppression import SUPPRESSED_KIND
from sluice.privacy.suppression import digest_id

app = typer.Typer(no_args_is_help=True, help="Suppressed users: suppress, unsuppress, list.")
UserIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="USER_ID", help="User ids, or anonymous ids, as events have them."),
]
FileOption = Annotated[
    typer.FileText | None,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE",
        encoding="utf-8-sig",  # spreadsheets begin a file with a mark that is not a part of the first id
        help="A file with an id a line, - for standard input.",
    ),
]


@app.command()
def suppress(user_ids: UserIds = None, file: FileOption = None, stack: StackOption = "") -> None:
    """Stop a user's events at the router, within a minute and without a deploy."""
    with explain_failure():
        digests = _read_digests(user_ids, file)
        table = _Table(open_stack(stack))
        new = sum(table.add(digest) for digest in digests)
    typer.echo(f"{_count(new)} suppressed, {len(digests) - new} were already; in force within a minute.")
    typer.echo("What is in the archive, in queues and in destinations stays there.", err=True)


@app.command()
def unsuppress(user_ids: UserIds = None, file: FileOption = None, stack: StackOption = "") -> None:
    """Let a user's events through again, within a minute. Those that were stopped do not come back."""
    with explain_failure():
        digests = _read_digests(user_ids, file)
        table = _Table(open_stack(stack))
        gone = sum(table.remove(digest) for digest in digests)
    typer.echo(
        f"{_count(gone)} no longer suppressed, {len(digests) - gone} were not; in force within a minute."
    )


@app.command("list")
def list_users(user_ids: UserIds = None, file: FileOption = None, stack: StackOption = "") -> None:
    """List suppressed users as digests with the time since when; or say it of the ids that are named."""
    with explain_failure():
        table = _Table(open_stack(stack))
        if user_ids or file is not None:
            for digest in _read_digests(user_ids, file):
                since = table.find(digest)
                typer.echo(
                    f"{digest}\t{f'suppressed {since}'.strip() if since is not None else 'not suppressed'}"
                )
            return
        for digest, since in table.list_all():
            typer.echo(f"{digest}\t{f'suppressed {since}'.strip()}")


class _Table:
    """The suppressed users among the rows of a stack's ControlTable; `at` says since when."""

    def __init__(self, stack: Stack) -> None:
        self._client, self._name = stack.client("dynamodb"), stack.find("ControlTable")

    def add(self, digest: str) -> bool:
        """Whether it is new; the time of one that is there stays."""
        old = self._client.update_item(
            TableName=self._name,
            Key=_key(digest),
            UpdateExpression="SET #at = if_not_exists(#at, :now)",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":now": {"S": _now()}},
            ReturnValues="ALL_OLD",
        )
        return not old.get("Attributes")

    def remove(self, digest: str) -> bool:
        """Whether it was there."""
        old = self._client.delete_item(TableName=self._name, Key=_key(digest), ReturnValues="ALL_OLD")
        return bool(old.get("Attributes"))

    def find(self, digest: str) -> str | None:
        """Since when it is suppressed, None where it is not."""
        row = self._client.get_item(TableName=self._name, Key=_key(digest), ConsistentRead=True).get("Item")
        return None if row is None else _since(row)

    def list_all(self) -> Iterator[tuple[str, str]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": SUPPRESSED_KIND}},
            ConsistentRead=True,
        )
        for page in pages:
            for row in page["Items"]:
                yield row["id"]["S"], _since(row)


def _read_digests(user_ids: Iterable[str] | None, file: Iterable[str] | None) -> list[str]:
    """One for each id that is named, without repeats. Raises CommandError where there is none."""
    try:
        named = [*(user_ids or ()), *(file or ())]
    except UnicodeDecodeError as error:
        raise CommandError(f"the file is not readable: {error}", "save it as text in UTF-8") from error
    digests = list(dict.fromkeys(digest for given in named if (digest := digest_id(given))))
    if not digests:
        raise CommandError("no user is named", "name a user id, or a file with --file")
    return digests


def _key(digest: str) -> dict[str, Any]:
    return {"kind": {"S": SUPPRESSED_KIND}, "id": {"S": digest}}


def _since(row: Any) -> str:
    return str(row.get("at", {}).get("S", ""))


def _count(number: int) -> str:
    return f"{number} user" if number == 1 else f"{number} users"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
