"""The stack that a command works on: the one named by --stack in AWS, else the local one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Annotated, Any

import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from cli.entry import INTERRUPTED
from cli.local.errors import LocalStackError
from cli.local.settings import REGION, read_settings
from cli.regions import UnknownRegion, find_region
from sluice.workspace.names import pascal_name

StackOption = Annotated[
    str,
    typer.Option(
        "--stack",
        envvar="SLUICE_STACK",
        metavar="NAME",
        show_default="the local stack",
        help="The deployed stack, such as sluice; your AWS credentials and AWS_REGION are used.",
    ),
]

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, read_timeout=30, max_pool_connections=32
)

_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
}
_BUSY_HINT = "AWS gets too many calls from this account at the moment: run it again in a minute"


class CommandError(Exception):
    """What a command cannot do, in one line for the person at the terminal; `hint` says what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class CommandInterrupted(CommandError):
    """Ctrl-C, with what was done until then."""

    exit_code = INTERRUPTED


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack: `resources` are physical ids by logical id, `client` gives boto3 clients."""

    name: str
    region: str
    resources: Mapping[str, str]
    client: Callable[[str], Any]
    is_local: bool

    def find(self, logical_id: str) -> str:
        """The physical id (of a queue its URL). Raises CommandError where the stack has none of that name."""
        try:
            return self.resources[logical_id]
        except KeyError:
            raise CommandError(
                f"stack {self.name} has no {logical_id}", "deploy the version that this command belongs to"
            ) from None

    @property
    def archive_bucket(self) -> str:
        return self.find("ArchiveBucket")

    def queue_url(self, sync: str) -> str:
        return self.find(f"{pascal_name(sync)}Queue")

    def dlq_url(self, sync: str) -> str:
        return self.find(f"{pascal_name(sync)}Dlq")


def open_stack(name: str = "") -> Stack:
    """The stack of this name in the account and region of the credentials, or the local one that runs.

    Raises CommandError, or what boto3 raises.
    """
    return _open_deployed(name) if name else _open_local()


def _open_deployed(name: str) -> Stack:
    try:
        region = find_region()
        import boto3  # noqa: PLC0415 - takes as long as all else, which a wrong region does not wait for

        client = cache(partial(boto3.client, region_name=region, config=_CONFIG))
        pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        resources = {
            entry["LogicalResourceId"]: entry["PhysicalResourceId"]
            for page in pages
            for entry in page["StackResourceSummaries"]
            if "PhysicalResourceId" in entry
        }
    except UnknownRegion as error:
        raise CommandError(str(error), error.hint) from error
    except ClientError as error:
        raise CommandError(f"stack {name} cannot be read: {error}") from error
    return Stack(name, client("cloudformation").meta.region_name, resources, client, is_local=False)


def _open_local() -> Stack:
    from cli.local.clients import make_client  # noqa: PLC0415 - with what deploys: only this case waits for it
    from cli.local.stack import read_stack  # noqa: PLC0415

    try:
        stack = read_stack(read_settings())
    except LocalStackError as error:
        raise CommandError(str(error), "or name a deployed stack with --stack") from error
    client = cache(partial(make_client, endpoint_url=stack["endpoint_url"]))
    return Stack(stack["stack_name"], REGION, stack["resources"], client, is_local=True)


@contextmanager
def explain_failure() -> Iterator[None]:
    """One line on standard error and exit code 1 for what can go wrong, 130 for Ctrl-C.

    Anything else is a bug and shows.
    """
    try:
        yield
    except CommandError as problem:
        raise _fail(str(problem), problem.hint, exit_code=problem.exit_code) from problem
    except (BotoCoreError, ClientError) as problem:
        raise _fail(str(problem), _BUSY_HINT if _is_throttled(problem) else "") from problem
    except KeyboardInterrupt:
        raise _fail("interrupted", exit_code=INTERRUPTED) from None


def _is_throttled(problem: Exception) -> bool:
    return isinstance(problem, ClientError) and problem.response["Error"]["Code"] in _THROTTLED


def _fail(message: str, hint: str = "", *, exit_code: int = 1) -> typer.Exit:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]error:[/] {escape(' '.join(message.split()))}")
    if hint:
        console.print(f"  hint: {escape(hint)}")
    return typer.Exit(exit_code)
