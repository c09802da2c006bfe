"""The real `sam deploy` of the real template onto the embedded AWS."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.build import write_workspace_layer
from cli.bytecode import BuildError, compile_build
from cli.local.clients import make_client
from cli.local.environments import deploy_environment
from cli.local.errors import LocalStackError
from cli.local.overlay import overlay_workspace
from cli.local.processes import hold_lock
from cli.local.settings import PROJECT, REGION, STACK_NAME, LocalSettings
from cli.template import render

TEMPLATE = PROJECT / "template.yaml"
LOCAL_TEMPLATE = PROJECT / "template.local.yaml"
LAYER = PROJECT / "build" / "workspace"
DENIES_PLAIN_HTTP = 'aws:SecureTransport: "false"'
DENIES_NOTHING = 'aws:SecureTransport: "never"'
SOURCES = ("functions", "layers/common")


@dataclass(frozen=True)
class Deployment:
    """What would be deployed: the template, the compiled workspace with the overlay, a digest of all."""

    template: Path
    workspace: dict[str, Any]
    parameters: dict[str, str]
    digest: str


@contextmanager
def prepare_deployment(settings: LocalSettings) -> Iterator[Deployment]:
    """Compiles the workspace with the local overlay and renders the template for it.

    While the block runs no other local stack of this checkout builds. Afterwards the compiled workspace is
    written again without the overlay, so that a `sam deploy` by hand never carries a development key.
    """
    if not settings.workspace.is_dir():
        raise LocalStackError(f"SLUICE_WORKSPACE: there is no folder {settings.workspace}")
    with hold_lock(LAYER.parent / ".lock"):
        workspace = write_workspace_layer(settings.workspace, LAYER, overlay_workspace(settings.sink_url))
        try:
            template = write_local_template(settings, workspace)
            parameters = local_parameters(settings)
            digest = digest_deployment(template, parameters, built=settings.built)
            yield Deployment(template, workspace, parameters, digest)
        finally:
            write_workspace_layer(settings.workspace, LAYER, None)


def write_local_template(settings: LocalSettings, workspace: dict[str, Any]) -> Path:
    """`template.yaml` itself where it fits the workspace, else a copy with the workspace's syncs.

    Under IAM enforcement always a copy, without the demand for TLS: the emulator is reached by plain http.
    """
    text = TEMPLATE.read_text()
    rendered = render(text, workspace)
    if settings.auth:
        rendered = rendered.replace(DENIES_PLAIN_HTTP, DENIES_NOTHING)
    if rendered == text:
        LOCAL_TEMPLATE.unlink(missing_ok=True)
        return TEMPLATE
    LOCAL_TEMPLATE.write_text(rendered)
    return LOCAL_TEMPLATE


def local_parameters(settings: LocalSettings) -> dict[str, str]:
    """Where a local stack differs: this machine, a sink on loopback, what the emulator lacks."""
    return {"Architecture": settings.architecture, "AllowPrivateDestinations": "true", "FullAlarms": "false"}


def deploy_stack(settings: LocalSettings, deployment: Deployment) -> None:
    """Creates or updates the stack. Raises LocalStackError with the first resource that failed and why."""
    log = settings.folder / "deploy.log"
    template = deployment.template
    overrides = [f"{name}={value}" for name, value in deployment.parameters.items()]
    # SAM looks for its configuration beside the template, and the built one lies elsewhere.
    common = ["--config-file", str(PROJECT / "samconfig.toml"), "--parameter-overrides", *overrides]
    with log.open("w") as output:
        if settings.built:
            built = settings.folder / "build"
            build = ["build", "--template-file", str(template), "--build-dir", str(built)]
            _run_sam([*build, *common], settings, output)
            try:
                compile_build(built)
            except BuildError as error:
                raise LocalStackError(str(error)) from error
            template = built / "template.yaml"
        deploy = ["deploy", "--template-file", str(template), "--stack-name", STACK_NAME, "--region", REGION]
        deploy += ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
        deploy += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
        _run_sam([*deploy, *common], settings, output)


def digest_deployment(template: Path, parameters: dict[str, str], *, built: bool) -> str:
    """Changes when anything that is deployed does: template, parameters, sources, compiled workspace."""
    digest = hashlib.sha256(json.dumps([parameters, built], sort_keys=True).encode())
    folders = [*(PROJECT / source for source in SOURCES), LAYER]
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    for path in [template, *(path for path in files if "__pycache__" not in path.parts)]:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(PROJECT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def list_resources(settings: LocalSettings) -> dict[str, str]:
    """Physical ids by logical id; empty where there is no stack."""
    pages = make_client("cloudformation", settings.endpoint_url).get_paginator("list_stack_resources")
    try:
        return {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for page in pages.paginate(StackName=STACK_NAME)
            for resource in page["StackResourceSummaries"]
        }
    except ClientError:
        return {}


def _run_sam(arguments: list[str], settings: LocalSettings, output: Any) -> None:
    sam = PROJECT / ".venv-sam" / "bin" / "sam"
    if not sam.exists():
        raise LocalStackError("SAM CLI is missing: run `make up` once to install it")
    output.write(f"$ sam {' '.join(arguments)}\n")
    output.flush()
    finished = subprocess.run(
        [str(sam), *arguments],
        env=deploy_environment(settings),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if finished.returncode:
        log = Path(output.name)
        reason = _find_error_line(log)
        if "Waiter" in reason:  # CloudFormation refused a resource; SAM only says that it waited in vain
            reason = _find_failed_resource(settings) or reason
        raise LocalStackError(f"sam {arguments[0]} failed: {reason}", log=log)


def _find_failed_resource(settings: LocalSettings) -> str:
    """The first resource of the latest operation that failed on its own account, with the reason."""
    try:
        events = make_client("cloudformation", settings.endpoint_url).describe_stack_events(
            StackName=STACK_NAME
        )
    except ClientError:
        return ""
    failed = ""
    for event in events["StackEvents"]:  # newest first
        own = event["LogicalResourceId"] != STACK_NAME
        if own and event["ResourceStatus"] in {"CREATE_FAILED", "UPDATE_FAILED"}:
            failed = (
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
            )
        elif (
            not own
            and event["ResourceStatus"].endswith("_COMPLETE")
            and "ROLLBACK" not in event["ResourceStatus"]
        ):
            break  # the operation before this one
    return failed


def _find_error_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error:")]
    return (errors or lines or ["no output"])[-1].removeprefix("Error:").strip()
