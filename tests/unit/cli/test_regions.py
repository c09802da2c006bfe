"""The region that commands work in, and what they say of one that AWS does not have."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.main import COMMANDS, app, load_command
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


CALLS = {
    "status": "",
    "cost": "",
    "tail": "",
    "trace": "m-1",
    "replay": "--from 1h",
    "preview": "--sync all --message-id m-1",
    "dlq list": "",
    "dlq show": "",
    "dlq redrive": "--all",
    "dlq export": "",
    "dlq edit": "m-1",
    "keys revoke": "--source web --id one",
    "privacy list": "",
    "privacy suppress": "u-1",
    "privacy unsuppress": "u-1",
    "sync pause": "all",
    "sync resume": "all",
    "sync probe": "all",
    "contracts infer": "--source web",
    "contracts test": "--source web",
    "functions test": "enrich --message-id m-1",
}
ELSEWHERE = {"doctor"}  # which says it as one of its findings


def list_commands(command, *words):
    """Every command with its words."""
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    for name, below in command.commands.items():
        yield from list_commands(below, *words, name)


def test_the_calls_below_are_all_commands_that_work_on_a_stack():
    found = [pair for name in COMMANDS for pair in list_commands(load_command(name), name)]
    on_stacks = {words for words, command in found if any("--stack" in each.opts for each in command.params)}
    assert on_stacks == set(CALLS) | ELSEWHERE


@pytest.fixture
def workspace(monkeypatch, tmp_path):
    files = {
        "sources/web.yaml": f"keys: [{{id: one, sha256: {'ab' * 32}}}]\n",
        "functions/enrich.py": "def transform_events(events):\n    return events\n",
    }
    folder = write_workspace(tmp_path / "workspace", files)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(folder))


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(("command", "arguments"), CALLS.items(), ids=CALLS)
def test_no_command_sends_anything_to_an_unknown_region(command, arguments, monkeypatch):
    """Sockets are off in these tests: a request would raise something else."""
    monkeypatch.setenv("AWS_REGION", "eu-cental-1")
    told = CliRunner().invoke(app, [*command.split(), *arguments.split(), "--stack", "sluice"])
    assert told.exit_code == 1, told.output
    assert "unknown AWS region 'eu-cental-1'" in told.stderr
    assert "did you mean eu-central-1?" in told.stderr


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("arguments", [["--region", "eu-cental-1"], ["--config-env", "prod"]])
def test_doctor_names_an_unknown_region_of_the_deploy(arguments, monkeypatch, tmp_path):
    (tmp_path / "samconfig.toml").write_text(
        'version = 0.1\n[default.deploy.parameters]\nstack_name = "shop"\n'
        '[prod.deploy.parameters]\nstack_name = "shop"\nregion = "eu-cental-1"\n'
    )
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, ["doctor", "--", *arguments])
    assert told.exit_code == 1, told.output
    assert "unknown AWS region 'eu-cental-1'" in told.output
    assert "did you mean eu-central-1?" in told.output


def test_the_region_of_the_deploy_is_looked_up_before_anything_is_asked():
    with pytest.raises(CannotCount, match="unknown AWS region 'eu-cental-1'"):
        count_waiting(DeploySettings("default", "shop", region="eu-cental-1"), ["All"])


def test_the_region_of_a_named_profile_is_used(tmp_path):
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n[profile shop]\nregion = eu-north-1\n")
    assert find_region(profile="shop") == "eu-north-1"
    assert find_region({"AWS_REGION": "eu-west-3"}, profile="shop") == "eu-west-3"


def test_an_unknown_region_is_refused_before_boto3_is_imported():
    """boto3 takes as long to import as everything else: without it the answer comes within a second."""
    code = (
        "import os, sys; os.environ.update(AWS_REGION='xx-nope-1', SLUICE_STACK='shop');"
        "from typer.testing import CliRunner; from cli.main import COMMANDS, app, load_command;"
        "print(CliRunner().invoke(app, ['status']).stderr, *sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.startswith("error: unknown AWS region 'xx-nope-1'")
    assert [name for name in ("boto3", "s3transfer", "moto") if f" {name} " in told] == []
