"""Plain-http destinations, which `sluice check` rejects unless the stack allows them."""

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.cli.folders import write_workspace

DESTINATION = "kind: http\nsettings:\n  url: {}\n"


def check(folder, url, *arguments):
    write_workspace(folder, {"destinations/crm.yaml": DESTINATION.format(url)})
    return CliRunner().invoke(app, ["check", "-w", str(folder), *arguments])


@pytest.fixture
def samconfig(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "samconfig.toml"


@pytest.mark.parametrize("url", ["http://crm.example.com/a", "HTTP://crm.example.com", "http://127.0.0.1:90"])
def test_check_rejects_plain_http_where_no_samconfig_allows_it(samconfig, url):
    told = check(samconfig.parent / "w", url)
    assert told.exit_code == 1
    assert "crm.yaml:3:3: error: settings.url: plain http" in told.stderr
    assert "AllowPrivateDestinations=true" in told.stderr


def test_check_accepts_https(samconfig):
    assert check(samconfig.parent / "w", "https://crm.example.com/a?back=http://x").exit_code == 0


@pytest.mark.parametrize(
    "overrides",
    [
        '"AllowPrivateDestinations=true LogRetentionDays=90"',
        '"LogRetentionDays=\\"90\\" AllowPrivateDestinations=\\"true\\""',
        '["LogRetentionDays=90", "AllowPrivateDestinations=true"]',
        '"ParameterKey=AllowPrivateDestinations,ParameterValue=true"',
    ],
)
@pytest.mark.parametrize("command", ["deploy", "global"])
def test_check_accepts_plain_http_where_the_stack_allows_it(samconfig, overrides, command):
    samconfig.write_text(f"[default.{command}.parameters]\nparameter_overrides = {overrides}\n")
    assert check(samconfig.parent / "w", "http://crm.example.com").exit_code == 0


def test_the_environment_that_is_deployed_decides(samconfig):
    samconfig.write_text('[test.deploy.parameters]\nparameter_overrides = "AllowPrivateDestinations=true"\n')
    assert check(samconfig.parent / "w", "http://crm.example.com").exit_code == 1
    assert check(samconfig.parent / "w", "http://crm.example.com", "--config-env", "test").exit_code == 0


def test_a_parameter_that_is_set_to_false_allows_nothing(samconfig):
    samconfig.write_text(
        '[default.deploy.parameters]\nparameter_overrides = "AllowPrivateDestinations=false"\n'
    )
    assert check(samconfig.parent / "w", "http://crm.example.com").exit_code == 1


def test_a_broken_samconfig_is_an_error_and_no_traceback(samconfig):
    samconfig.write_text("[default")
    told = check(samconfig.parent / "w", "http://crm.example.com")
    assert told.exit_code == 1
    assert "samconfig.toml cannot be read" in told.stderr
