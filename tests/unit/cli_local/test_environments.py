"""No program that a local stack starts can reach a real AWS account or inherits a secret."""

from pathlib import Path

import pytest

from cli.local.environments import deploy_environment, local_aws_environment, server_environment
from cli.local.errors import LocalStackError
from cli.local.settings import PROJECT, LocalSettings, read_settings

REAL = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com",
    "PIP_INDEX_URL": "https://index.example.com",
    "PATH": "/usr/bin",
}


def test_sam_gets_the_emulator_and_nothing_else_of_aws() -> None:
    environment = deploy_environment(LocalSettings(port=4999), REAL)

    ours = local_aws_environment(LocalSettings(port=4999))
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == ours
    assert ours["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4999"
    assert (ours["AWS_ACCESS_KEY_ID"], ours["AWS_CONFIG_FILE"]) == ("test", "/dev/null")
    assert environment["PIP_INDEX_URL"] == "https://index.example.com"


def test_the_server_inherits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    environment = server_environment(LocalSettings())

    assert "secret" not in environment.values()
    assert "SOME_TOKEN" not in environment
    assert environment["BIND_HOST"] == "127.0.0.1"


def test_handlers_go_through_a_fault_proxy_and_deploys_do_not() -> None:
    settings = LocalSettings(fault_proxy="http://127.0.0.1:9999")

    assert server_environment(settings)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9999"
    assert deploy_environment(settings, {})["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_the_defaults_are_those_of_the_readme() -> None:
    settings = read_settings({})

    assert (settings.endpoint_url, settings.sink_url) == ("http://127.0.0.1:4566", "http://127.0.0.1:4570")
    assert settings.workspace == PROJECT / "workspace"
    assert settings.stack_file == PROJECT / ".local" / "stack.json"
    assert not settings.auth


def test_settings_come_from_the_environment() -> None:
    settings = read_settings(
        {
            "SLUICE_PORT": "4700",
            "SLUICE_SINK_PORT": "4701",
            "SLUICE_WORKSPACE": "/elsewhere/workspace",
            "SLUICE_LOCAL_DIR": "other",
            "SLUICE_AUTH": "true",
        }
    )

    assert (settings.port, settings.sink_port, settings.auth) == (4700, 4701, True)
    assert settings.workspace == Path("/elsewhere/workspace")
    assert settings.folder == PROJECT / "other"


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_a_bad_port_is_one_clear_line(port: str) -> None:
    with pytest.raises(LocalStackError, match=r"SLUICE_PORT must be a port number"):
        read_settings({"SLUICE_PORT": port})
