"""Names: the stack's own, those that AWS finds too long, and those that something else has already."""

import re
from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from cli.doctor.deployment import Deployment
from cli.doctor.findings import Finding, ok, problem
from cli.template import list_syncs

CHECK_NAMES = "names"
LONGEST = {"function": 64, "queue": 80, "stream": 64}
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_RESERVED = ("aws", "ssm")  # Systems Manager takes no parameter under /aws… or /ssm…
_NAMED = re.compile(
    r"^ +(?P<kind>FunctionName|LogGroupName|DeliveryStreamName|AlarmName): !Sub (?P<name>\S+)$", re.MULTILINE
)
_CAUSES = re.compile(r"^  Causes:\n(?P<rows>(?:    .*\n)+)", re.MULTILINE)
_LOOPS = re.compile(r"^  Fn::ForEach::\w+:\n    - (\w+)\n    - \[([^\]]*)\]", re.MULTILINE)


def check_names(deployment: Deployment) -> Iterator[Finding]:
    """Problems of names, or one line that there are none."""
    stack = deployment.stack
    if not _STACK.fullmatch(stack):
        yield problem(CHECK_NAMES, f"{stack!r} is not a valid stack name", "use letters, digits and hyphens")
        return
    if stack.lower().startswith(_RESERVED):
        hint = f"choose another name: AWS keeps parameters under /{'… and /'.join(_RESERVED)}… to itself"
        yield problem(CHECK_NAMES, f"no secret can be stored for a stack named {stack}", hint)
    names = list_names(deployment.template_text, stack)
    problems = [*_find_long(deployment, names), *_find_taken(deployment, names)]
    yield from problems
    if not problems:
        yield ok(CHECK_NAMES, "short enough, and free or the stack's own")


def list_names(template_text: str, stack: str) -> dict[str, list[str]]:
    """The names that template.yaml gives itself, by property, for a stack of this name."""
    items = {variable: re.findall(r"\w+", listed) for variable, listed in _LOOPS.findall(template_text)}
    items["Sync"] = list_syncs(template_text)
    names: dict[str, list[str]] = {}
    for match in _NAMED.finditer(template_text):
        filled = [match["name"].replace("${AWS::StackName}", stack)]
        for variable, values in items.items():
            pattern = f"${{{variable}}}"
            filled = [
                name.replace(pattern, value) for name in filled for value in values if pattern in name
            ] or filled
        names.setdefault(match["kind"], []).extend(dict.fromkeys(filled))
    causes = _CAUSES.search(template_text)
    of_causes = re.findall(r"^      Name: (\S+)$", causes["rows"] if causes else "", re.MULTILINE)
    names.setdefault("AlarmName", []).extend(f"{stack}-{name}" for name in of_causes)
    return names


def _find_long(deployment: Deployment, names: Mapping[str, list[str]]) -> Iterator[Finding]:
    queues = [f"{deployment.stack}-00000000-{sync}-dlq" for sync in list_syncs(deployment.template_text)]
    made = {"function": names["FunctionName"], "queue": queues, "stream": names["DeliveryStreamName"]}
    for kind, listed in made.items():
        for name in listed:
            if len(name) > LONGEST[kind]:
                text = f"the {kind} {name} has {len(name)} characters, and AWS takes {LONGEST[kind]}"
                yield problem(CHECK_NAMES, text, "shorten the name of the stack or of the sync's file")


def _find_taken(deployment: Deployment, names: Mapping[str, list[str]]) -> Iterator[Finding]:
    """What exists and is not the stack's, so that CloudFormation could not make it."""
    own = set(deployment.deployed.resources.values()) if deployment.deployed is not None else set()
    found = {
        "function": _list_functions(deployment, names["FunctionName"]),
        "log group": _list_log_groups(deployment, names["LogGroupName"]),
        "Firehose stream": _list_streams(deployment, names["DeliveryStreamName"]),
        "alarm": _list_alarms(deployment, names["AlarmName"]),
        "dashboard": _list_dashboards(deployment),
    }
    for kind, listed in found.items():
        for name in listed:
            if name not in own:
                text = f"the {kind} {name} exists and does not belong to stack {deployment.stack}"
                yield problem(
                    CHECK_NAMES, text, "delete it if nobody needs it, or give the stack another name"
                )
    for name in _list_left_queues(deployment):
        text = f"the queue {name} of a removed sync still exists, so the sync cannot be added again"
        yield problem(CHECK_NAMES, text, "delete it once it is empty, or give the sync's file another name")


def _list_functions(deployment: Deployment, names: list[str]) -> Iterator[str]:
    client = deployment.client("lambda")
    for name in names:
        try:
            client.get_function_configuration(FunctionName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
        else:
            yield name


def _list_log_groups(deployment: Deployment, names: list[str]) -> Iterator[str]:
    paginator = deployment.client("logs").get_paginator("describe_log_groups")
    for prefix in sorted({name[: name.rindex("/") + 1] + deployment.stack for name in names}):
        for page in paginator.paginate(logGroupNamePrefix=prefix):
            yield from (
                group["logGroupName"] for group in page["logGroups"] if group["logGroupName"] in names
            )


def _list_streams(deployment: Deployment, names: list[str]) -> Iterator[str]:
    client = deployment.client("firehose")
    for name in names:
        try:
            client.describe_delivery_stream(DeliveryStreamName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
        else:
            yield name


def _list_alarms(deployment: Deployment, names: list[str]) -> Iterator[str]:
    if deployment.parameter("FullAlarms") != "true":  # the stack makes none
        return
    paginator = deployment.client("cloudwatch").get_paginator("describe_alarms")
    pages = paginator.paginate(
        AlarmNamePrefix=f"{deployment.stack}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    for page in pages:
        for kind in ("MetricAlarms", "CompositeAlarms"):
            yield from (alarm["AlarmName"] for alarm in page.get(kind, []) if alarm["AlarmName"] in names)


def _list_dashboards(deployment: Deployment) -> Iterator[str]:
    if deployment.parameter("WithDashboard") != "true":
        return
    client = deployment.client("cloudwatch")
    try:
        client.get_dashboard(DashboardName=deployment.stack)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ResourceNotFound", "DashboardNotFoundError"):
            raise
    else:
        yield deployment.stack


def _list_left_queues(deployment: Deployment) -> Iterator[str]:
    """Queues with the names that syncs which are new to the stack would get: removed syncs leave theirs."""
    deployed = deployment.deployed
    if deployed is None or not deployed.stack_id:
        return
    client = deployment.client("sqs")
    part = deployed.stack_id.rpartition("/")[2].partition("-")[0]
    for sync in list_syncs(deployment.template_text):
        for logical, end in (("Queue", ""), ("Dlq", "-dlq")):
            name = f"{deployment.stack}-{part}-{sync}{end}"
            if f"{sync}{logical}" in deployed.resources:
                continue
            try:
                client.get_queue_url(QueueName=name)
            except client.exceptions.QueueDoesNotExist:
                continue
            yield name
