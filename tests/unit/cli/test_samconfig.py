"""samconfig.toml and the arguments of `sam deploy`, read as SAM reads them."""

from pathlib import Path

import pytest

from cli.samconfig import InvalidSamConfig, read_environments, read_settings


def write(folder: Path, text: str, name: str = "samconfig.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    "overrides",
    [
        '"Architecture=x86_64 LogRetentionDays=90"',
        '"Architecture=\\"x86_64\\" LogRetentionDays=\\"90\\""',
        '"ParameterKey=Architecture,ParameterValue=x86_64 ParameterKey=LogRetentionDays,ParameterValue=90"',
        '["Architecture=x86_64", "LogRetentionDays=90"]',
        '["Architecture=arm64 LogRetentionDays=90", ["Architecture=x86_64"]]',
        '{Architecture = "x86_64", LogRetentionDays = 90}',
        '{LogRetentionDays = [90], "$include" = "file://overrides.yaml"}',
        '"file://overrides.yaml"',
        '["LogRetentionDays=90", "file://overrides.yaml"]',
    ],
)
def test_overrides_are_read_in_every_form_that_sam_takes(tmp_path: Path, overrides: str) -> None:
    write(tmp_path, "Architecture: x86_64\nLogRetentionDays: 90\n", "overrides.yaml")
    write(tmp_path, f"[default.deploy.parameters]\nparameter_overrides = {overrides}\n")
    assert read_settings(tmp_path).parameters == {"Architecture": "x86_64", "LogRetentionDays": "90"}


def test_the_deploy_section_wins_over_the_global_one(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        version = 0.1
        [default.global.parameters]
        stack_name = "sluice-dev"
        region = "us-east-1"
        profile = "work"
        [default.deploy.parameters]
        stack_name = "mine"
        region = "eu-west-1"
        [prod.deploy.parameters]
        stack_name = "sluice"
        [ci.build.parameters]
        cached = true
        """,
    )
    default, prod = read_environments(file)
    assert (default.stack, default.region, default.profile) == ("mine", "eu-west-1", "work")
    assert (prod.environment, prod.stack, prod.region) == ("prod", "sluice", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--parameter-overrides", "Architecture=x86_64", "LogRetentionDays=7", "--guided"],
        ["--parameter-overrides=Architecture=x86_64 LogRetentionDays=7"],
        ["--parameter-overrides", "A=b", "--parameter-overrides", "Architecture=x86_64 LogRetentionDays=7"],
        ["--guided", "--parameter-overrides", "Architecture=x86_64", "LogRetentionDays=7"],
    ],
)
def test_arguments_replace_the_overrides_of_the_file(tmp_path: Path, arguments: list[str]) -> None:
    write(tmp_path, '[default.deploy.parameters]\nparameter_overrides = "Architecture=arm64 MaxDepth=9"\n')
    assert read_settings(tmp_path, arguments).parameters == {
        "Architecture": "x86_64",
        "LogRetentionDays": "7",
    }


def test_an_environment_and_a_file_are_chosen_by_argument(tmp_path: Path) -> None:
    write(tmp_path, '[default.deploy.parameters]\nstack_name = "wrong"\n')
    write(tmp_path, '[prod.deploy.parameters]\nstack_name = "right"\n', "other.toml")
    settings = read_settings(
        tmp_path, ["--config-env=prod", "--config-file", "other.toml", "--region", "eu-north-1"]
    )
    assert (settings.environment, settings.stack, settings.region) == ("prod", "right", "eu-north-1")


def test_a_yaml_file_is_read_where_there_is_no_toml(tmp_path: Path) -> None:
    write(tmp_path, "default:\n  deploy:\n    parameters:\n      stack_name: mine\n", "samconfig.yaml")
    assert read_settings(tmp_path).stack == "mine"


def test_an_environment_that_the_file_lacks_has_no_settings(tmp_path: Path) -> None:
    write(tmp_path, '[default.deploy.parameters]\nstack_name = "mine"\n')
    assert read_settings(tmp_path, ["--config-env", "new"]).stack == ""


@pytest.mark.parametrize(
    "text",
    [
        "[default.deploy",
        'default = "deploy"',
        '[default]\ndeploy = "parameters"',
        '[default.deploy.parameters]\nparameter_overrides = "Architecture"',
        '[default.deploy.parameters]\nparameter_overrides = "A=\'b"',
        "[default.deploy.parameters]\nparameter_overrides = 5",
        '[default.deploy.parameters]\nparameter_overrides = "file://missing.toml"',
        '[default.deploy.parameters]\nparameter_overrides = "file://loop.yaml"',
    ],
)
def test_what_sam_would_refuse_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, "$include: file://loop.yaml\n", "loop.yaml")
    write(tmp_path, text)
    with pytest.raises(InvalidSamConfig):
        read_settings(tmp_path)


def test_a_config_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSamConfig, match=r"missing\.toml"):
        read_settings(tmp_path, ["--config-file", "missing.toml"])
