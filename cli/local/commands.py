"""`sluice local`: what `make up`, `make down` and `make demo` call."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from cli.entry import INTERRUPTED
from cli.local.errors import LocalStackError
from cli.local.latency import (
    EventsOption,
    RateOption,
    WindowOption,
    measure_latency,
    print_latencies,
    router_window,
)
from cli.local.outage import DestinationArgument, StatusOption, break_destination, heal_destination
from cli.local.progress import console, errors, show_step
from cli.local.replacing import confirm_workspace
from cli.local.settings import LocalSettings, read_settings
from cli.local.stack import read_stack, start_stack, stop_stack
from cli.problems import print_problems
from cli.workspace_files import InvalidWorkspace
from sluice.errors import WorkspaceError

local_app = typer.Typer(
    help="Sluice on this machine: the same template on an embedded AWS.", no_args_is_help=True
)

Auth = Annotated[bool, typer.Option("--auth", help="Enforce the functions' IAM policies (SLUICE_AUTH=true).")]
Built = Annotated[bool, typer.Option("--built", help="Deploy the result of `sam build` (SLUICE_BUILT=true).")]
FaultProxy = Annotated[
    str,
    typer.Option(metavar="URL", help="Send the functions' AWS calls through a proxy (SLUICE_FAULT_PROXY)."),
]
WorkspaceFolder = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="The workspace to deploy (SLUICE_WORKSPACE).")
]

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Replace another workspace without a question.")]


@local_app.command()
def up(
    auth: Auth = False,
    built: Built = False,
    fault_proxy: FaultProxy = "",
    workspace: WorkspaceFolder = None,
    yes: Yes = False,
) -> None:
    """Start the local stack, or bring one that runs up to date.

    SLUICE_PORT (4566) and SLUICE_SINK_PORT (4570) choose the ports.
    """
    with explain_failure():
        settings = combine_settings(auth, built, fault_proxy, workspace)
        confirm_workspace(settings, yes=yes)
        stack = start_stack(settings)
        describe_ready(stack)


@local_app.command()
def down() -> None:
    """Stop the local stack and forget its data."""
    with explain_failure():
        stopped = stop_stack(read_settings())
    console.print("[green]✓[/] local stack stopped" if stopped else "no local stack was running")


@local_app.command("break")
def break_(destination: DestinationArgument, status: StatusOption = 503) -> None:
    """Let a destination of the local stack fail, to rehearse an outage: every request gets the status."""
    with explain_failure():
        break_destination(read_stack(read_settings()), destination, status)
    console.print(f"{destination} answers {status}. `sluice local heal {destination}` ends that.")


@local_app.command()
def heal(destination: DestinationArgument) -> None:
    """Let a destination of the local stack work again."""
    with explain_failure():
        heal_destination(read_stack(read_settings()), destination)
    console.print(
        f"{destination} takes requests again. An open breaker tries it within 5 minutes; "
        "`sluice sync probe SYNC` lets it try with the next event.",
        soft_wrap=True,
    )


@local_app.command()
def env(
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", show_default="the first", help="Whose write key.")
    ] = "",
) -> None:
    """Print variables of the local stack for a shell: eval "$(sluice local env)".

    SLUICE_API, SLUICE_KEY and SLUICE_SINK: where to send, with which write key, and what arrives.
    """
    with explain_failure():
        stack = read_stack(read_settings())
        keys = stack["write_keys"]
        name = source or next(iter(keys), "")
        if name not in keys:
            raise LocalStackError(
                f"the workspace has no source {name!r}; it has: {', '.join(keys) or 'none'}"
            )
        values = {"API": stack["api_url"], "KEY": keys[name], "SINK": stack["sink_url"]}
        for variable, value in values.items():
            typer.echo(f"export SLUICE_{variable}={shlex.quote(value)}")


@local_app.command()
def latency(events: EventsOption = 30, rate: RateOption = 1.0, window: WindowOption = None) -> None:
    """Send events one by one to the local stack and measure when each destination is first called.

    Functions are warm. The router's window (RouterWindowSeconds) is kept as on AWS; AWS's own network and
    queues add to it.
    """
    with explain_failure():
        stack = read_stack(read_settings())
        setting = nullcontext() if window is None else router_window(stack, window)
        with setting, show_step(f"sending {events} events", f"{events} events arrived"):
            latencies = measure_latency(stack, events, rate)
        print_latencies(latencies)


@local_app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running afterwards.")] = False,
    auth: Auth = False,
    built: Built = False,
    workspace: WorkspaceFolder = None,
    yes: Yes = False,
) -> None:
    """Send about 200 events of a small shop with a real SDK and show what became of each."""
    from cli.local.demo import run_demo  # noqa: PLC0415 - with an SDK, which no other command waits for

    with explain_failure():
        settings = combine_settings(auth, built, "", workspace)
        confirm_workspace(settings, yes=yes)
        if not run_demo(settings, keep=keep):
            fail("the numbers do not add up")


def combine_settings(auth: bool, built: bool, fault_proxy: str, workspace: Path | None) -> LocalSettings:
    """The environment's settings, with what the command line says on top."""
    settings = read_settings()
    return replace(
        settings,
        auth=auth or settings.auth,
        built=built or settings.built,
        fault_proxy=fault_proxy or settings.fault_proxy,
        workspace=workspace.resolve() if workspace else settings.workspace,
    )


def describe_ready(stack: dict[str, Any]) -> None:
    source, key = next(iter(stack["write_keys"].items()), ("", ""))
    console.print(
        f"""
  API          {stack["api_url"]}
  write key    {key} [dim](source {source})[/]
  destination  {stack["sink_url"]} [dim](what arrives, live)[/]
  everything   .local/stack.json

  curl {stack["api_url"]}/v1/track -u {key}: -d '{{"userId": "u1", "event": "Hello"}}'""",
        soft_wrap=True,
    )


@contextmanager
def explain_failure() -> Iterator[None]:
    """One line on standard error and exit code 1 for what can go wrong, 130 for Ctrl-C.

    Anything else is a bug and shows.
    """
    try:
        yield
    except InvalidWorkspace as invalid:
        print_problems(invalid.errors, [])
        fail("the workspace has problems: nothing was deployed")
    except WorkspaceError as problem:
        fail(f"{problem}{f' ({problem.hint})' if problem.hint else ''}")
    except (LocalStackError, BotoCoreError, ClientError) as problem:
        fail(str(problem))
    except KeyboardInterrupt:
        fail("interrupted", exit_code=INTERRUPTED)


def fail(line: str, *, exit_code: int = 1) -> NoReturn:
    errors.print(f"[red]✗[/] {escape(' '.join(line.split()))}", soft_wrap=True)
    raise typer.Exit(exit_code)
