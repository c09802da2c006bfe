"""What `sam` reads beside the template: samconfig.toml and the layer's requirements."""

import shutil
import subprocess
import tomllib
from typing import Any

import pytest

from tests.template.expand import TEMPLATE

PROJECT = TEMPLATE.parent
UV = shutil.which("uv") or PROJECT / ".local/uv/bin/uv"
EXPORT = ["export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--quiet"]
ENVIRONMENTS = ["default", "prod"]


@pytest.fixture(scope="module")
def samconfig() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "samconfig.toml").read_text())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_can_deploy_a_template_with_loops(samconfig: dict[str, Any], environment: str) -> None:
    settings = samconfig[environment]
    assert settings["global"]["parameters"]["language_extensions"] is True
    deploy = settings["deploy"]["parameters"]
    assert set(deploy["capabilities"]) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
    assert deploy["resolve_s3"] is True
    assert deploy["fail_on_empty_changeset"] is False


def test_prod_is_another_stack_and_asks_before_it_changes(samconfig: dict[str, Any]) -> None:
    stacks = {samconfig[environment]["global"]["parameters"]["stack_name"] for environment in ENVIRONMENTS}
    assert len(stacks) == len(ENVIRONMENTS)
    assert samconfig["prod"]["deploy"]["parameters"]["confirm_changeset"] is True


def test_overridden_parameters_exist(samconfig: dict[str, Any], example: dict[str, Any]) -> None:
    overrides = [
        override
        for environment in ENVIRONMENTS
        for override in samconfig[environment]["deploy"]["parameters"].get("parameter_overrides", [])
    ]
    assert overrides
    assert {override.partition("=")[0] for override in overrides} <= set(example["Parameters"])


def test_the_longest_name_fits_beside_the_longest_stack_name(samconfig: dict[str, Any]) -> None:
    stack = max((samconfig[e]["global"]["parameters"]["stack_name"] for e in ENVIRONMENTS), key=len)
    assert len(f"{stack}-{'S' * 40}") <= 64, "a function's name"


def test_the_layer_installs_what_is_locked() -> None:
    exported = subprocess.run([UV, *EXPORT], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    file = PROJECT / "layers/common/requirements.txt"
    assert file.read_text() == exported, f"write it anew: uv {' '.join(EXPORT)} > {file.relative_to(PROJECT)}"
