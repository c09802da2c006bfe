"""`sluice sync pause|resume`: the mapping at once, the file for the next deploy, and the 14 days said."""

import re
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from typer import Typer
from typer.testing import CliRunner

from cli.sync_pause import RETENTION_DAYS, find_paused_warnings, pause, resume
from cli.template import render
from cli.workspace_files import load_workspace, read_workspace
from tests.template.expand import TEMPLATE, expand_template
from tests.unit.cli.folders import SYNC, write_workspace

COMMENTED = f"# To the CRM\n{SYNC}timeout: 60 # seconds\n"


class Aws:
    """The two services that the commands talk to, with one stack and one mapping."""

    def __init__(self):
        self.enabled = {"mapping-1": True}
        self.meta = SimpleNamespace(region_name="eu-central-1")

    def client(self, _service, **_config):
        return self

    def get_paginator(self, _operation):
        return self

    def paginate(self, *, StackName):
        if StackName != "sluice":
            error = {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}
            raise ClientError({"Error": error}, "ListStackResources")
        mapping = {"LogicalResourceId": "AllDeliveryMapping", "PhysicalResourceId": "mapping-1"}
        return [{"StackResourceSummaries": [mapping]}]

    def update_event_source_mapping(self, *, UUID, Enabled):
        if UUID not in self.enabled:
            error = {"Error": {"Code": "ResourceInUseException", "Message": "it is being updated"}}
            raise ClientError(error, "UpdateEventSourceMapping")
        self.enabled[UUID] = Enabled


@pytest.fixture
def folder(tmp_path):
    return write_workspace(tmp_path, {"syncs/all.yaml": COMMENTED})


@pytest.fixture
def aws(monkeypatch):
    aws = Aws()
    monkeypatch.setattr(boto3, "client", aws.client)
    return aws


def run(command, folder, *arguments):
    app = Typer()
    app.command()(pause)
    app.command()(resume)
    return CliRunner().invoke(app, [command, "-w", str(folder), *arguments])


def test_pause_stops_the_mapping_and_marks_the_file(folder, aws):
    told = run("pause", folder, "all", "--stack", "sluice")
    assert told.exit_code == 0, told.output
    assert aws.enabled == {"mapping-1": False}
    text = (folder / "syncs/all.yaml").read_text()
    assert re.search(r"^paused: '2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ'$", text, re.MULTILINE)
    assert text.startswith(COMMENTED)
    assert load_workspace(folder)["syncs"]["all"]["paused"] is True


def test_the_answer_says_how_long_events_are_kept(folder):
    told = run("pause", folder, "all", "--offline")
    assert "drops them after 14 days, the first on 2" in told.output


def test_resume_starts_it_and_leaves_the_file_as_it_was(folder, aws):
    run("pause", folder, "all", "--stack", "sluice")
    told = run("resume", folder, "all", "--stack", "sluice")
    assert told.exit_code == 0, told.output
    assert aws.enabled == {"mapping-1": True}
    assert (folder / "syncs/all.yaml").read_text() == COMMENTED


def test_a_second_pause_keeps_the_time_of_the_first(folder):
    (folder / "syncs/all.yaml").write_text(COMMENTED + "paused: 2026-11-01T00:00:00Z\n")
    told = run("pause", folder, "all", "--offline")
    assert "the first on 2026-11-15" in told.output
    assert "paused: 2026-11-01T00:00:00Z\n" in (folder / "syncs/all.yaml").read_text()


def test_a_json_file_is_marked_too(tmp_path):
    sync = '{"source": "web", "destination": "crm", "event_types": [{"type": "custom_event"}]}'
    folder = write_workspace(tmp_path, {"syncs/json.json": sync})
    assert run("pause", folder, "json", "--offline").exit_code == 0
    assert load_workspace(folder)["syncs"]["json"]["paused"]
    assert run("resume", folder, "json", "--offline").exit_code == 0
    assert not load_workspace(folder)["syncs"]["json"]["paused"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("other", "--offline"), "no sync other"), (("all", "--stack", "nowhere"), "stack nowhere")],
)
def test_what_cannot_be_paused_is_said_and_nothing_is_marked(folder, aws, arguments, words):
    told = run("pause", folder, *arguments)
    assert told.exit_code == 1
    assert words in told.output
    assert (folder / "syncs/all.yaml").read_text() == COMMENTED


def test_a_stack_that_refuses_leaves_the_file_alone(folder, aws):
    aws.enabled.clear()
    assert run("pause", folder, "all", "--stack", "sluice").exit_code == 1
    assert (folder / "syncs/all.yaml").read_text() == COMMENTED


def test_check_warns_of_a_paused_sync_with_its_line(folder):
    (folder / "syncs/all.yaml").write_text(COMMENTED + "paused: 2026-11-01T00:00:00Z\n")
    [warning] = find_paused_warnings(read_workspace(folder))
    assert "14 days, the first on 2026-11-15" in warning.message
    assert (warning.line, warning.hint) == (len(COMMENTED.splitlines()) + 1, "sluice sync resume all")


def test_a_sync_that_runs_is_no_warning(folder):
    assert list(find_paused_warnings(read_workspace(folder))) == []


def test_a_deploy_keeps_a_paused_sync_paused_and_the_others_running(folder):
    text = TEMPLATE.read_text()
    (folder / "syncs/later.yaml").write_text(SYNC + "paused: 2026-11-01T00:00:00Z\n")
    resources = expand_template(render(text, load_workspace(folder)))["Resources"]
    enabled = {
        name: resources[f"{name}DeliveryMapping"]["Properties"]["Enabled"] for name in ("All", "Later")
    }
    assert enabled == {"All": True, "Later": False}


def test_the_days_are_those_of_the_queues():
    resources = expand_template(TEMPLATE.read_text())["Resources"]
    seconds = resources["PurchasesToCrmQueue"]["Properties"]["MessageRetentionPeriod"]
    assert seconds == RETENTION_DAYS * 86400
