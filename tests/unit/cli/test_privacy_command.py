"""`sluice privacy`: what the router finds in the table, and what the operator reads."""

import hashlib

import boto3
import pytest
from typer.testing import CliRunner

from cli.main import app
from sluice.adapters.suppression import SuppressedUsersTable
from sluice.privacy import Suppression
from tests.adapters.aws import make_table
from tests.unit.cli.archives import RESOURCES, deployed_stack


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(autouse=True)
def client(monkeypatch):
    monkeypatch.setitem(RESOURCES, "ControlTable", "control")
    with deployed_stack():
        yield make_table("control", "kind", "id")


def run(*arguments, text=None):
    return CliRunner().invoke(app, ["privacy", *arguments, "--stack", "sluice"], input=text)


def stops(client, *users):
    suppression = Suppression(SuppressedUsersTable(client, "control"), clock=lambda: 0.0)
    return [suppression.is_suppressed([user]) for user in users]


def test_a_suppressed_users_events_stop_until_they_are_let_through(client):
    told = run("suppress", "u-1")
    assert (told.exit_code, told.stdout) == (
        0,
        "1 user suppressed, 0 were already; in force within a minute.\n",
    )
    assert stops(client, "u-1", "u-2") == [True, False]
    told = run("unsuppress", "u-1")
    assert told.stdout == "1 user no longer suppressed, 0 were not; in force within a minute.\n"
    assert stops(client, "u-1") == [False]


def test_the_table_holds_the_digest_and_when_and_nothing_of_the_id(client):
    run("suppress", " Maria@Example.com")
    [row] = client.scan(TableName="control")["Items"]
    assert (row["kind"]["S"], row["id"]["S"]) == ("suppressed_user", sha("maria@example.com"))
    assert set(row) == {"kind", "id", "at"}
    assert "maria" not in str(row).lower()


def test_the_operator_is_told_what_stays():
    assert "stays there" in run("suppress", "u-1").stderr


def test_suppressing_twice_keeps_the_first_time(client):
    run("suppress", "u-1")
    client.update_item(
        TableName="control",
        Key={"kind": {"S": "suppressed_user"}, "id": {"S": sha("u-1")}},
        UpdateExpression="SET #at = :then",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":then": {"S": "2026-01-01T00:00:00Z"}},
    )
    assert run("suppress", "u-1", "u-2").stdout.startswith("1 user suppressed, 1 were already")
    assert run("list", "u-1").stdout == f"{sha('u-1')}\tsuppressed 2026-01-01T00:00:00Z\n"


def test_a_user_who_was_not_suppressed_is_told():
    assert run("unsuppress", "u-1").stdout.startswith("0 users no longer suppressed, 1 were not")
    assert run("list", "u-1").stdout == f"{sha('u-1')}\tnot suppressed\n"


def test_many_are_read_from_a_file_and_from_standard_input(client, tmp_path):
    (tmp_path / "users").write_text("u-1\n\n u-2 \nu-1\n")
    assert run("suppress", "--file", str(tmp_path / "users"), "u-3").stdout.startswith("3 users suppressed")
    assert run("suppress", "--file", "-", text="u-3\nu-4\n").stdout.startswith("1 user suppressed, 1 were")
    assert stops(client, "u-1", "u-2", "u-3", "u-4", "u-5") == [True] * 4 + [False]


def test_all_are_listed_by_their_digests():
    run("suppress", "u-1", "u-2")
    lines = run("list").stdout.splitlines()
    assert sorted(line.split("\t")[0] for line in lines) == sorted([sha("u-1"), sha("u-2")])
    assert all("suppressed 20" in line for line in lines)


@pytest.mark.parametrize("arguments", [["suppress"], ["unsuppress"], ["suppress", " "]])
def test_without_a_user_nothing_is_done(client, arguments):
    told = run(*arguments)
    assert (told.exit_code, "no user is named" in told.stderr) == (1, True)
    assert client.scan(TableName="control")["Items"] == []


def test_a_stack_that_is_not_there_is_told():
    told = CliRunner().invoke(app, ["privacy", "suppress", "u-1", "--stack", "nowhere"])
    assert (told.exit_code, "nowhere cannot be read" in told.stderr) == (1, True)


def test_what_aws_refuses_is_one_line():
    boto3.client("dynamodb").delete_table(TableName="control")
    told = run("suppress", "u-1")
    assert (told.exit_code, told.stderr.startswith("error: ")) == (1, True)


@pytest.mark.parametrize("is_piped", [False, True])
def test_the_mark_that_spreadsheets_begin_a_file_with_is_no_part_of_an_id(client, tmp_path, is_piped):
    data = b"\xef\xbb\xbfu-1\r\nu-2\r\n"
    (file := tmp_path / "users.csv").write_bytes(data)
    run("suppress", "--file", "-" if is_piped else str(file), text=data if is_piped else None)
    assert stops(client, "u-1", "u-2") == [True, True]


def test_a_file_that_is_no_text_is_told(client, tmp_path):
    (file := tmp_path / "users.txt").write_bytes(b"\xff\xfeu\x00")
    told = run("suppress", "--file", str(file))
    assert told.exit_code == 1
    assert "not readable" in told.stderr
    assert "UTF-8" in told.stderr
