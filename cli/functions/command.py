"""`sluice functions test`: what a function makes of events, before it is deployed."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.build import write_workspace_layer
from cli.functions.files import read_functions
from cli.functions.sandbox import Sandbox
from cli.functions.show import Tested, describe_tested, show_tested
from cli.options import AroundOption, EventOption, MessageIdOption, SinceOption, WorkspaceOption
from cli.preview.finder import Finder
from cli.preview.incoming import ACCEPTED
from cli.preview.texts import dump_json
from cli.problems import print_problems
from cli.stack import CommandError, StackOption, explain_failure, open_stack
from cli.terminal import open_console
from cli.workspace_files import InvalidWorkspace
from sluice.transforms.results import EventLimits
from sluice.transforms.source import FunctionSource
from sluice.transforms.transform import Transform
from sluice.workspace.problems import offer

functions_app = typer.Typer(no_args_is_help=True, help="Event functions.")


@functions_app.callback()
def functions() -> None:
    """Event functions: Python in workspace/functions that changes, drops or makes events."""


@functions_app.command("test")
def run_test(
    name: Annotated[str, typer.Argument(help="The function: the name of its file without .py.")],
    workspace: WorkspaceOption,
    stack: StackOption = "",
    event: EventOption = "",
    message_id: MessageIdOption = "",
    around: AroundOption = "",
    since: SinceOption = "24h",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run a function as it is deployed: what becomes of each event, its log, and where it fails.

    Exits with 1 where it fails over an event. A secret is the environment variable of its name, else the
    stack's parameter.
    """
    with explain_failure():
        source = find_function(workspace, name)
        found = Finder(event, message_id, around, since, stack).find_one("client")
        secrets = read_secrets(source, stack)
        with tempfile.TemporaryDirectory() as folder:
            try:
                write_workspace_layer(workspace, Path(folder))
            except InvalidWorkspace as invalid:
                print_problems(invalid.errors, [])
                raise typer.Exit(1) from invalid
            sandbox = Sandbox(Path(folder), secrets)
            passing = [incoming for incoming in found if incoming.verdict == ACCEPTED]
            batch = [((0, n), incoming.event) for n, incoming in enumerate(passing)]
            outcomes = Transform(sandbox.call_all, EventLimits()).apply(batch, [name])
    blocked = [incoming for incoming in found if incoming.verdict != ACCEPTED]
    tested = Tested(name, [(given, outcomes[key]) for key, given in batch], blocked, sandbox)
    if as_json:
        typer.echo(dump_json(describe_tested(tested), indent=True))
    else:
        show_tested(open_console(), tested)
    if any(outcome.error for _, outcome in tested.events):
        raise typer.Exit(1)


def find_function(workspace: Path, name: str) -> FunctionSource:
    known, _ = read_functions(workspace / "functions")
    if name not in known:
        hint = offer(name, sorted(known), "there are")
        raise CommandError(f"there is no function {name!r} in {workspace / 'functions'}", hint)
    return known[name]


def read_secrets(
    source: FunctionSource, stack: str, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Values by environment variable: the person's own, else the stack's parameters."""
    values = {variable: environment[variable] for variable in source.secrets if variable in environment}
    missing = {variable: name for variable, name in source.secrets.items() if variable not in values}
    if missing:
        opened = open_stack(stack)
        ssm = opened.client("ssm")
        for variable, name in missing.items():
            path = f"/{opened.name}/functions/{name}"
            try:
                told = ssm.get_parameter(Name=path, WithDecryption=True)
            except ssm.exceptions.ParameterNotFound as error:
                hint = f"set {variable} for this run, or write the parameter"
                raise CommandError(f"there is no parameter {path}", hint) from error
            values[variable] = told["Parameter"]["Value"]
    return values
