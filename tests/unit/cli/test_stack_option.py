"""The stack that a command works on: named, or the local one."""

import pytest
import typer
from botocore.exceptions import ClientError, NoCredentialsError

from cli.stack import CommandError, explain_failure, open_stack
from tests.unit.cli.archives import BUCKET, deployed_stack


@pytest.fixture
def _deployed():
    with deployed_stack("shop"):
        yield


@pytest.mark.usefixtures("_deployed")
def test_a_named_stack_is_the_one_in_aws():
    stack = open_stack("shop")
    assert (stack.name, stack.region, stack.is_local) == ("shop", "us-east-1", False)
    assert stack.archive_bucket == BUCKET
    assert stack.queue_url("purchases-to-crm") == "https://sqs/purchases"
    assert stack.dlq_url("purchases-to-crm") == "https://sqs/purchases-dlq"


@pytest.mark.usefixtures("_deployed")
def test_a_stack_that_is_not_there_is_told():
    with pytest.raises(CommandError, match="stack nowhere cannot be read"):
        open_stack("nowhere")


@pytest.mark.usefixtures("_deployed")
@pytest.mark.parametrize("name", ["Nothing", "Unborn"])
def test_a_resource_that_the_stack_lacks_is_told(name):
    with pytest.raises(CommandError, match=f"stack shop has no {name}"):
        open_stack("shop").find(name)


def test_without_a_name_it_is_the_local_stack_which_must_run(tmp_path, monkeypatch):
    monkeypatch.setenv("SLUICE_LOCAL_DIR", str(tmp_path))
    with pytest.raises(CommandError, match="no local stack runs") as caught:
        open_stack()
    assert "--stack" in caught.value.hint


@pytest.mark.parametrize(
    "problem",
    [
        CommandError("[red]no[/]", "do [this]"),
        NoCredentialsError(),
        ClientError({"Error": {"Code": "AccessDenied", "Message": "[red]no"}}, "ListObjects"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_what_can_go_wrong_is_one_line_and_exit_code_1(problem, capsys):
    with pytest.raises(typer.Exit) as caught, explain_failure():
        raise problem
    first, *rest = capsys.readouterr().err.splitlines()
    assert caught.value.exit_code == 1
    assert first.startswith("error: ")
    assert " ".join(str(problem).split()) in first
    assert rest in ([], ["  hint: do [this]"])


def test_ctrl_c_is_one_line_and_exit_code_130(capsys):
    with pytest.raises(typer.Exit) as caught, explain_failure():
        raise KeyboardInterrupt
    assert (caught.value.exit_code, capsys.readouterr().err) == (130, "error: interrupted\n")


def test_a_bug_shows_as_what_it_is():
    with pytest.raises(ZeroDivisionError), explain_failure():
        raise ZeroDivisionError
