"""The account: credentials, region, and its limit of concurrent executions."""

from collections.abc import Iterator

from cli.doctor.deployment import Deployment
from cli.doctor.findings import Finding, ok, problem, warning

CHECK_CREDENTIALS, CHECK_STACK, CHECK_CONCURRENCY = "credentials", "stack", "concurrency"
UNRESERVED = 100  # runs that AWS keeps for functions without a reservation
ROUTER_CONCURRENCY = 50  # MaximumConcurrency of the router's mapping in template.yaml
RESERVATION = "IngestReservedConcurrency"


def check_credentials(deployment: Deployment) -> Iterator[Finding]:
    """The caller, the account and the region. Raises what boto3 raises without valid credentials."""
    client = deployment.client("sts")
    identity = client.get_caller_identity()
    region = client.meta.region_name
    state = "new" if deployment.deployed is None else deployment.deployed.status
    yield ok(
        CHECK_CREDENTIALS,
        f"account {identity['Account']}, {region}, as {identity['Arn'].rpartition(':')[2]};"
        f" stack {deployment.stack} ({state})",
    )


def check_stack(deployment: Deployment) -> Iterator[Finding]:
    """CloudFormation accepts an update of the stack in its present status."""
    name, status = deployment.stack, deployment.deployed.status if deployment.deployed is not None else ""
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        hint = f"it holds nothing that is needed: aws cloudformation delete-stack --stack-name {name}"
        yield problem(CHECK_STACK, f"its first deploy failed ({status}), so it cannot be updated", hint)
    elif status in ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED"):
        hint = f"aws cloudformation continue-update-rollback --stack-name {name}"
        yield problem(CHECK_STACK, f"its last update failed and was not rolled back ({status})", hint)
    elif status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        yield problem(CHECK_STACK, f"another operation is in progress ({status})", "wait until it ends")
    else:
        yield ok(CHECK_STACK, "can be updated" if status else "will be created")


def check_concurrency(deployment: Deployment) -> Iterator[Finding]:
    """The account's limit leaves room for router, syncs and ingest, and ingest's reservation is possible."""
    limits = deployment.client("lambda").get_account_settings()["AccountLimit"]
    account, unreserved = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    of_syncs = sum(sync["max_concurrency"] for sync in deployment.workspace["syncs"].values())
    wanted = ROUTER_CONCURRENCY + of_syncs
    reserved = int(deployment.parameter(RESERVATION) or 0)
    free = unreserved + _find_reserved(deployment)
    if reserved and free - reserved < UNRESERVED:
        most = max(free - UNRESERVED, 0)
        text = f"{RESERVATION}={reserved}, but the account has {free} free and keeps {UNRESERVED} of them"
        hint = (
            f"set it to {most} at most" + ("" if most else ": 0 reserves nothing") + ", or ask AWS for more"
        )
        yield problem(CHECK_CONCURRENCY, text, hint)
    elif wanted + reserved >= account:
        text = (
            f"the account runs {account} functions at once; the router ({ROUTER_CONCURRENCY}) and the syncs"
            f" ({of_syncs}) may use {wanted}, which leaves ingest too few"
        )
        yield warning(
            CHECK_CONCURRENCY, text, "ask AWS for more (Service Quotas, Lambda, concurrent executions)"
        )
    else:
        yield ok(CHECK_CONCURRENCY, f"{account} in the account; router and syncs use {wanted} at most")


def _find_reserved(deployment: Deployment) -> int:
    """What the stack's ingest function has reserved already."""
    deployed = deployment.deployed
    return int(deployed.parameters.get(RESERVATION) or 0) if deployed is not None else 0
