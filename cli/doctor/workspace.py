"""The template against the workspace, removed syncs, plain http, and the build."""

from collections.abc import Iterator, Mapping

from cli.doctor.deployment import Deployment
from cli.doctor.findings import Finding, ok, problem, warning
from cli.plain_http import PARAMETER as PLAIN_HTTP
from cli.queue_counts import count_messages
from cli.sam_build import BUILT, LAYER, WrongBuild, check_layer, choose_architecture
from cli.samconfig import InvalidSamConfig
from cli.template import list_syncs, render

CHECK_TEMPLATE, CHECK_REMOVED = "template", "removed syncs"
CHECK_HTTP, CHECK_ARCHITECTURE = "destinations", "architecture"


def check_template(deployment: Deployment) -> Iterator[Finding]:
    """template.yaml lists the workspace's syncs. Raises WorkspaceError where it has lost its markers."""
    if render(deployment.template_text, deployment.workspace) == deployment.template_text:
        yield ok(CHECK_TEMPLATE, f"has the workspace's {len(deployment.workspace['syncs'])} syncs")
    else:
        yield problem(
            CHECK_TEMPLATE,
            "template.yaml and the workspace differ in their syncs",
            "run `sluice template --write`",
        )


def check_removed(deployment: Deployment) -> Iterator[Finding]:
    """The queues of syncs that the deploy would remove are empty."""
    gone = {name: url for name, url in _find_removed(deployment) if url}
    if not gone:
        yield ok(CHECK_REMOVED, "none")
        return
    full = {name: count for name, count in count_messages(deployment.client("sqs"), gone).items() if count}
    for name, count in full.items():
        yield problem(
            CHECK_REMOVED,
            f"{name} still holds {count} messages, and this deploy would remove it",
            "bring the sync's file back with `retired: true`, let it drain and empty its dead-letter queue",
        )
    if not full:
        yield ok(CHECK_REMOVED, f"{', '.join(gone)}: empty")


def _find_removed(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """The queues of the stack that belong to no sync of the template."""
    deployed = deployment.deployed
    resources: Mapping[str, str] = deployed.resources if deployed is not None else {}
    kept = {
        f"{name}{end}"
        for name in ("Ingest", *list_syncs(deployment.template_text))
        for end in ("Queue", "Dlq")
    }
    for logical, url in resources.items():
        if logical.endswith(("Queue", "Dlq")) and url.startswith("http") and logical not in kept:
            yield logical, url


def check_plain_http(deployment: Deployment) -> Iterator[Finding]:
    """No destination is called without encryption, unless the stack allows it."""
    plain = sorted(
        name
        for name, destination in deployment.workspace["destinations"].items()
        for value in destination["settings"].values()
        if isinstance(value, str) and value.lower().startswith("http://")
    )
    if plain and deployment.parameter(PLAIN_HTTP).lower() != "true":
        hint = f"use https; a test stack may set {PLAIN_HTTP}=true"
        yield problem(
            CHECK_HTTP, f"{', '.join(plain)}: plain http, so every event would become a dead letter", hint
        )
    elif plain:
        yield warning(CHECK_HTTP, f"{', '.join(plain)}: plain http, which this stack allows", "use https")
    else:
        yield ok(CHECK_HTTP, "all use https")


def check_architecture(deployment: Deployment) -> Iterator[Finding]:
    """The build, if there is one, is for the architecture that would be deployed."""
    try:
        wanted = choose_architecture(deployment.folder, deployment.arguments)
    except InvalidSamConfig as error:
        yield problem(CHECK_ARCHITECTURE, str(error), "set Architecture to arm64 or x86_64")
        return
    layer = deployment.folder / BUILT / LAYER
    if layer.is_dir():
        try:
            check_layer(layer, wanted)
        except WrongBuild as error:
            text = f"what was built is not for {wanted}: {error}"
            yield warning(CHECK_ARCHITECTURE, text, "`make deploy` rebuilds it; `sam deploy` alone would not")
            return
    running = (
        deployment.deployed.parameters.get("Architecture", "") if deployment.deployed is not None else ""
    )
    changes = f" (the stack runs on {running} until then)" if running and running != wanted else ""
    yield ok(CHECK_ARCHITECTURE, f"{wanted}{changes}")
