"""`sluice template` on a copy of the project: it checks, writes, and keeps syncs that still have messages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.session import Session
from botocore.awsrequest import AWSResponse
from moto import mock_aws
from typer import Typer
from typer.testing import CliRunner

from cli.template import list_syncs, template
from tests.template.expand import TEMPLATE

WORKSPACE = TEMPLATE.parent / "workspace"
STACKS = ["sluice-dev", "sluice"]  # samconfig.toml's
type Run = Callable[..., Any]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    sources = [
        TEMPLATE,
        TEMPLATE.with_name("samconfig.toml"),
        *WORKSPACE.rglob("*.yaml"),
        *WORKSPACE.rglob("*.py"),
    ]
    for source in sources:
        copy = tmp_path / source.relative_to(TEMPLATE.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(source.read_text())
    return tmp_path


@pytest.fixture
def run(project: Path) -> Run:
    app = Typer()
    app.command()(template)
    places = ["--file", str(project / "template.yaml"), "--workspace", str(project / "workspace")]
    return lambda *options: CliRunner().invoke(app, [*options, *places])


class Stacks:
    """CloudFormation as far as it lists a stack's queues, which are real ones of moto's SQS."""

    def __init__(self) -> None:
        self._queues: dict[tuple[str, str], dict[str, str]] = {}

    def deploy(self, stack: str, *names: str, region: str = "us-east-1") -> dict[str, str]:
        """A stack with the queues of these syncs; gives their URLs by logical id."""
        sqs = boto3.client("sqs", region_name=region)
        logical = [f"{name}{suffix}" for name in ("Ingest", *names) for suffix in ("Queue", "Dlq")]
        urls = {name: sqs.create_queue(QueueName=f"{stack}-{name}")["QueueUrl"] for name in logical}
        self._queues[region, stack] = urls
        return urls

    def open_session(self, **options: Any) -> Any:
        session = Session(**options)
        session.events.register("before-call.cloudformation.ListStackResources", self._list)
        return session

    def _list(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        name = params["body"]["StackName"]
        queues = self._queues.get((context["client_region"], name))
        if queues is None:
            error = {"Code": "ValidationError", "Message": f"Stack with id {name} does not exist"}
            return AWSResponse("", 400, {}, None), {"Error": error}
        return AWSResponse("", 200, {}, None), {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical,
                    "PhysicalResourceId": url,
                    "ResourceType": "AWS::SQS::Queue",
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for logical, url in queues.items()
            ]
        }


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stacks]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    stacks = Stacks()
    with mock_aws():
        monkeypatch.setattr(boto3, "Session", stacks.open_session)
        yield stacks


def send(url: str, *, region: str = "us-east-1", delay: int = 0) -> None:
    boto3.client("sqs", region_name=region).send_message(
        QueueUrl=url, MessageBody="waiting", DelaySeconds=delay
    )


def write_samconfig(project: Path, text: str) -> None:
    (project / "samconfig.toml").write_text("version = 0.1\n" + text)


def sync_file(project: Path, slug: str) -> Path:
    return project / "workspace" / "syncs" / f"{slug}.yaml"


def add_sync(project: Path, slug: str) -> None:
    sync_file(project, slug).write_text(sync_file(project, "purchases-to-crm").read_text())


def syncs_in_template(project: Path) -> list[str]:
    return list_syncs((project / "template.yaml").read_text())


def test_check_passes_on_what_ships(run: Run) -> None:
    assert run("--check").exit_code == 0


def test_check_fails_with_one_line_that_says_what_to_do(project: Path, run: Run) -> None:
    add_sync(project, "more-to-crm")
    result = run("--check")
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert "run `sluice template --write`" in result.output


def test_write_adds_a_sync_without_asking_aws(project: Path, run: Run) -> None:
    add_sync(project, "more-to-crm")
    assert run("--write").exit_code == 0
    assert "MoreToCrm" in syncs_in_template(project)
    assert run("--check").exit_code == 0


def test_a_broken_workspace_changes_nothing(project: Path, run: Run) -> None:
    before = (project / "template.yaml").read_text()
    sync_file(project, "broken").write_text("source: nowhere\n")
    assert run("--write").exit_code == 1
    assert (project / "template.yaml").read_text() == before


def test_a_sync_that_no_stack_has_is_dropped(project: Path, run: Run, aws: Stacks) -> None:
    for stack in STACKS:
        aws.deploy(stack, "EventsToWebhook")
    sync_file(project, "purchases-to-crm").unlink()
    assert run("--write").exit_code == 0
    assert "PurchasesToCrm" not in syncs_in_template(project)


def test_a_sync_whose_queues_are_empty_is_dropped(project: Path, run: Run, aws: Stacks) -> None:
    for stack in STACKS:
        aws.deploy(stack, "PurchasesToCrm")
    sync_file(project, "purchases-to-crm").unlink()
    assert run("--write").exit_code == 0
    assert "PurchasesToCrm" not in syncs_in_template(project)


@pytest.mark.parametrize("queue", ["PurchasesToCrmQueue", "PurchasesToCrmDlq"])
@pytest.mark.parametrize("delay", [0, 900])
def test_a_sync_whose_queues_hold_messages_stays(
    project: Path, run: Run, aws: Stacks, queue: str, delay: int
) -> None:
    url = aws.deploy(STACKS[0], "PurchasesToCrm")[queue]
    aws.deploy(STACKS[1])
    send(url, delay=delay)
    sync_file(project, "purchases-to-crm").unlink()
    result = run("--write")
    assert result.exit_code == 1
    assert f"{url.rpartition('/')[2]} holds 1 messages" in result.output
    assert "PurchasesToCrm" in syncs_in_template(project)


def test_the_stack_that_guided_wrote_is_looked_at_in_its_region(project: Path, run: Run, aws: Stacks) -> None:
    write_samconfig(
        project,
        """
        [default.global.parameters]
        stack_name = "sluice-dev"
        [default.deploy.parameters]
        stack_name = "my-events"
        region = "eu-west-1"
        """,
    )
    send(
        aws.deploy("my-events", "PurchasesToCrm", region="eu-west-1")["PurchasesToCrmQueue"],
        region="eu-west-1",
    )
    aws.deploy("my-events")
    sync_file(project, "purchases-to-crm").unlink()
    result = run("--write")
    assert result.exit_code == 1
    assert "holds 1 messages" in result.output
    assert "sluice-dev" not in result.output


def test_a_stack_that_cannot_be_found_keeps_the_sync(project: Path, run: Run, aws: Stacks) -> None:
    aws.deploy("sluice-dev", region="eu-west-1")
    write_samconfig(project, '[default.global.parameters]\nstack_name = "sluice-dev"\n')
    sync_file(project, "purchases-to-crm").unlink()
    result = run("--write")
    assert result.exit_code == 1
    assert "sluice-dev" in result.output
    assert "cannot be read" in result.output
    assert "PurchasesToCrm" in syncs_in_template(project)


def test_a_queue_that_was_deleted_by_hand_keeps_the_sync(project: Path, run: Run, aws: Stacks) -> None:
    url = aws.deploy("sluice-dev", "PurchasesToCrm")["PurchasesToCrmQueue"]
    boto3.client("sqs").delete_queue(QueueUrl=url)
    write_samconfig(project, '[default.global.parameters]\nstack_name = "sluice-dev"\n')
    sync_file(project, "purchases-to-crm").unlink()
    assert run("--write").exit_code == 1
    assert "PurchasesToCrm" in syncs_in_template(project)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[staging.deploy.parameters]\nregion = 'eu-west-1'\n", "no stack_name for the environment staging"),
        ("[default.build.parameters]\ncached = true\n", "names no stack"),
        ("[default.deploy\n", "cannot be read"),
    ],
)
def test_a_samconfig_that_names_no_stack_keeps_the_sync(
    project: Path, run: Run, aws: Stacks, text: str, reason: str
) -> None:
    write_samconfig(project, text)
    sync_file(project, "purchases-to-crm").unlink()
    result = run("--write")
    assert result.exit_code == 1
    assert reason in result.output
    assert "PurchasesToCrm" in syncs_in_template(project)


def test_only_the_named_environments_are_looked_at(project: Path, run: Run, aws: Stacks) -> None:
    aws.deploy("sluice")
    sync_file(project, "purchases-to-crm").unlink()
    assert run("--write", "--config-env", "nowhere").exit_code == 1
    assert run("--write").exit_code == 1, "sluice-dev does not exist"
    assert run("--write", "--config-env", "prod").exit_code == 0
    assert "PurchasesToCrm" not in syncs_in_template(project)


def test_where_aws_cannot_be_asked_a_sync_is_dropped_by_force_only(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(project / "none"))
    sync_file(project, "purchases-to-crm").unlink()
    refused = run("--write")
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert run("--write", "--force").exit_code == 0
    assert "PurchasesToCrm" not in syncs_in_template(project)
