"""The command: it reads once what there is, and prints one line for each check."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli.doctor.account import (
    CHECK_CONCURRENCY,
    CHECK_CREDENTIALS,
    CHECK_STACK,
    check_concurrency,
    check_credentials,
    check_stack,
)
from cli.doctor.deployment import Deployment, list_function_secrets, read_deployed
from cli.doctor.findings import Finding, Level, look, print_findings, problem
from cli.doctor.key import CHECK_KEY, check_key
from cli.doctor.names import CHECK_NAMES, check_names
from cli.doctor.secrets import CHECK_SECRETS, check_secrets
from cli.doctor.subscribers import CHECK_ALARMS, check_subscribers
from cli.doctor.workspace import (
    CHECK_ARCHITECTURE,
    CHECK_HTTP,
    CHECK_REMOVED,
    CHECK_TEMPLATE,
    check_architecture,
    check_plain_http,
    check_removed,
    check_template,
)
from cli.options import WorkspaceOption
from cli.problems import print_problems
from cli.queue_counts import open_session
from cli.regions import UnknownRegion
from cli.samconfig import DeploySettings, InvalidSamConfig, read_settings
from cli.terminal import open_console
from cli.workspace_files import InvalidWorkspace, load_workspace

CHECKS: dict[str, Callable[[Deployment], Iterable[Finding]]] = {
    CHECK_STACK: check_stack,
    CHECK_NAMES: check_names,
    CHECK_TEMPLATE: check_template,
    CHECK_REMOVED: check_removed,
    CHECK_ARCHITECTURE: check_architecture,
    CHECK_HTTP: check_plain_http,
    CHECK_KEY: check_key,
    CHECK_SECRETS: check_secrets,
    CHECK_CONCURRENCY: check_concurrency,
    CHECK_ALARMS: check_subscribers,
}


def doctor(
    workspace: WorkspaceOption,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[-- ARGUMENTS OF SAM DEPLOY]",
            help="Such as -- --config-env prod: what would be deployed.",
        ),
    ] = None,
    stack: Annotated[
        str,
        typer.Option(
            "--stack", metavar="NAME", show_default="samconfig.toml's", help="The stack to look at."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Find what would make a deploy fail, or a stack not work, before it does. Changes nothing.

    Exit code 1 where something must be changed first. `make deploy` runs it with its own arguments.
    """
    findings = list(examine(workspace, stack, tuple(arguments or ())))
    if as_json:
        typer.echo(json.dumps([finding.describe() for finding in findings]))
    else:
        print_findings(findings, open_console())
    if any(finding.level is Level.PROBLEM for finding in findings):
        raise typer.Exit(1)


def examine(
    workspace: Path, stack: str, arguments: tuple[str, ...], folder: Path = Path()
) -> Iterator[Finding]:
    """Every finding. Without credentials or a region there is one only, since all others need them."""
    try:
        settings = read_settings(folder, arguments)
        compiled = load_workspace(workspace)
    except InvalidSamConfig as error:
        yield problem("samconfig", str(error), "correct it: `sam deploy` would read the same")
        return
    except InvalidWorkspace as invalid:
        print_problems(invalid.errors, [])
        yield problem("workspace", f"{workspace} has {len(invalid.errors)} problems", "see `sluice check`")
        return
    settings = DeploySettings(
        settings.environment, stack or settings.stack, settings.region, settings.profile, settings.parameters
    )
    if not settings.stack:
        yield problem(
            "samconfig", "no stack is named", "name one with --stack, or stack_name in samconfig.toml"
        )
        return
    try:
        client: Callable[[str], Any] = cache(partial(_make_client, open_session(settings)))
        client("sts").get_caller_identity()
        deployed = read_deployed(client("cloudformation"), settings.stack)
    except UnknownRegion as error:
        yield problem(CHECK_CREDENTIALS, str(error), error.hint)
        return
    except (BotoCoreError, ClientError) as error:
        hint = "log in (aws sso login, AWS_PROFILE), and set AWS_REGION"
        yield problem(CHECK_CREDENTIALS, " ".join(str(error).split()), hint)
        return
    deployment = Deployment(
        folder=folder,
        settings=settings,
        arguments=arguments,
        template_text=(folder / "template.yaml").read_text("utf-8"),
        workspace=compiled,
        function_secrets=list_function_secrets(workspace / "functions"),
        deployed=deployed,
        client=client,
    )
    yield from check_credentials(deployment)
    for name, check in CHECKS.items():
        yield from look(name, partial(check, deployment))


def _make_client(session: Any, service: str) -> Any:
    return session.client(service)
