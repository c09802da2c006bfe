"""The region that commands work in, and what they say of one that AWS does not have."""

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.queue_counts import CannotCount, count_waiting, open_session
from cli.regions import UnknownRegion, find_region
from cli.samconfig import DeploySettings
from cli.stack import open_stack
from tests.unit.cli.archives import deployed_stack
from tests.unit.cli.folders import write_workspace


@pytest.fixture(autouse=True)
def _no_region(monkeypatch, tmp_path):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def test_without_any_setting_there_is_no_region():
    assert find_region() is None


def test_aws_region_comes_before_aws_default_region_and_the_profile(monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n")
    assert find_region() == "eu-west-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    assert find_region() == "eu-west-2"
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert find_region() == "eu-west-3"


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-gov-west-1", "ap-southeast-5"])
def test_regions_of_every_partition_are_known(region):
    assert find_region({"AWS_REGION": region}) == region


@pytest.mark.parametrize("region", ["eu-cental-1", "eu-central-9", "EU-CENTRAL-1", "aws-global", "../.."])
def test_a_region_that_aws_does_not_have_is_refused(region):
    with pytest.raises(UnknownRegion, match="unknown AWS region"):
        find_region({"AWS_REGION": region})


def test_a_stack_is_looked_up_in_aws_region(monkeypatch):
    with deployed_stack("shop"):
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        stack = open_stack("shop")
        assert stack.region == "eu-central-1"
        assert stack.client("sqs").meta.region_name == "eu-central-1"


def test_queues_are_looked_for_in_aws_region(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert open_session(DeploySettings("default", "shop")).region_name == "eu-central-1"


def test_the_region_of_samconfig_comes_before_aws_region(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    settings = DeploySettings("default", "shop", region="eu-west-1")
    assert open_session(settings).region_name == "eu-west-1"


def test_queues_of_an_unknown_region_cannot_be_counted(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-cental-1")
    with pytest.raises(CannotCount, match="unknown AWS region 'eu-cental-1'"):
        count_waiting(DeploySettings("default", "shop"), ["All"])


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["cost"],
        ["tail"],
        ["trace", "m-1"],
        ["dlq", "list"],
        ["privacy", "list"],
        ["sync", "pause", "all"],
        ["replay", "--from", "1h"],
        ["preview", "--sync", "all", "--message-id", "m-1"],
        ["contracts", "infer", "--source", "web"],
    ],
    ids=" ".join,
)
def test_no_command_sends_anything_to_an_unknown_region(command, monkeypatch, tmp_path):
    """Sockets are off in these tests: a request would raise something else."""
    monkeypatch.setenv("SLUICE_WORKSPACE", str(write_workspace(tmp_path / "workspace")))
    monkeypatch.setenv("AWS_REGION", "eu-cental-1")
    told = CliRunner().invoke(app, [*command, "--stack", "sluice"])
    assert told.exit_code == 1, told.output
    assert told.stderr.startswith(
        "error: unknown AWS region 'eu-cental-1'\n  hint: did you mean eu-central-1?"
    )
