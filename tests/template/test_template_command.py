"""`sluice template` on a copy of the project: it checks, writes, and keeps syncs that still have messages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer import Typer
from typer.testing import CliRunner

from cli.template import list_syncs, template
from tests.template.expand import TEMPLATE

WORKSPACE = TEMPLATE.parent / "workspace"
STACK = "sluice-dev"  # one of samconfig.toml's
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


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield boto3.client("sqs")


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


def test_a_sync_without_queues_is_dropped(project: Path, run: Run, sqs: Any) -> None:
    sync_file(project, "purchases-to-crm").unlink()
    assert run("--write").exit_code == 0
    assert "PurchasesToCrm" not in syncs_in_template(project)


@pytest.mark.parametrize("queue", ["PurchasesToCrm", "PurchasesToCrm-dlq"])
def test_a_sync_whose_queues_hold_messages_stays(project: Path, run: Run, sqs: Any, queue: str) -> None:
    url = sqs.create_queue(QueueName=f"{STACK}-{queue}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="waiting")
    sync_file(project, "purchases-to-crm").unlink()
    result = run("--write")
    assert result.exit_code == 1
    assert f"1 messages wait in {STACK}-{queue}" in result.output
    assert "PurchasesToCrm" in syncs_in_template(project)


def test_a_delayed_message_counts_as_waiting(project: Path, run: Run, sqs: Any) -> None:
    url = sqs.create_queue(QueueName=f"{STACK}-PurchasesToCrm")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=900)
    sync_file(project, "purchases-to-crm").unlink()
    assert run("--write").exit_code == 1


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
