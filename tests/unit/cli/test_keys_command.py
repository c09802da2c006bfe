"""`sluice keys`: made once, shown once, stored as a digest, revoked at once."""

import re
from types import SimpleNamespace

import boto3
import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.workspace_files import load_workspace
from sluice.ingest.keys import KeyRing, digest_key
from tests.adapters.aws import fake_aws, make_table
from tests.unit.cli.folders import write_workspace

COMMENTED = """\
# The shop, in Bremen
description: 'The shop'   # quoted
collect_ip: client # never a server's

# Keys are made by the tool.
keys: []
dedup: request
"""


def run(*arguments):
    return CliRunner().invoke(app, ["keys", *(str(argument) for argument in arguments)])


@pytest.fixture
def folder(tmp_path):
    return write_workspace(tmp_path, {"sources/web.yaml": COMMENTED, "sources/shop.json": '{"keys": []}'})


def create(folder, source="web"):
    told = run("create", "-w", folder, "--source", source)
    assert told.exit_code == 0, told.output
    return told.stdout.strip()


def open_sources(folder, key):
    """The source that a key opens after a deploy of the folder, or None."""
    sources = load_workspace(folder)["sources"]
    digests = {slug: [k["sha256"] for k in s["keys"] if not k["revoked"]] for slug, s in sources.items()}
    return KeyRing(digests).find_source([key], frozenset())


@pytest.mark.parametrize("source", ["web", "shop"])
def test_a_new_key_opens_its_source(folder, source):
    assert open_sources(folder, create(folder, source)) == source


def test_a_key_is_long_and_random(folder):
    first, second = create(folder), create(folder)
    assert first != second
    assert re.fullmatch(r"wk_[A-Za-z0-9_-]{32}", first)


def test_a_key_is_stored_as_its_digest_only(folder):
    key = create(folder)
    text = (folder / "sources/web.yaml").read_text()
    assert digest_key(key) in text
    assert key not in text


def test_the_key_alone_stands_on_standard_output(folder):
    assert len(create(folder).split()) == 1


def test_a_source_may_have_several_keys(folder):
    keys = [create(folder) for _ in range(3)]
    assert [open_sources(folder, key) for key in keys] == ["web"] * 3
    assert [k["id"] for k in load_workspace(folder)["sources"]["web"]["keys"]] == ["k1", "k2", "k3"]


def test_the_file_keeps_its_comments_order_and_quotes(folder):
    create(folder)
    text = (folder / "sources/web.yaml").read_text()
    head, _, rest = text.partition("keys:")
    assert head == COMMENTED.partition("keys:")[0]
    assert rest.endswith("\ndedup: request\n")


def test_an_empty_file_gets_its_first_key(tmp_path):
    folder = write_workspace(tmp_path, {"sources/web.yaml": ""})
    assert open_sources(folder, create(folder)) == "web"


@pytest.mark.parametrize("text", ["- a\n", "keys: null\n", "keys: [1]\n", "keys: {a: b}\n", "a: [\n", "text"])
def test_a_broken_file_is_left_as_it_was(tmp_path, text):
    folder = write_workspace(tmp_path, {"sources/web.yaml": text})
    told = run("create", "-w", folder, "-s", "web")
    assert told.exit_code == 1
    assert "has problems" in told.stderr
    assert (folder / "sources/web.yaml").read_text() == text


@pytest.mark.parametrize("command", [["create"], ["list"], ["revoke", "--id", "k1", "--offline"]])
def test_a_source_that_is_not_there_is_told(folder, command):
    told = run(*command, "-w", folder, "-s", "nobody")
    assert (told.exit_code, "there is no source nobody" in told.stderr) == (1, True)


@pytest.fixture
def stack():
    """A stack with a control table, of which moto has the table and this fixture what CloudFormation says."""
    with fake_aws():
        boto3.setup_default_session()
        boto3.DEFAULT_SESSION.events.register("before-call.cloudformation", list_stack_resources)
        make_table("stack-control", "kind", "id")
        yield "stack"
        boto3.DEFAULT_SESSION = None


def list_stack_resources(params, **_):
    if params["body"]["StackName"] != "stack":
        error = {"Code": "ValidationError", "Message": "Stack does not exist"}
        return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {}}
    table = {"LogicalResourceId": "ControlTable", "PhysicalResourceId": "stack-control"}
    return SimpleNamespace(status_code=200), {"StackResourceSummaries": [table]}


def list_revoked():
    return [row["id"]["S"] for row in boto3.client("dynamodb").scan(TableName="stack-control")["Items"]]


def test_a_revoked_key_is_in_the_stacks_table_and_marked_in_its_file(folder, stack):
    key = create(folder)
    told = run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--stack", stack)
    assert told.exit_code == 0
    assert list_revoked() == [digest_key(key)]
    assert open_sources(folder, key) is None


def test_a_row_of_a_revoked_key_is_what_ingest_looks_for(folder, stack):
    create(folder)
    run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--stack", stack)
    [row] = boto3.client("dynamodb").scan(TableName="stack-control")["Items"]
    assert row["kind"]["S"] == "revoked_key"


def test_the_other_keys_of_the_source_stay(folder, stack):
    _, second = create(folder), create(folder)
    run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--stack", stack)
    assert open_sources(folder, second) == "web"


def test_revoking_twice_changes_nothing(folder, stack):
    create(folder)
    run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--stack", stack)
    before = (folder / "sources/web.yaml").read_text()
    run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--stack", stack)
    assert (folder / "sources/web.yaml").read_text() == before


def test_a_key_whose_mark_is_empty_is_marked(folder):
    key = create(folder)
    path = folder / "sources/web.yaml"
    path.write_text(path.read_text().replace("    sha256:", "    revoked: ''\n    sha256:"))
    run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--offline")
    assert open_sources(folder, key) is None


def test_without_the_stack_nothing_is_revoked(folder, stack):
    key = create(folder)
    told = run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--stack", "nowhere")
    assert (told.exit_code, "was not revoked" in told.stderr) == (1, True)
    assert open_sources(folder, key) == "web"


def test_without_a_stack_the_key_is_revoked_on_the_local_one(folder, stack, tmp_path, monkeypatch):
    monkeypatch.setenv("SLUICE_LOCAL_DIR", str(tmp_path))
    key = create(folder)
    told = run("revoke", "-w", folder, "-s", "web", "--id", "k1")
    assert told.exit_code == 1
    assert "no local stack runs" in told.stderr
    assert open_sources(folder, key) == "web"


def test_the_answer_names_the_stack_on_which_the_key_is_revoked(folder, stack):
    create(folder)
    told = run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--stack", stack)
    assert "on stack stack within a minute" in told.stdout


def test_an_unknown_key_is_told_with_the_known_ones(folder):
    create(folder)
    told = run("revoke", "-w", folder, "-s", "web", "--id", "k9", "--offline")
    assert (told.exit_code, "its keys: k1" in told.stderr) == (1, True)


def test_keys_are_listed_with_their_state_and_without_their_digest(folder):
    key = create(folder)
    create(folder)
    run("revoke", "-w", folder, "-s", "web", "--id", "k1", "--offline")
    told = run("list", "-w", folder, "-s", "web").stdout
    first, second = (line.split("\t") for line in told.splitlines())
    assert (first[0], first[2].split()[0]) == ("k1", "revoked")
    assert (second[0], second[2]) == ("k2", "in force")
    assert digest_key(key) not in told
